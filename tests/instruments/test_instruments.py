"""What the model is told in a trial, to the letter."""

from __future__ import annotations

import re
from itertools import product

import pytest

from mien.instruments import Instructed, Revealed, instrument
from mien.materials.protocols import load_protocol, shipped_protocols
from mien.materials.traits import load_traits
from mien.types import Prompt, Trait, Trial

TRAITS = (Trait("warm", "kind and close"), Trait("blunt", "says it straight"), Trait("dry"))
TRIAL = Trial("t0", 0, ("blunt", "warm"), Prompt("p", "  What is {options} in f'{x}'?\n"))

CONDITIONS = {"feel": "feels most like you", "like": "most like to adopt", "random": "at random"}


def listed(text: str) -> list[str]:
    return re.findall(r"^- (.*)$", text, re.MULTILINE)


def test_each_instrument_goes_by_its_name() -> None:
    protocol = load_protocol()
    assert isinstance(instrument("revealed", protocol, TRAITS), Revealed)
    assert isinstance(instrument("instructed", protocol, TRAITS), Instructed)


@pytest.mark.parametrize("name", ["revealed", "instructed"])
def test_the_user_says_the_prompt_and_nothing_else(name: str) -> None:
    system, user = instrument(name, load_protocol(), TRAITS).messages(TRIAL)  # type: ignore[arg-type]
    assert system["role"] == "system"
    assert user == {"role": "user", "content": TRIAL.prompt.text}
    assert TRIAL.prompt.text.strip() not in system["content"]


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


def test_instructed_names_the_first_option_alone() -> None:
    text = instrument("instructed", load_protocol(), TRAITS).messages(TRIAL)[0]["content"]
    assert listed(text) == ["blunt"]
    assert "warm" not in text
    assert not any(words in text for words in CONDITIONS.values())


@pytest.mark.parametrize("name", ["revealed", "instructed"])
def test_descriptions_are_sent_only_where_the_protocol_asks_for_them(name: str) -> None:
    trial = Trial("t0", 0, ("warm", "dry"), TRIAL.prompt)
    plain, described = (
        instrument(name, load_protocol().override(descriptions=wanted), TRAITS).messages(trial)[0]["content"]  # type: ignore[arg-type]
        for wanted in (False, True)
    )
    assert "kind and close" not in plain
    assert listed(plain)[0] == "warm"
    assert listed(described)[0] == "warm: kind and close"
    assert [line for line in listed(described) if line.startswith("dry")] == (
        ["dry"] if name == "revealed" else []
    )


@pytest.mark.parametrize(("protocol", "name"), [*product(shipped_protocols(), ["revealed", "instructed"])])
def test_no_placeholder_is_left(protocol: str, name: str) -> None:
    traits = load_traits("classic-144").traits
    trial = Trial("t0", 0, (traits[3].name, traits[90].name), Prompt("p", "Hello"))
    for wanted in (False, True):
        chosen = load_protocol(protocol).override(descriptions=wanted)
        [system, _] = instrument(name, chosen, traits).messages(trial)  # type: ignore[arg-type]
        assert "{" not in system["content"]
        assert "}" not in system["content"]


def test_names_that_look_like_placeholders_survive() -> None:
    traits = (Trait("{count}", "{preference}"), Trait(r"\1"))
    trial = Trial("t0", 0, (r"\1", "{count}"), TRIAL.prompt)
    protocol = load_protocol().override(descriptions=True)
    [system, _] = instrument("revealed", protocol, traits).messages(trial)
    assert listed(system["content"]) == [r"\1", "{count}: {preference}"]


@pytest.mark.parametrize("name", ["revealed", "instructed"])
def test_a_preamble_stands_before_the_instruction_and_is_not_looked_into(name: str) -> None:
    preamble = "I am {count} of a kind.\n\n- {options}\n"
    without, told = (
        instrument(name, protocol, TRAITS).messages(TRIAL)  # type: ignore[arg-type]
        for protocol in (load_protocol(), load_protocol().override(preamble=preamble))
    )
    assert told[0]["content"] == f"{preamble.strip()}\n\n{without[0]['content']}"
    assert told[1] == without[1]
