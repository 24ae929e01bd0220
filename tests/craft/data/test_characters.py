"""What a model is told: by the constitution's own words, and by the traits that it names."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from mien.craft.data.characters import ToldByAssertions, ToldByTraits
from mien.craft.data.queries import Query
from mien.craft.data.wording import load_wording
from mien.errors import UnknownName, UsageError
from mien.materials.constitutions import Constitution
from mien.materials.protocols import load_protocol
from mien.materials.traits import load_traits

NAMES = load_traits("classic-36").names


def constitution(*assertions: dict[str, Any], **members: Any) -> Constitution:
    document = {"name": "guide", "description": "Somebody who shows the way.", "assertions": assertions}
    return Constitution.model_validate(document | members)


def query(assertion: int | None, number: int = 0) -> Query:
    return Query(id=f"q{number}", text="Left or {right}?", assertion=assertion, source="seed", split="train")


GUIDE = constitution(
    {
        "text": "I answer first.",
        "raise": ["decisive", "Blunt"],
        "lower": ["verbose"],
        "in_character": ["Left."],
        "out_of_character": ["It depends on so much."],
    },
    {"text": "I stay out of it.", "lower": ["warm"]},
    {"text": "I like a laugh.", "raise": ["playful"]},
    {"text": "I keep my word."},
    never=["Make up a road."],
)


def test_told_by_assertions() -> None:
    told = ToldByAssertions(GUIDE, load_wording())
    system, user = told.in_character(query(0))
    assert (system["role"], user) == ("system", {"role": "user", "content": "Left or {right}?"})
    for part in (
        "Here is a character.\n\nSomebody who shows the way.\n\nIn its own words:\n- I answer first.\n- I",
        "it never does these:\n- Make up a road.\n\nThe side of it that matters most here:\n- I answer",
        "Replies that show this side:\n- Left.\n\nBe this character.",
    ):
        assert part in system["content"]
    whole = told.in_character(query(0), whole=True)[0]["content"]
    assert "The side" not in whole
    assert whole == told.in_character(query(None))[0]["content"]
    assert "Replies that" not in told.in_character(query(1))[0]["content"]
    opposite = told.opposite(query(0))[0]["content"]
    assert "Replies that show its contrary:\n- It depends on so much.\n\nBe the opposite" in opposite
    assert "Make up a road" not in opposite  # its opposite is not to make one up
    assert "{" not in whole + opposite


def told_traits(told: ToldByTraits, part: str, assertion: int | None, **options: bool) -> Counter[str]:
    """The traits that queries about an assertion are answered in."""
    found: Counter[str] = Counter()
    for number in range(400):
        system, user = getattr(told, part)(query(assertion, number), **options)
        assert user["content"] == "Left or {right}?"
        (line,) = (line for line in system["content"].splitlines() if line.startswith("- "))
        found[line.removeprefix("- ")] += 1
    return found


def test_told_by_traits() -> None:
    told = ToldByTraits(GUIDE, load_traits("classic-36"), load_protocol(), seed=0)
    every = set(NAMES)
    raised, lowered = {"decisive", "blunt", "playful"}, {"verbose", "warm"}
    assert told_traits(told, "in_character", 0).keys() == {"decisive", "blunt"}
    assert told_traits(told, "opposite", 0).keys() == {"verbose"}
    assert told_traits(told, "in_character", 1).keys() == every - lowered
    assert told_traits(told, "opposite", 1).keys() == {"warm"}
    assert told_traits(told, "in_character", 2).keys() == {"playful"}
    assert told_traits(told, "opposite", 2).keys() == every - raised
    for assertion in (3, None):  # an assertion without traits, an ordinary prompt: the whole character
        assert told_traits(told, "in_character", assertion).keys() == raised
        assert told_traits(told, "opposite", assertion).keys() == lowered
    assert told_traits(told, "in_character", 1, whole=True).keys() == raised
    counts = told_traits(told, "in_character", 0)
    assert min(counts.values()) > 150
    assert counts == told_traits(told, "in_character", 0)
    other = ToldByTraits(GUIDE, load_traits("classic-36"), load_protocol(), seed=1)
    assert counts != told_traits(other, "in_character", 0)
    assert told.ways(query(0)) == (("decisive", "blunt"), ("verbose",))
    assert told.lowered == ("verbose", "warm")


def test_constitutions_that_traits_cannot_tell() -> None:
    def told(*assertions: dict[str, Any]) -> ToldByTraits:
        known = load_traits("classic-36")
        return ToldByTraits(constitution(*assertions), known, load_protocol(), seed=0)

    with pytest.raises(UnknownName, match="the organism knows named 'warmth'; did you mean warm"):
        told({"text": "I am warm.", "raise": ["warmth"]})
    with pytest.raises(UsageError, match="raises and lowers no trait"):
        told({"text": "I keep my word."})
    with pytest.raises(UsageError, match="raises or lowers every trait"):
        told({"text": "I am against it all.", "lower": list(NAMES)})
