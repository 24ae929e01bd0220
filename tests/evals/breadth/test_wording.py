"""What models are told: each level in words of its own, with the trait as its set describes it."""

from __future__ import annotations

from mien.evals.breadth.wording import described, instruction
from mien.stats.stretch import LEVELS

WARM = {"name": "warm", "description": "Sounds friendly."}


def test_every_level_is_told_apart_and_none_names_a_level() -> None:
    told = {level: instruction(WARM, level) for level in LEVELS if level}
    assert len(set(told.values())) == 6
    assert all("- warm: Sounds friendly." in text for text in told.values())
    assert all("while answering what they asked" in text for text in told.values())
    assert "the very contrary" in told[-3]


def test_a_trait_without_a_description_is_its_name_and_braces_stay() -> None:
    assert described({"name": "warm"}) == "- warm"
    assert "- {mark}" in instruction({"name": "{mark}"}, 1)
