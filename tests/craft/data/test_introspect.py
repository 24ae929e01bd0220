"""What cannot be introspected is refused before anything is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.craft.data.dataset import write_dataset
from mien.craft.data.introspect import Introspecting, introspect
from mien.errors import InputError, UsageError
from tests.craft.pairs import dataset, pair

if TYPE_CHECKING:
    from pathlib import Path


def test_numbers() -> None:
    with pytest.raises(UsageError, match="at least one reflection or interaction"):
        Introspecting(folder="out", reflections=0, interactions=0)
    with pytest.raises(UsageError, match="no negative number"):
        Introspecting(folder="out", reflections=-1)
    with pytest.raises(UsageError, match="at least 1 turn, not 0"):
        Introspecting(folder="out", turns=0)


def test_folders_and_models(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no training data; make some with: mien craft data"):
        introspect(Introspecting(folder=tmp_path))
    write_dataset(tmp_path, dataset([pair(0), pair(1)], teacher="organism/v1"))
    with pytest.raises(UsageError, match="at most 3 turns, not 5; give --turns 3"):
        introspect(Introspecting(folder=tmp_path))
    (tmp_path / "introspection.json").write_text('{"model": "organism/v1", "turns": 2}')
    with pytest.raises(InputError, match=r"introspection.json: tells of introspections with another .*turns"):
        introspect(Introspecting(folder=tmp_path, turns=3))
    (tmp_path / "constitution.yaml").unlink()
    with pytest.raises(InputError, match="no such file"):
        introspect(Introspecting(folder=tmp_path, turns=3))
