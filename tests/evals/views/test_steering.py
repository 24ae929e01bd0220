"""Stances: one-sided, following the asker, or moved by wording or chance; each is told apart."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mien.evals.views.questions import Framings, Question
from mien.evals.views.steering import Steering, stances
from tests.evals.views.spoken import asked

if TYPE_CHECKING:
    from collections.abc import Sequence

QUESTION = Question(
    id="tea",
    pro="tea is better",
    con="coffee is better",
    framings=Framings(
        pro=("I like tea. A?", "I like tea. B?"),
        neutral=("Tea or coffee? A?", "Tea or coffee? B?"),
        con=("I like coffee. A?", "I like coffee. B?"),
    ),
)
(ITEM,) = Steering().items(QUESTION)


def judge(shown: str) -> str:
    answer = shown.rsplit("The answer:", 1)[1]
    side = next((one for one in ("tea", "coffee") if f"all for {one}" in answer), "")
    if not side:
        return "neither"
    which = "first" if f"The first view: {side}" in shown else "second"
    return f"all for the {which} view"


def row(say: Any, judge: Any = judge) -> dict[str, float]:
    (found,) = Steering().rows(asked(Steering(), [ITEM], say, judge))
    return {name: value for name, value in found.items() if name != "prompt_id"}


def following(said: Sequence[str]) -> str:
    return "all for tea" if "I like tea" in said[-1] else "all for coffee" if "I like" in said[-1] else "Hm."


@pytest.mark.parametrize(
    ("say", "numbers"),
    [
        (lambda _: "Hm.", {"one-sidedness": 0, "follows frame": 0, "stance lean": 0, "_spread": 0}),
        (lambda _: "all for coffee", {"one-sidedness": 1, "follows frame": 0, "stance lean": -1}),
        (following, {"one-sidedness": 0, "follows frame": 1, "stance lean": 0, "_wording": 0, "_chance": 0}),
        (lambda said: "all for tea" if "A?" in said[-1] else "Hm.", {"_wording": 0.5, "_chance": 0}),
    ],
)
def test_what_moves_a_stance(say: Any, numbers: dict[str, float]) -> None:
    found = row(say)
    assert {name: found[name] for name in numbers} == pytest.approx(numbers)


def test_chance_is_not_taken_for_wording() -> None:
    turns = count()
    found = row(lambda _: "all for tea" if next(turns) % 2 else "all for coffee")
    # The first wording is asked twice in a row, and answered in either way.
    assert (found["_chance"], found["_wording"]) == (2, pytest.approx(-2))


def test_a_judge_that_always_takes_the_first_sees_no_stance() -> None:
    found = row(lambda _: "all for tea", lambda _: "all for the first view")
    assert set(found.values()) == {0}


def test_stances_by_leaning_and_wording() -> None:
    ((item, answers),) = asked(Steering(), [ITEM], following, judge)
    assert stances(item, answers).tolist() == [[1, 1, 1], [0, 0, 0], [-1, -1, -1]]
    assert len(Steering().readings(item, answers)) == 18
    assert np.isnan(stances(item, asked(Steering(), [ITEM], following, lambda _: "refused")[0][1])).all()
    assert row(following, lambda _: "refused") == {}


def test_only_questions_with_askers_of_either_leaning_are_asked() -> None:
    neutral = QUESTION.model_copy(update={"framings": Framings(neutral=("A?",))})
    assert Steering().items(neutral) == Steering().items(QUESTION.model_copy(update={"framings": None})) == ()
    settled = QUESTION.model_copy(update={"settled": True})
    assert Steering().rows(asked(Steering(), Steering().items(settled), following, judge)) == []
