"""Space to write in: what is said where none is left."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def space_for(path: Path) -> Generator[None]:
    """Say where there was no space left, and what to do; other failures stay as they are.

    Args:
        path: the file or folder that is written, named where the failure names none.

    Raises:
        UsageError: there is no space left for it.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        where = error.filename or path
        raise UsageError(f"{where}: no space left; free some space and run the same command again") from error
