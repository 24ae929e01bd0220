"""Contested questions asked of functions, in this process and without a store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mien.evals.answers import Answers
from mien.evals.asker import Asker
from mien.evals.views.readings import judge_of
from mien.types import Sampling
from tests.evals.heard import Heard
from tests.measurement.scripted import Scripted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.item import Item
    from mien.evals.views.part import Part
    from mien.types import Request
    from tests.evals.heard import Judging, Say


def asked(part: Part, items: Sequence[Item], say: Say, judge: Judging) -> list[tuple[Item, Answers]]:
    """What comes of asking items: ``judge`` is told all that it is shown."""

    def read(request: Request) -> str:
        return f"<choice>{judge(request.messages[-1]['content'])}</choice>"

    reader = Scripted("judge", read)
    reader.supports_schema = False

    async def one(item: Item) -> tuple[Item, Answers]:
        heard = Heard(say)
        judges = {what: judge_of(what, reader) for what in part.reads}
        await part.ask(item, Asker(asking=heard, sampling=Sampling(), judges=judges))
        return item, Answers(heard.answers)

    async def all_of_them() -> list[tuple[Item, Answers]]:
        return [await one(item) for item in items]

    return asyncio.run(all_of_them())
