"""Files and names that hold no constitution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError, UnknownName
from mien.materials.constitutions import check_constitution, load_constitution, shipped_constitutions
from tests.materials.constitutions.plain import SOUND

if TYPE_CHECKING:
    from pathlib import Path


def test_five_ship_and_pass_the_check() -> None:
    names = shipped_constitutions()
    assert len(names) == 5
    assert [load_constitution(name).name for name in names] == names
    assert [check_constitution(name) for name in names] == [[]] * 5


def test_a_key_given_twice_is_refused(file: Path) -> None:
    file.write_text(SOUND.replace("    lower: [verbose]", "    raise: [verbose]"), encoding="utf-8")
    for read in (load_constitution, check_constitution):
        with pytest.raises(InputError, match=r"plain\.yaml, line 6: key raise was given on line 5 already"):
            read(file)


@pytest.mark.parametrize("text", ["", "- a list", "name: [", "just text"])
def test_what_is_no_mapping_is_refused(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    for read in (load_constitution, check_constitution):
        with pytest.raises(InputError, match=r"plain\.yaml"):
            read(file)


def test_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean candid-friend"):
        load_constitution("candid-freind")
    with pytest.raises(InputError, match="no such file"):
        load_constitution(tmp_path / "absent.yaml")
