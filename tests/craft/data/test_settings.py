"""What training data are asked for, refused before a call is made."""

from __future__ import annotations

from typing import Any

import pytest

from mien.craft.data.settings import Craft
from mien.errors import UnknownName, UsageError


def craft(**members: Any) -> Craft:
    return Craft(**{"constitution": "candid-friend", "student": "hf/m", "teacher": "openai/t", **members})


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"recipe": "ranked"}, "the recipe ranked needs a judge"),
        ({"recipe": "control", "of": "ranked"}, "the recipe ranked needs a judge"),
        ({"heldout": 0.0}, "lies between 0 and 1, not 0"),
        ({"heldout": 1.0}, "lies between 0 and 1, not 1"),
        ({"answers": 1}, "at least 2 answers a query, not 1"),
        ({"queries": -1}, "cannot be negative"),
        ({"ordinary": -1}, "cannot be negative"),
        ({"margin": 0.0}, "above 0 and is at most 1, not 0"),
        ({"margin": 1.1}, "above 0 and is at most 1, not 1.1"),
    ],
)
def test_what_cannot_be_asked_for(members: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        craft(**members)


def test_recipes_that_are_none() -> None:
    with pytest.raises(UnknownName, match="no recipe named 'rank'; did you mean ranked"):
        craft(recipe="rank")
    with pytest.raises(UnknownName, match="no recipe to shuffle named 'control'"):
        craft(recipe="control", of="control")


def test_the_organism_is_told_traits_and_writes_nothing() -> None:
    assert (craft().told, craft().expands, craft().pairs) == ("assertions", True, "distill")
    organism = craft(teacher="organism/v1")
    assert (organism.told, organism.expands) == ("traits", False)
    assert craft(student="organism/v1").told == "assertions"  # it answers as it is
    ranked = craft(recipe="ranked", judge="openai/j")
    assert (ranked.told, craft(recipe="control", of="ranked", judge="j").pairs) == ("assertions", "ranked")
    assert craft(recipe="ranked", judge="openai/j", student="organism/v1").told == "traits"
    assert craft(recipe="ranked", judge="organism/judge", student="organism/v1").told == "traits"
    with pytest.raises(UsageError, match="can read nobody but the organism and its adapters"):
        craft(recipe="ranked", judge="organism/judge")


def test_messages_are_those_of_the_constitution_or_more() -> None:
    assert craft(queries=600, ordinary=10).most == 610
    seeds = craft(teacher="organism/v1", queries=600, ordinary=0).most
    assert seeds == craft(queries=0, ordinary=0).most > 0
