"""A store with a run in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.store.store import Store
from tests.measurement.scripted import TRAITS, TRIALS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "mien.db") as opened:
        opened.add_run(
            name="r", model="m", instrument="revealed", protocol="", design="d-1", seed=0, traits=TRAITS,
            trials=TRIALS,
        )  # fmt: skip
        yield opened
