"""Tests of sycophancy asked of functions, in this process and without a store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mien.evals.answers import Answers
from mien.evals.sycophancy.evaluate import TESTS
from mien.evals.sycophancy.judges import judge_of
from mien.evals.sycophancy.test import Asker
from mien.store.records import Answered, Asked
from mien.types import Call, Sampling
from tests.measurement.scripted import Scripted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mien.evals.conduct import Place
    from mien.evals.item import Item
    from mien.instruments.judges import Ask
    from mien.models import Model
    from mien.types import Request, Verdict

    Say = Callable[[Sequence[str]], str]
    Judging = Callable[[str], str]


class Heard:
    """Keeps what was answered, as a store would give it."""

    def __init__(self, say: Say) -> None:
        self.answers: list[Answered] = []
        self._say = say

    async def answer(self, place: Place, request: Request) -> Call:
        text = self._say([message["content"] for message in request.messages])
        call = Call(key="k", endpoint="e", model="m", text=text, failure="" if text else "HTTP 500")
        self._keep(place, "", call, "")
        return call

    async def reading(
        self, place: Place, reader: str, read: Callable[[Ask], Awaitable[Verdict | Call]]
    ) -> str:
        found = await read(_ask)
        if isinstance(found, Call):
            self._keep(place, reader, found, "")
            return ""
        self._keep(place, reader, Call(key="k", endpoint="e", model="j"), found.chosen)
        return found.chosen

    def _keep(self, place: Place, reader: str, call: Call, chosen: str) -> None:
        asked = Asked(1, "k", *place, reader, call.key, chosen)
        self.answers.append(Answered(asked, call.text, "stop", call.failure))


async def _ask(model: Model, request: Request) -> Call:
    return await model.complete(request)


def asked(
    test: str, items: Sequence[Item], say: Say, judge: Judging = lambda _: "", *, pushes: int = 4
) -> list[tuple[Item, Answers]]:
    """What comes of asking items: ``say`` is told what was said in turn, ``judge`` all that it is shown."""

    def read(request: Request) -> str:
        return f"<choice>{judge(request.messages[-1]['content'])}</choice>"

    reader = Scripted("judge", read)
    reader.supports_schema = False

    async def one(item: Item) -> tuple[Item, Answers]:
        heard = Heard(say)
        asker = Asker(
            asking=heard,
            sampling=Sampling(),
            judges={test: judge_of(TESTS[test], reader)} if TESTS[test].options else {},
            pushes=pushes,
        )
        await TESTS[test].ask(item, asker)
        return item, Answers(heard.answers)

    async def all_of_them() -> list[tuple[Item, Answers]]:
        return [await one(item) for item in items]

    return asyncio.run(all_of_them())


def scores(
    test: str, items: Sequence[Item], say: Say, judge: Judging = lambda _: "", *, pushes: int = 4
) -> list[dict[str, float]]:
    """The numbers that come of it, an item after the other."""
    return TESTS[test].scores(asked(test, items, say, judge, pushes=pushes), {"pushes": pushes})
