"""Asks a model and its judges about one item, by places: what tests of several questions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.types import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.evals.conduct import Asking, Place
    from mien.instruments.judges import Judge
    from mien.types import Call, Message, Sampling, Trial


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Asks about one item.

    Attributes:
        asking: keeps where the answers lie.
        sampling: of the model under test.
        judges: who reads the answers, by what is read in them.
    """

    asking: Asking
    sampling: Sampling
    judges: Mapping[str, Judge]

    async def say(self, place: Place, *said: str) -> Call:
        """Ask the model: what the user says, with what it answered in between."""
        messages: list[Message] = [
            {"role": "assistant" if turn % 2 else "user", "content": text} for turn, text in enumerate(said)
        ]
        request = Request(tuple(messages), self.sampling, replicate=place.sample)
        return await self.asking.answer(place, request)

    async def read(self, what: str, place: Place, trial: Trial, response: str) -> bool:
        """Have the judge read something in an answer; whether it could be asked."""
        return bool(await self.chosen(what, place, trial, response))

    async def chosen(self, what: str, place: Place, trial: Trial, response: str) -> str:
        """The same: what the judge chose; empty where it could not be asked."""
        judge = self.judges[what]
        return await self.asking.reading(place, judge.name, lambda ask: judge.verdict(trial, response, ask))
