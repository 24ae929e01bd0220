from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mien.errors import UsageError
from mien.files.space import space_for


def test_no_space_is_told_with_its_place() -> None:
    said = r"^figure\.svg: no space left; free some space and run the same command again$"
    with pytest.raises(UsageError, match=said), space_for(Path("figure.svg")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(UsageError, match=r"^out/ratings\.csv: no space left"), space_for(Path("out")):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "out/ratings.csv")


def test_other_failures_stay_as_they_are() -> None:
    with pytest.raises(PermissionError), space_for(Path("out")):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "out")
