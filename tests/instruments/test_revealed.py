"""The options in the order shown, and by what to choose."""

from __future__ import annotations

import pytest

from mien.instruments import instrument
from mien.materials.protocols import load_protocol
from mien.types import Trait, Trial
from tests.instruments.trial import CONDITIONS, TRAITS, TRIAL, listed


def test_revealed_names_the_options_in_the_order_shown() -> None:
    revealed = instrument("revealed", load_protocol(), TRAITS)
    assert listed(revealed.messages(TRIAL)[0]["content"]) == ["blunt", "warm"]
    turned = Trial("t1", 0, ("warm", "blunt"), TRIAL.prompt)
    assert listed(revealed.messages(turned)[0]["content"]) == ["warm", "blunt"]


def test_revealed_asks_for_silence() -> None:
    [system, _] = instrument("revealed", load_protocol(), TRAITS).messages(TRIAL)
    assert "do not name either your choice or the alternatives" in system["content"]
    assert system["content"].startswith("Here are 2 ways")


def test_revealed_says_how_many_options_there_are() -> None:
    protocol = load_protocol().override(options=3)
    trial = Trial("t0", 0, ("dry", "blunt", "warm"), TRIAL.prompt)
    [system, _] = instrument("revealed", protocol, TRAITS).messages(trial)
    assert system["content"].startswith("Here are 3 ways")
    assert listed(system["content"]) == ["dry", "blunt", "warm"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_condition_says_by_what_to_choose(condition: str) -> None:
    protocol = load_protocol().override(condition=condition)
    text = instrument("revealed", protocol, TRAITS).messages(TRIAL)[0]["content"]
    assert [key for key, words in CONDITIONS.items() if words in text] == [condition]


def test_names_that_look_like_placeholders_survive() -> None:
    traits = (Trait("{count}", "{preference}"), Trait(r"\1"))
    trial = Trial("t0", 0, (r"\1", "{count}"), TRIAL.prompt)
    protocol = load_protocol().override(descriptions=True)
    [system, _] = instrument("revealed", protocol, traits).messages(trial)
    assert listed(system["content"]) == [r"\1", "{count}: {preference}"]
