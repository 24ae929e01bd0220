"""What is planned: which traits, on which prompts, of whom, and how many calls that takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mien.errors import UnknownName, UsageError
from mien.evals.breadth.evaluate import Asked, plan
from mien.evals.breadth.planted import is_planted
from mien.evals.rehearsal import rehearse
from mien.types import Prompt, Trait

TRAITS = [Trait(name) for name in ("warm", "calm", "blunt", "of mine")]
PROMPTS = [Prompt("a", "How?"), Prompt("b", "Why?"), Prompt("c", "When?")]


def test_every_trait_is_asked_on_every_prompt_and_the_judge_is_tried_where_it_can_be() -> None:
    asked = Asked(traits=TRAITS, prompts=PROMPTS)
    planned = plan("x/model", "x/judge", asked)
    assert (planned.name, planned.kind) == ("model-breadth", "breadth")
    of_model = [item for item in planned.items if not is_planted(item)]
    assert [(item.test, item.id) for item in of_model] == [(t.name, p.id) for t in TRAITS for p in PROMPTS]
    assert all(
        len({other["name"] for other in item.content["beside"]} - {item.test}) == 2 for item in of_model
    )
    tried = {item.test for item in planned.items if is_planted(item)}
    assert tried == {"planted warm", "planted calm", "planted blunt", "planted answers"}
    # Six told replies each, and those without a word once; 8 pairs and 2 others in both orders, 2 ends and
    # what is without a word; 24 planted readings, and 10 of whether a reply deals with its prompt.
    found = rehearse(planned, Path("none.db"))
    assert found.answers.calls == 4 * 3 * 6 + 3
    assert found.readings.calls == 4 * 3 * (16 + 4 + 2) + 3 + 24 + 10


def test_some_traits_may_be_stretched_among_others_that_may_move() -> None:
    asked = Asked(traits=TRAITS, prompts=PROMPTS, only=["Calm"], beside=3)
    assert {item.test for item in asked.items} == {"calm"}
    assert {other["name"] for other in asked.items[0].content["beside"]} == {"warm", "blunt", "of mine"}


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"only": ["wram"]}, "no trait named 'wram'; did you mean warm"),
        ({"prompts": PROMPTS[:1]}, "1 prompts say nothing of others"),
        ({"pairs": {"wry": ()}}, "planted pairs are given of 'wry', which is no trait"),
        ({"beside": 4}, "3 at most can be looked at"),
        ({"traits": [*TRAITS, Trait("warm up")]}, "'warm up' would be taken for what is told"),
        ({"traits": [*TRAITS, Trait("mean range")]}, "'mean range' would be taken"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(changed: dict[str, Any], problem: str) -> None:
    members: dict[str, Any] = {"traits": TRAITS, "prompts": PROMPTS}
    with pytest.raises((UnknownName, UsageError), match=problem):
        Asked(**members | changed)


@pytest.mark.parametrize(
    ("model", "judge", "problem"),
    [
        ("base:x", "x/judge", "a base model, which cannot be told"),
        ("x", "organism/judge", "can't be asked about"),
    ],
)
def test_who_cannot_be_asked_is_refused(model: str, judge: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        plan(model, judge, Asked(traits=TRAITS, prompts=PROMPTS))
