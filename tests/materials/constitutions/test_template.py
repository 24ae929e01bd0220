"""What a new constitution begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.materials.constitutions import check_constitution, load_constitution, template

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["plain", "no: mapping", "#1", "naïve", "yes"])
def test_the_template_is_sound_whatever_its_name(file: Path, name: str) -> None:
    file.write_text(template(name), encoding="utf-8")
    assert load_constitution(file).name == name
    assert check_constitution(file) == []
