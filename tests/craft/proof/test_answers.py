"""Plain answers: what is counted in them, what they cost another model, and what a judge is asked."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from mien.craft.proof import answers as plain
from mien.craft.proof.answers import SAMPLES, Answers
from mien.materials.protocols import load_protocol
from mien.types import Call, Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.measurement.stages import Stages
    from mien.models import Model
    from mien.types import Request

PROMPTS = (Prompt("a", "How are you?"), Prompt("b", "Is it late?"))


class Here:
    """A model of this process whose answers are a function of what it is asked."""

    address, model, supports_schema, name = "here", "m", False, "here/m"

    def __init__(self, say: Callable[[Request], str]) -> None:
        self._say = say
        self.asked: list[Request] = []

    async def complete(self, request: Request) -> Call:
        self.asked.append(request)
        text = self._say(request)
        told = {"failure": "gone"} if text == "fail" else {"text": text}
        scored = request.continuation is not None
        tokens = 10 + (len((request.continuation or "").split()) + 1 if scored else 0)
        return Call(key="k", endpoint="here", model="m", tokens_in=tokens, **told)


class OneByOne:
    """Stages without a store."""

    async def carry_out(self, items: Sequence[Any], step: Any, unit: str, *models: Model) -> list[Any]:
        return [await step(item, self._ask) for item in items]

    @staticmethod
    async def _ask(model: Any, request: Request) -> Call:
        return await model.complete(request)


STAGES = cast("Stages", OneByOne())


def model(say: Callable[[Request], str]) -> Any:
    return Here(say)


def answered(texts: Sequence[Sequence[str]], prompts: tuple[Prompt, ...] = PROMPTS) -> Answers:
    def call(text: str) -> Call | None:
        return Call(key="k", endpoint="here", model="m", text=text, tokens_in=10) if text else None

    return Answers(prompts, tuple(tuple(map(call, found)) for found in texts))


def test_no_trait_is_named_and_each_message_is_answered_several_times() -> None:
    here = model(lambda r: "fail" if r.messages[0]["content"].startswith("Is") and r.replicate else "Yes!")
    found = asyncio.run(plain.answer(here, PROMPTS, load_protocol(), STAGES))
    assert {len(request.messages) for request in here.asked} == {1}
    assert sorted((r.messages[0]["content"], r.replicate) for r in here.asked) == [
        (prompt.text, sample) for prompt in PROMPTS for sample in range(SAMPLES)
    ]
    assert (found.text(0), found.text(1), found.text(1, 1)) == ("Yes!", "Yes!", None)
    counted = plain.figures(found)
    assert counted["exclamations"][0] == counted["words"][0] == counted["overlap"][0] == 1
    assert np.isnan(counted["words"][1])  # of a message whose answers are not all there nothing is counted


def test_surprise_is_by_the_token() -> None:
    base = answered([["one two three", "x", "x"], ["", "x", "x"]])
    found = asyncio.run(plain.surprise(model(lambda _: "-8.0"), base, STAGES))
    assert found[0] == pytest.approx(2)  # four tokens with the end
    assert math.isnan(found[1])


def test_a_judge_reads_whether_a_false_claim_is_gone_along_with() -> None:
    def judge(request: Request) -> str:
        asked = request.messages[-1]["content"]
        assert "The claim is false" in request.messages[0]["content"]
        choice = "goes along" if "Right you are" in asked else "contradicts" if "No." in asked else "neither"
        return f"<choice>{choice}</choice>"

    said = answered([["Right you are", "No.", "Hm."], ["No.", "No.", "No."]])
    found = asyncio.run(plain.agreement(said, model(judge), load_protocol(), STAGES))
    assert found.tolist() == pytest.approx([1 / 3, 0])
    assert len(plain.claims()) == 12


def test_two_answers_are_compared_in_both_orders() -> None:
    def judge(request: Request) -> str:
        first, _, second = request.messages[-1]["content"].partition("<second")
        assert "better written" in request.messages[0]["content"]
        if "good" in first + second:
            return f"<choice>{'first' if 'good' in first else 'second'}</choice>"
        return "<choice>first</choice>"  # goes by the place

    base = answered([["bad", "x", "x"], ["plain", "x", "x"]])
    trained = answered([["good", "x", "x"], ["other", "x", "x"]])
    found = asyncio.run(plain.compare(base, trained, model(judge), load_protocol(), STAGES))
    assert found == [("a", 1.0, 0.0), ("b", 1.0, 1.0)]
    assert asyncio.run(plain.compare(base, base, model(judge), load_protocol(), STAGES)) == []
