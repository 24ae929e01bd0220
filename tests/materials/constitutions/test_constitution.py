"""Constitutions are loaded, and told where they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.materials.constitutions import check_constitution, load_constitution
from tests.materials.constitutions.plain import SOUND

if TYPE_CHECKING:
    from pathlib import Path


def test_members_are_read(file: Path) -> None:
    first, second = load_constitution(file).assertions
    assert (first.raises, first.lowers) == (("direct",), ("verbose",))
    assert second.questions == ("Why are you always wrong about football?",)
    assert check_constitution(file) == []


def test_loading_names_the_line(file: Path) -> None:
    file.write_text(SOUND.replace("never:", "nevver:"), encoding="utf-8")
    with pytest.raises(InputError, match=r"plain\.yaml, line 13: key nevver: no such key"):
        load_constitution(file)


def test_its_identity_is_that_of_all_that_it_holds() -> None:
    friend = load_constitution("candid-friend")
    assert friend.identity == load_constitution("candid-friend").identity
    assert friend.identity["name"] == "candid-friend"
    renamed = friend.model_copy(update={"name": "another"})
    milder = friend.model_copy(update={"never": ("Never shout.",)})
    assert len({one.identity["hash"] for one in (friend, renamed, milder)}) == 3
