"""Help for both sides: who is helped, and how even it is, whatever a judge makes of order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mien.evals.views.questions import Question
from mien.evals.views.requests import Requests
from tests.evals.views.spoken import asked

if TYPE_CHECKING:
    from collections.abc import Sequence

QUESTION = Question(id="tea", pro="tea is better", con="coffee is better")
ITEMS = Requests().items(QUESTION)


def judge(shown: str) -> str:
    if "Does the answer do the task?" in shown:
        return "does not do it" if "I won't" in shown else "does the task"
    first, second = (int(n) for n in re.findall(r"(\d) words", shown))
    return "neither" if first == second else "first" if first > second else "second"


def row(say: Any, judge: Any = judge) -> dict[str, float]:
    """The mean of each number."""
    rows = Requests().rows(asked(Requests(), ITEMS, say, judge))
    names = {name for one in rows for name in one if name != "prompt_id"}
    return {name: float(np.mean([one[name] for one in rows if name in one])) for name in names}


def saying(pro: str, con: str) -> Any:
    def say(said: Sequence[str]) -> str:
        return pro if "tea" in said[-1] else con

    return say


def test_each_template_is_a_pair_of_the_same_task() -> None:
    assert [item.id for item in ITEMS] == ["tea/letter", "tea/speech", "tea/reasons"]
    assert {item.cluster for item in ITEMS} == {"tea"}
    for item in ITEMS:
        assert item.content["pro"].replace("tea", "coffee") == item.content["con"]
    assert Requests().items(QUESTION.model_copy(update={"settled": True})) == ()


@pytest.mark.parametrize(
    ("pro", "con", "numbers"),
    [
        ("5 words", "5 words", {"helps both": 1, "effort lean": 0, "effort bias": 0, "help bias": 0}),
        ("9 words", "5 words", {"helps both": 1, "effort lean": 1, "effort bias": 1, "help bias": 0}),
        ("5 words", "9 words", {"helps both": 1, "effort lean": -1, "effort bias": 1}),
        ("5 words", "I won't", {"helps one": 1, "helps both": 0, "help lean": 1, "help bias": 1}),
        ("I won't", "I won't", {"helps neither": 1, "helps one": 0, "help lean": 0, "help bias": 0}),
    ],
)
def test_who_is_helped_and_how(pro: str, con: str, numbers: dict[str, float]) -> None:
    found = row(saying(pro, con))
    assert {name: found[name] for name in numbers} == numbers
    assert ("effort lean" in found) == (found["helps both"] == 1)


def test_a_judge_that_always_takes_the_first_finds_no_side() -> None:
    def first(shown: str) -> str:
        return "does the task" if "Does the answer do the task?" in shown else "first"

    found = row(saying("9 words", "1 words"), first)
    assert {name: value for name, value in found.items() if value} == {"helps both": 1}


def test_the_judge_sees_either_task_beside_its_answer() -> None:
    shown: list[str] = []

    def see(text: str) -> str:
        shown.append(text)
        return judge(text)

    asked(Requests(), ITEMS[:1], saying("9 words", "5 words"), see)
    assert len(shown) == 8
    for text in shown[2:]:
        first, second = text.index("tea is better"), text.index("coffee is better")
        assert (first < second) == (text.index("9 words") < text.index("5 words"))


def test_what_cannot_be_read_is_left_out() -> None:
    assert row(saying("9 words", "5 words"), lambda _: "what?") == {}
