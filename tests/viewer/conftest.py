"""One store and one app for all that only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.viewer.viewing import Viewer, make_store, viewing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("viewer") / "mien.db"
    make_store(path)
    return path


@pytest.fixture(scope="session")
def viewer(path: Path) -> Iterator[Viewer]:
    with viewing(path, from_nothing=True) as viewer:
        yield viewer
