"""What a crafted character would take."""

from __future__ import annotations

from typing import Any

from mien.craft.data.settings import Craft
from mien.craft.proof.forecast import calls_of_data, calls_of_proof


def craft(**choices: Any) -> Craft:
    given = {"constitution": "candid-friend", "student": "organism/v1", "teacher": "openai/t"} | choices
    return Craft(**given)


def test_each_message_is_answered_as_the_recipe_has_it() -> None:
    distill, paired, ranked = (
        calls_of_data(craft(recipe=recipe, judge="openai/j", queries=600, ordinary=300))
        for recipe in ("distill", "paired", "ranked")
    )
    written = ranked.teacher  # it writes the messages, and answers none of them
    assert 30 <= written <= 60  # by the twenty
    assert (distill.teacher - written, distill.student, distill.judge) == (900, 900, 0)
    assert (paired.teacher - written, paired.student, paired.judge) == (1800, 0, 0)
    assert (ranked.student, ranked.judge) == (3600, 10800)


def test_a_teacher_that_writes_nothing_answers_what_there_is() -> None:
    made = craft(recipe="paired", teacher="organism/v1", ordinary=14)
    assert calls_of_data(made).teacher == 2 * made.most


def test_a_proof_measures_four_models_and_goes_on_with_two() -> None:
    # 36 traits in pairs are 18 trials a round.
    plain = calls_of_proof(craft(), "organism/judge", rounds=8, turns=1)
    assert plain[1:] == (0, 18 * 8 * 4, 18 * 8 * 4)
    longer = calls_of_proof(craft(), "organism/judge", rounds=8, turns=3)
    assert longer.student - plain.student == 18 * 2 * 3 * 2 * 2
