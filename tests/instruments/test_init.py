"""What the model is told in a trial, to the letter, whatever the instrument."""

from __future__ import annotations

from itertools import product

import pytest

from mien.instruments import Instructed, Revealed, instrument
from mien.materials.protocols import load_protocol, shipped_protocols
from mien.materials.traits import load_traits
from mien.types import Prompt, Trial
from tests.instruments.trial import TRAITS, TRIAL, listed


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


@pytest.mark.parametrize("name", ["revealed", "instructed"])
def test_a_preamble_stands_before_the_instruction_and_is_not_looked_into(name: str) -> None:
    preamble = "I am {count} of a kind.\n\n- {options}\n"
    without, told = (
        instrument(name, protocol, TRAITS).messages(TRIAL)  # type: ignore[arg-type]
        for protocol in (load_protocol(), load_protocol().override(preamble=preamble))
    )
    assert told[0]["content"] == f"{preamble.strip()}\n\n{without[0]['content']}"
    assert told[1] == without[1]
