"""A temporary folder that does not outlive its process for long, however that ends."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

_YOUNG = 60.0  # seconds in which a folder may be made and not yet locked


class TemporaryFolder:
    """A folder that is this process's own, deleted by `close`, or else by the next process that makes one.

    The process holds a lock on it, which the system takes away when the process ends, killed or not: a folder
    that nobody holds has lost its owner. Where there are no such locks (Windows), only `close` deletes it.

    Args:
        prefix: how its name begins; that tells whose folders are looked through.
    """

    def __init__(self, prefix: str) -> None:
        for path in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
            _delete_left(path)
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._lock = _hold(self.path)

    def close(self) -> None:
        """Delete it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _hold(path: Path) -> int | None:
    """Lock a folder until what is returned is closed.

    Raises:
        OSError: another process holds it, or it may not be opened.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(held)
        raise
    return held


def _delete_left(path: Path) -> None:
    try:
        if time.time() - path.lstat().st_mtime < _YOUNG or (held := _hold(path)) is None:
            return
    except OSError:  # held, gone, or another person's
        return
    shutil.rmtree(path, ignore_errors=True)
    os.close(held)
