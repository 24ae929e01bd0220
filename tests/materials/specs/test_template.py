"""What a new spec begins with is sound, whatever it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.instruments.manner.countable import countable
from mien.materials.specs import check_spec, read_spec, template

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["tutor", "no", "2", "a: b"])
def test_it_passes_the_check(tmp_path: Path, name: str) -> None:
    path = tmp_path / "new.yaml"
    path.write_text(template(name), encoding="utf-8")
    assert check_spec(path, countable()) == []
    assert read_spec(path).name == name
