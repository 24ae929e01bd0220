"""How far a word describes the model, and how strictly its answer is read."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mien.errors import EndpointRefused, InputError
from mien.instruments import Inventory, OwnRating, instrument
from mien.materials.protocols import load_protocol
from mien.types import Trait
from tests.instruments.trial import TRIAL

PROTOCOL = load_protocol()
ONE = replace(TRIAL, options=("warm",))


def asking(*, descriptions: bool = False) -> Inventory:
    traits = (Trait("warm", "kind in {trait}"), Trait("blunt"))
    found = instrument("inventory", PROTOCOL.override(descriptions=descriptions, preamble="Hm."), traits)
    assert isinstance(found, Inventory)
    return found


async def _nobody(*_: object) -> object:
    raise AssertionError("nobody is to be asked")


def read(own: OwnRating, answer: str) -> str:
    return asyncio.run(own.verdict(ONE, answer, _nobody)).chosen  # type: ignore[arg-type]


def test_each_phrasing_asks_about_one_trait_on_one_scale() -> None:
    asked = asking()
    kinds = [one.reversed for one in asked.phrasings.values()]
    assert kinds.count(True) == kinds.count(False) >= 2
    texts: set[str] = set()
    for prompt in asked.prompts:
        trial = replace(ONE, prompt=prompt)
        system, user = asked.messages(trial)
        assert system["content"] == "Hm."
        assert "warm" in user["content"]
        assert "1 = " in user["content"] and "5 = " in user["content"]
        kept = asked.asked(trial)
        assert (kept.prompt.text, kept.prompt.id) == (user["content"], f"{prompt.id}: warm")
        assert asked.phrasing(kept.prompt) == asked.phrasing(prompt) == prompt.id
        texts.add(user["content"])
    assert len(texts) == len(kinds)
    first = asking(descriptions=True).messages(replace(ONE, prompt=asked.prompts[0]))[1]
    assert "warm (kind in {trait})" in first["content"]


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        *((answer, "4") for answer in ("4", " **4**.", "“4”", "(4)", "4/5", "4 out of 5.", "\n4\n")),
        *((answer, "unreadable") for answer in ("0", "6", "4 or 5", "4.5", "four", "45", "", "4 = well")),
        ("As an AI I have no traits, so 3", "unreadable"),
    ],
)
def test_an_answer_is_a_number_and_nothing_else_or_unreadable(answer: str, chosen: str) -> None:
    assert read(OwnRating(), answer) == chosen


def test_a_model_none_of_whose_first_answers_can_be_read_is_given_up() -> None:
    own = OwnRating()
    assert {read(own, "I cannot say.") for _ in range(19)} == {"unreadable"}
    with pytest.raises(EndpointRefused, match=r"is a number from 1 to 5 .* \(wording.inventory in the"):
        read(own, "I cannot say.")


@pytest.mark.parametrize(
    ("phrasings", "problem"),
    [
        (
            {"a": {"ask": "{trait}?"}, "b": {"ask": "Not {trait}?", "reversed": True}},
            "two straight phrasings",
        ),
        (
            {name: {"ask": "Hm?" if name == "c" else "{trait}?", "reversed": name > "b"} for name in "abcd"},
            "'c' does not say where the {trait} stands",
        ),
    ],
)
def test_phrasings_that_tell_too_little_are_refused(phrasings: dict[str, object], problem: str) -> None:
    wording = PROTOCOL.wording.model_dump() | {"inventory": phrasings}
    with pytest.raises(InputError, match=problem):
        PROTOCOL.override(wording=wording)
