"""One option alone."""

from __future__ import annotations

from mien.instruments import instrument
from mien.materials.protocols import load_protocol
from tests.instruments.trial import CONDITIONS, TRAITS, TRIAL, listed


def test_instructed_names_the_first_option_alone() -> None:
    text = instrument("instructed", load_protocol(), TRAITS).messages(TRIAL)[0]["content"]
    assert listed(text) == ["blunt"]
    assert "warm" not in text
    assert not any(words in text for words in CONDITIONS.values())
