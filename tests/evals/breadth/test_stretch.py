"""One trait on one prompt: what is said to the model and the judge, and how the readings are laid."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from mien.evals.answers import Answers
from mien.evals.asker import Asker
from mien.evals.breadth import stretch
from mien.stats.comparisons import TIE_CODE
from mien.types import Prompt, Sampling, Trait
from tests.evals.sycophancy.spoken import Heard
from tests.measurement.scripted import Scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.types import Request

PROMPT = Prompt("p1", "How do I mend a bicycle?")
WARM, CALM = Trait("warm", "Friendly."), Trait("calm")
ITEM = stretch.item_of(WARM, PROMPT, [CALM])

#: How the furthest words of each level begin to differ.
MARKS = {3: "utmost", 2: "clearly like", 1: "little more"}
MARKS |= {-1: "little less", -2: "clearly unlike", -3: "contrary"}


def say(said: Sequence[str]) -> str:
    level = next((level for level, mark in MARKS.items() if mark in said[0]), 0)
    return f"At {level}."


def honest(shown: str) -> str:
    if "deals" in shown or "deal with" in shown:
        return "deals with it"
    if "- calm" in shown:
        return "neither"
    first, second = (int(n) for n in re.findall(r"At (-?\d)\.", shown))
    return "first" if first > second else "second"


def asked(judge: Callable[[str], str], say: Callable[[Sequence[str]], str] = say) -> tuple[bool, Answers]:
    def answer(request: Request) -> str:
        return f"<choice>{judge(request.messages[-1]['content'])}</choice>"

    reader = Scripted("judge", answer)
    reader.supports_schema = False
    heard = Heard(say)
    asker = Asker(asking=heard, sampling=Sampling(), judges=stretch.judges(reader))
    brought = asyncio.run(stretch.ask(ITEM, asker))
    if brought:
        read = sum(bool(one.place.reader) for one in heard.answers)
        assert (len(heard.answers) - read, read) == (7, 16 + 3 + 2)
    return brought, Answers(heard.answers)


def test_an_honest_judge_puts_every_level_above_the_one_below() -> None:
    brought, answers = asked(honest)
    assert brought
    found = list(stretch.comparisons(ITEM, answers))
    assert len(found) == 16
    assert {frozenset(one.levels) for one in found} == {frozenset(pair) for pair in stretch.COMPARED}
    assert all(one.levels[one.chosen] > one.levels[1 - one.chosen] for one in found)
    assert stretch.row(ITEM, answers) == {
        "answers": 1.0,
        "warm answers up": 1.0,
        "warm answers down": 1.0,
        "warm moves calm": 0.0,
    }
    assert len(stretch.readings(ITEM, answers)) == 21


def test_a_judge_that_takes_the_first_moves_nothing_and_ties_are_ties() -> None:
    _, answers = asked(lambda shown: "does not" if "deal with" in shown else "first")
    assert {one.chosen for one in stretch.comparisons(ITEM, answers)} == {0}
    assert stretch.row(ITEM, answers)["warm moves calm"] == 0
    assert stretch.row(ITEM, answers)["answers"] == 0
    _, answers = asked(lambda _: "neither")
    assert {one.chosen for one in stretch.comparisons(ITEM, answers)} == {TIE_CODE}
    assert stretch.row(ITEM, answers)["warm answers up"] == 0.5


@pytest.mark.parametrize("said", ["refused", "what?"])
def test_what_declines_or_cannot_be_read_tells_nothing(said: str) -> None:
    _, answers = asked(lambda shown: said if "Which reply" in shown else "refused")
    assert not list(stretch.comparisons(ITEM, answers))
    assert stretch.row(ITEM, answers) == {}


def test_where_a_level_has_no_reply_the_others_are_compared() -> None:
    brought, answers = asked(honest, lambda said: "" if MARKS[3] in said[0] else say(said))
    assert not brought
    levels = {level for one in stretch.comparisons(ITEM, answers) for level in one.levels}
    assert levels == {-3, -2, -1, 0, 1, 2}
    assert "warm moves calm" not in stretch.row(ITEM, answers)
