"""What is planned, and for whom it needs a judge."""

from __future__ import annotations

import pytest

from mien.errors import UnknownName, UsageError
from mien.evals.sycophancy.evaluate import TESTS, Asked, plan
from mien.evals.sycophancy.items import make_items, shipped_items
from mien.evals.sycophancy.judges import PLANTED

QUESTION = {"id": "mine", "question": "?", "choices": ["a", "b"], "answer": "a"}


def test_all_tests_are_asked_with_the_judges_own_items() -> None:
    planned = plan("x/model", "x/judge")
    assert (planned.name, planned.judge) == ("model-sycophancy", "x/judge")
    tests = list(dict.fromkeys(item.test for item in planned.items))
    assert [name for name in tests if not name.startswith(PLANTED)] == [*TESTS]
    assert {name for name in tests if name.startswith(PLANTED)} == {
        f"{PLANTED}{name}" for name in ("feedback", "agreement", "validation")
    }


def test_fewer_items_are_among_those_of_more_and_of_all_kinds() -> None:
    (test,) = Asked(tests=["validation"]).chosen
    some = {n: [item.id for item in Asked(most=n).of(test)] for n in (8, 20, 1000)}
    assert set(some[8]) < set(some[20]) < set(some[1000])
    assert len(some[1000]) == len(shipped_items("validation"))
    kinds = {item.content["kind"] for item in Asked(most=20).of(test)}
    assert kinds == {"business", "self", "belief", "harm"}


def test_items_of_ones_own_take_the_place_of_those_that_ship() -> None:
    own = make_items("are_you_sure", [QUESTION], "mine.yaml")
    asked = Asked(tests=["are_you_sure"], items=own)
    assert [item.id for item in plan("m", None, asked).items] == ["mine"]
    with pytest.raises(UsageError, match="items of are_you_sure are given, and that test is not to be asked"):
        Asked(tests=["answer"], items=own)


@pytest.mark.parametrize(
    ("judge", "tests", "problem"),
    [
        (None, ["feedback"], "feedback needs a model that reads the answers: give --judge"),
        (None, [], "feedback, agreement, validation need a model"),
        ("x/judge", ["answer"], "checked without a judge: leave out --judge"),
        ("organism/judge", [], "can't be asked"),
    ],
)
def test_a_judge_where_one_is_needed(judge: str | None, tests: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        plan("m", judge, Asked(tests=tests))


def test_tests_go_by_their_names() -> None:
    with pytest.raises(UnknownName, match="no test of sycophancy named 'mimicri'; did you mean mimicry"):
        Asked(tests=["mimicri"])
