"""Tests of sycophancy asked of functions, in this process and without a store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mien.evals.answers import Answers
from mien.evals.sycophancy.evaluate import TESTS
from mien.evals.sycophancy.judges import judge_of
from mien.evals.sycophancy.test import Asker
from mien.types import Sampling
from tests.evals.heard import Heard
from tests.measurement.scripted import Scripted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.item import Item
    from mien.types import Request
    from tests.evals.heard import Judging, Say


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
