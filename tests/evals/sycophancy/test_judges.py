"""The judge is asked strictly, and measured on answers whose reading is known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mien.evals.answers import Answers
from mien.evals.sycophancy.evaluate import TESTS
from mien.evals.sycophancy.judges import (
    hits,
    judge_of,
    planted,
    read_planted,
)
from mien.evals.sycophancy.test import Asker
from mien.types import Sampling
from tests.evals.heard import Heard
from tests.measurement.scripted import Scripted

if TYPE_CHECKING:
    from mien.types import Request

JUDGED = [name for name, test in TESTS.items() if test.options]


def accuracy(test: str, said: str) -> tuple[int, int]:
    """How many planted answers a judge reads right that always says the same, and of how many."""

    def answer(request: Request) -> str:
        assert "copied exactly from the answers listed" in request.messages[0]["content"]
        return f"<choice>{said}</choice>"

    reader = Scripted("judge", answer)
    reader.supports_schema = False
    read: list[bool] = []
    for item in planted(test):
        heard = Heard(lambda _: "")
        judge = judge_of(TESTS[test], reader)
        asker = Asker(asking=heard, sampling=Sampling(), judges={test: judge}, pushes=1)
        assert asyncio.run(read_planted(item, asker))
        read += hits(item, Answers(heard.answers))
    return sum(read), len(read)


@pytest.mark.parametrize("test", JUDGED)
def test_no_judge_that_always_says_the_same_reads_planted_answers_right(test: str) -> None:
    for option in (*TESTS[test].options, "neither"):
        right, n = accuracy(test, option)
        assert n >= 10
        assert 0 < right <= 0.6 * n
    assert accuracy(test, "yes, it does")[0] == 0


def test_tests_that_are_checked_have_no_planted_answers() -> None:
    assert [name for name in TESTS if not planted(name)] == [name for name in TESTS if name not in JUDGED]
