"""A model and a run for the tests of calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mien.types import Call, Message, Prompt, Request, Trait, Trial

if TYPE_CHECKING:
    from collections.abc import Callable

TRAITS = (Trait("warm"), Trait("blunt"))
TRIALS = [Trial(f"t{i}", 0, ("warm", "blunt"), Prompt(f"p{i}", f"Question {i}?")) for i in range(6)]


class Scripted:
    """A model in this process: it answers by a function of the request, or raises what that returns."""

    supports_schema: bool | None = True

    def __init__(self, name: str, answer: Callable[[Request], str | Exception]) -> None:
        self.name = name
        self.asked: list[Request] = []
        self._answer = answer

    def key(self, request: Request) -> str:
        return f"{self.name} {request.replicate} {request.messages}"

    async def complete(self, request: Request) -> Call:
        self.asked.append(request)
        await asyncio.sleep(0)
        answer = self._answer(request)
        if isinstance(answer, Exception):
            raise answer
        failure = "empty answer" if not answer else ""
        return Call(key=self.key(request), endpoint="e", model=self.name, text=answer, failure=failure)


def request(text: str) -> Request:
    return Request(messages=(Message(role="user", content=text),))
