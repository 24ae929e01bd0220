"""Whether a model begins its answers in the middle of its reasoning, as its replies show."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mien.models.http.replies import without_answer

if TYPE_CHECKING:
    from collections.abc import Generator

    from mien.models.http.replies import Reply

_NAME = "opens_reasoning"  # among what is learnt of a model


class Opening:
    """What is known of one model's beginnings.

    Some chat templates open the reasoning in the prompt. A reply then shows no more than where it ends; and
    one that was cut off before shows nothing, and looks like an answer. Other replies of the model tell the
    two apart: until one has come, such a reply is held back, unless all that are under way look like it.

    Args:
        learnt: what is remembered of the model; once one of its replies shows that its template opens the
            reasoning, it says so.
    """

    def __init__(self, learnt: dict[str, str]) -> None:
        self._learnt = learnt
        self._does_not = False  # as far as replies have shown
        self._asking = 0
        self._held = 0
        self._known = asyncio.Event()

    @contextmanager
    def asking(self) -> Generator[None]:
        """Around each call: while one is under way that is not held back, there is something to wait for."""
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
            self._give_up_waiting()

    @property
    def opens(self) -> bool | None:
        """Whether the template opens the reasoning; None where that is not known."""
        return True if _NAME in self._learnt else False if self._does_not else None

    async def heed(self, reply: Reply) -> Reply:
        """Learn from a reply, and return what it is known to be: an answer, or reasoning alone."""
        if reply.unopened:
            self._learn(opens=True)
        elif reply.failure or reply.reasoning:
            pass
        elif reply.finish_reason != "length":
            if self.opens is None:
                self._learn(opens=False)
        else:
            if self.opens is None:
                await self._wait()
            if self.opens:
                return without_answer(reply)
        return reply

    async def _wait(self) -> None:
        self._held += 1
        self._give_up_waiting()
        try:
            await self._known.wait()
        finally:
            self._held -= 1

    def _give_up_waiting(self) -> None:
        if self.opens is None and self._held and self._held >= self._asking:
            self._learn(opens=False)

    def _learn(self, *, opens: bool) -> None:
        if opens:
            self._learnt[_NAME] = "yes"
        else:
            self._does_not = True
        self._known.set()
