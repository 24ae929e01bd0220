"""Samples of prompts are drawn, with what the model tells of how probable they were."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UsageError
from mien.evals.conduct import EvaluationPlan, Place, conduct
from mien.evals.diversity.reading import drawn
from mien.evals.item import Item
from mien.models.prefixes import BASE
from mien.types import Call, Request, Sampling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.conduct import Asking, Open, Script
    from mien.measurement.calls import Progress
    from mien.measurement.session import Session
    from mien.types import Prompt

KIND: Final = "diversity"

#: How many of the likeliest tokens endpoints are asked for, in the order in which that is tried; None asks
#: for no log-probability at all.
TOLD: Final = (20, 5, 0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How samples are drawn: the figures are of this way of drawing, and of no other.

    Attributes:
        samples: of each prompt.
        temperature: 1 draws from the model's own distribution.
        top_p: 1 cuts nothing off.
        max_tokens: after which an answer is cut off.
        reasoning_effort: how much a reasoning model is to think; None leaves it to the endpoint.
        extra: further members of the request body.
        system: the system prompt; empty for none.

    A base model, ``base:SPEC``, goes on with each prompt as it stands, without a chat template.

    Raises:
        UsageError: fewer than two samples, which say nothing about how samples differ.
    """

    samples: int = 32
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 256
    reasoning_effort: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    system: str = ""

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise UsageError("one sample says nothing about how samples differ; draw at least 2")

    @property
    def settings(self) -> dict[str, object]:
        """By name, as a store keeps them."""
        given = {
            "samples": self.samples,
            "temperature": float(self.temperature),
            "top_p": float(self.top_p),
            "max_tokens": self.max_tokens,
            "reasoning_effort": self.reasoning_effort,
            "extra": dict(self.extra) or None,
            "system": self.system or None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def sampling(self) -> Sampling:
        """As models take it."""
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            reasoning_effort=self.reasoning_effort,
            extra=self.extra,
        )


def plan(model: str, prompts: Sequence[Prompt], drawing: Drawing, *, name: str) -> EvaluationPlan:
    """What is to be drawn.

    Args:
        model: the model's spec.
        prompts: each an item.
        drawing: how.
        name: of the evaluation.

    Raises:
        UsageError: fewer than two prompts, which say nothing about how prompts differ.
    """
    if len(prompts) < 2:
        raise UsageError(f"{len(prompts)} prompts say nothing about how prompts differ; give at least 2")
    return EvaluationPlan(
        name=name,
        kind=KIND,
        model=model,
        judge="",
        settings=drawing.settings,
        items=tuple(
            Item(test=KIND, id=prompt.id, content={"text": prompt.text}, cluster=prompt.id)
            for prompt in prompts
        ),
        growing=("samples",),
    )


def script(planned: EvaluationPlan, opened: Open) -> Script:
    """What draws the samples of each prompt."""
    del opened  # nobody reads them
    settings: dict[str, Any] = dict(planned.settings)
    return _Samples(Drawing(**settings), plain=planned.model.startswith(BASE))


async def draw(planned: EvaluationPlan, session: Session) -> Progress:
    """Draw what is planned, in a session that is open. What the store has is not drawn again.

    Raises:
        RunConflict: the store has another evaluation of this name.
    """
    return await conduct(planned, session, script(planned, session.open))


class _Samples:
    """Draws the samples of an item; asks for log-probabilities as far as the model takes that."""

    def __init__(self, drawing: Drawing, *, plain: bool) -> None:
        self._drawing, self._plain = drawing, plain
        self._told: int | None = None
        self._first = asyncio.Lock()
        self._tried = False

    async def __call__(self, item: Item, asking: Asking) -> bool:
        async with self._first:
            if not self._tried:
                await self._try(item, asking)
        calls = await asyncio.gather(
            *(self._one(item, asking, sample) for sample in range(self._drawing.samples)),
            return_exceptions=True,  # those on their way are awaited: they may have been paid for
        )
        for call in calls:
            if isinstance(call, BaseException):
                raise call
        return all(isinstance(call, Call) and drawn(call) for call in calls)

    async def _try(self, item: Item, asking: Asking) -> None:
        """Find out how much the model tells, by the first sample of all."""
        for told in TOLD:
            self._told = told
            call = await self._one(item, asking, 0)
            if drawn(call) or "logprob" not in call.failure.lower():
                break
        self._tried = True

    async def _one(self, item: Item, asking: Asking, sample: int) -> Call:
        said: str = item.content["text"]
        request = Request(
            messages=() if self._plain else ({"role": "user", "content": said},),
            text=said if self._plain else "",
            sampling=self._drawing.sampling(),
            replicate=sample,
            traced=self._told,
        )
        return await asking.answer(Place(sample=sample), request)
