"""Pairs by recipe: who answers what, what is left out, and the control that shuffles them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from mien.craft.data.characters import ToldByAssertions
from mien.craft.data.recipes import Cast, Pair, Recipe, shuffle
from mien.craft.data.wording import load_wording
from mien.measurement.stages import LeftOut
from mien.types import Call, Request, Sampling
from tests.craft.data.test_characters import GUIDE, query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUERY = query(0)


def call(text: str, finish_reason: str = "stop") -> Call:
    return Call(key=text, endpoint="", model="", text=text, finish_reason=finish_reason)


FAILED = Call(key="", endpoint="", model="", failure="HTTP 500: no")


class Longest:
    """Prefers the longest answer."""

    async def compare(self, query: Any, answers: Sequence[str], ask: Any) -> list[list[float]] | Call:
        if "judge fails" in answers:
            return FAILED
        return [[(1 + (len(a) > len(b)) - (len(a) < len(b))) / 2 for b in answers] for a in answers]


def pair(recipe: Recipe, answer: Callable[[str, str, int], Call], **members: Any) -> Pair | LeftOut:
    """A pair where a function of model, instruction and replicate answers."""

    async def ask(model: Any, request: Request) -> Call:
        assert request.sampling == Sampling(temperature=0.7)
        assert request.messages[-1] == {"role": "user", "content": QUERY.text}
        told = request.messages[0]["content"] if len(request.messages) > 1 else ""
        kind = "opposite" if "Be the opposite" in told else "in character" if told else "plain"
        focused = " focused" if "The side" in told else ""
        return answer(model, kind + focused, request.replicate)

    cast = Cast(
        student="student",  # type: ignore[arg-type]
        teacher="teacher",  # type: ignore[arg-type]
        character=ToldByAssertions(GUIDE, load_wording()),
        sampling=Sampling(temperature=0.7),
        ranker=Longest(),
        **members,
    )
    return asyncio.run(cast.pair(recipe, QUERY, ask))


def test_who_answers_what() -> None:
    def answer(model: str, told: str, replicate: int) -> Call:
        return call(f" {model} {told} {replicate}\n")

    chosen = "teacher in character focused 0"
    assert pair("distill", answer) == Pair(QUERY, chosen, "student plain 0")
    assert pair("paired", answer) == Pair(QUERY, chosen, "teacher opposite focused 0")
    ranked = Pair(QUERY, "student in character focused 0", "student plain 0", 1.0)
    assert pair("ranked", answer, n_answers=3) == ranked


def test_ranked_answers_are_hinted_by_turns() -> None:
    asked: list[tuple[str, int]] = []

    def answer(model: str, told: str, replicate: int) -> Call:
        assert model == "student"
        asked.append((told, replicate))
        return call("x" * len(asked))

    found = pair("ranked", answer, n_answers=5)
    assert asked == [
        ("plain", 0),
        ("in character focused", 0),
        ("in character", 0),
        ("plain", 1),
        ("in character focused", 1),
    ]
    assert found == Pair(QUERY, "xxxxx", "x", 1.0)


@pytest.mark.parametrize(
    ("recipe", "answers", "expected"),
    [
        ("distill", [call("a"), call("a ")], LeftOut("both answers are the same")),
        ("distill", [call("a"), call("b", "length")], LeftOut("an answer was cut off")),
        ("paired", [call("a"), FAILED], LeftOut("HTTP 500: no", failed=True)),
        ("ranked", [call("a"), FAILED, call("b"), call("cc")], LeftOut("HTTP 500: no", failed=True)),
        ("ranked", [call("a")] * 4, LeftOut("all answers are the same")),
        ("ranked", [call("a"), *[call("b", "length")] * 3], LeftOut("an answer was cut off")),
        (
            "ranked",
            [call("a"), call("b"), call("c"), call("d")],
            LeftOut("the answers are too close in rank"),
        ),
        (
            "ranked",
            [call("a"), call("judge fails"), call("c"), call("d")],
            LeftOut("the judge: HTTP 500: no", failed=True),
        ),
        (
            "ranked",
            [call("a"), call("bb"), call("cut off", "length"), call("a")],
            Pair(QUERY, "bb", "a", 1.0),
        ),
    ],
)
def test_what_no_pair_comes_of(recipe: Recipe, answers: list[Call], expected: Pair | LeftOut) -> None:
    left = iter(answers)
    assert pair(recipe, lambda *_: next(left)) == expected


def test_a_margin_that_is_asked_for() -> None:
    answers = [call("a"), call("b"), call("c"), call("dd")]
    for margin, kept in ((0.66, True), (0.67, False)):
        left = iter(answers)
        found = pair("ranked", lambda *_, left=left: next(left), margin=margin)
        assert isinstance(found, Pair) == kept


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
def test_the_control_turns_half_of_the_pairs(n: int) -> None:
    pairs = [Pair(query(0, number), f"chosen {number}", f"rejected {number}", 0.7) for number in range(n)]
    shuffled = shuffle(pairs, seed=3)
    assert [one.query for one in shuffled] == [one.query for one in pairs]
    assert sum(one.chosen.startswith("rejected") for one in shuffled) == n // 2
    for before, after in zip(pairs, shuffled, strict=True):
        assert {before.chosen, before.rejected} == {after.chosen, after.rejected}
        assert after.margin is None
    assert shuffle(pairs, seed=3) == shuffled
    assert n < 100 or shuffle(pairs, seed=4) != shuffled
