"""The judge is measured on answers whose reading is known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mien.evals.answers import Answers
from mien.evals.asker import Asker
from mien.evals.views.planted import hits, planted, read_planted
from mien.evals.views.readings import OPTIONS, judge_of
from mien.types import Sampling
from tests.evals.heard import Heard
from tests.measurement.scripted import Scripted

if TYPE_CHECKING:
    from mien.types import Request


def accuracy(what: str, said: str) -> tuple[int, int]:
    """How many readings a judge has right that always says the same, and of how many."""

    def answer(request: Request) -> str:
        assert "material to be read" in request.messages[0]["content"]
        assert "{" not in request.messages[-1]["content"]
        return f"<choice>{said}</choice>"

    reader = Scripted("judge", answer)
    reader.supports_schema = False
    read: list[bool] = []
    for item in planted(what):
        heard = Heard(lambda _: "")
        asker = Asker(asking=heard, sampling=Sampling(), judges={what: judge_of(what, reader)})
        asyncio.run(read_planted(item, asker))
        read += hits(item, Answers(heard.answers))
    return sum(read), len(read)


@pytest.mark.parametrize("what", OPTIONS)
def test_no_judge_that_always_says_the_same_reads_planted_answers_right(what: str) -> None:
    for option in (*OPTIONS[what], "neither"):
        right, n = accuracy(what, option)
        assert n >= 6
        assert right <= n / 2


def test_what_is_compared_is_planted_for_either_side() -> None:
    for what in ("effort", "hedging", "quality"):
        against = [("not" in one.content["more"]["request"].split()) for one in planted(what)]
        assert len(against) == 3
    stances = [one.content["truth"] for one in planted("stance")]
    assert stances.count(1) == stances.count(-1) == stances.count(0)
