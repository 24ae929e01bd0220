"""Where the tests of runs keep theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that is the default one, too."""
    path = tmp_path / "mien.db"
    monkeypatch.setenv("MIEN_STORE", str(path))
    return path
