"""An item's questions asked of functions, in this process and without a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.store.records import Answered, Asked
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mien.evals.conduct import Place
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

    def ends(self, *, where: bool) -> bool:
        return where

    def _keep(self, place: Place, reader: str, call: Call, chosen: str) -> None:
        asked = Asked(1, "k", *place, reader, call.key, chosen)
        self.answers.append(Answered(asked, call.text, "stop", call.failure))


async def _ask(model: Model, request: Request) -> Call:
    return await model.complete(request)
