"""Pairs of answers to one query, the one to be preferred to the other, by recipe."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from mien.craft.data.characters import plain
from mien.craft.data.queries import lot
from mien.craft.data.ranking import rank
from mien.measurement.stages import LeftOut
from mien.types import Call, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.data.characters import Character
    from mien.craft.data.queries import Query
    from mien.craft.data.ranking import Ranker
    from mien.instruments.judges import Ask
    from mien.models import Model
    from mien.types import Message, Sampling

Recipe = Literal["ranked", "distill", "paired"]


class Pair(NamedTuple):
    """Two answers to a query.

    Attributes:
        margin: how clearly the chosen one was ranked above the rejected one, 0 to 1; None where nothing was
            ranked.
    """

    query: Query
    chosen: str
    rejected: str
    margin: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who answers, and how.

    Attributes:
        student: the model that is to be trained.
        teacher: the model that is told to be the character.
        ranker: ranks the student's answers; None unless the recipe is ``ranked``.
        n_answers: answers of the student that are ranked, at least 2.
        margin: below it a ranked pair is left out.
    """

    student: Model
    teacher: Model
    character: Character
    sampling: Sampling
    ranker: Ranker | None = None
    n_answers: int = 4
    margin: float = 0.5

    async def pair(self, recipe: Recipe, query: Query, ask: Ask) -> Pair | LeftOut:
        """The pair that a recipe makes of a query."""
        if recipe == "ranked":
            return await self._ranked(query, ask)
        in_character = (self.teacher, self.character.in_character(query))
        other = {
            "distill": (self.student, plain(query)),
            "paired": (self.teacher, self.character.opposite(query)),
        }[recipe]
        calls = await asyncio.gather(
            *(ask(model, Request(messages, self.sampling)) for model, messages in (in_character, other))
        )
        if left := _failed(calls):
            return left
        if any(call.finish_reason == "length" for call in calls):
            return LeftOut("an answer was cut off")
        chosen, rejected = (call.text.strip() for call in calls)
        return Pair(query, chosen, rejected) if chosen != rejected else LeftOut("both answers are the same")

    async def _ranked(self, query: Query, ask: Ask) -> Pair | LeftOut:
        assert self.ranker is not None
        told: Counter[tuple[str, ...]] = Counter()
        requests: list[Request] = []
        for messages in self._hints(query):
            content = tuple(message["content"] for message in messages)
            requests.append(Request(messages, self.sampling, replicate=told[content]))
            told[content] += 1
        calls = await asyncio.gather(*(ask(self.student, request) for request in requests))
        if left := _failed(calls):
            return left
        whole = [call.text.strip() for call in calls if call.finish_reason != "length"]
        answers = list(dict.fromkeys(whole))
        if len(answers) < 2:
            return LeftOut("all answers are the same" if len(whole) > 1 else "an answer was cut off")
        wins = await self.ranker.compare(query, answers, ask)
        if isinstance(wins, Call):
            return LeftOut(f"the judge: {wins.failure}", failed=True)
        best, worst, margin = rank(wins)
        if best == worst or margin < self.margin:
            return LeftOut("the answers are too close in rank")
        return Pair(query, answers[best], answers[worst], round(margin, 4))

    def _hints(self, query: Query) -> list[tuple[Message, ...]]:
        """By turns nothing, the side of the character that matters, and the character as a whole."""
        hints = (
            plain(query),
            self.character.in_character(query),
            self.character.in_character(query, whole=True),
        )
        return [hints[n % len(hints)] for n in range(self.n_answers)]


def _failed(calls: Sequence[Call]) -> LeftOut | None:
    return next((LeftOut(call.failure, failed=True) for call in calls if not call.answered), None)


def shuffle(pairs: Sequence[Pair], *, seed: int) -> list[Pair]:
    """The control: half of the pairs turned around, by a seeded lot; of an odd number the larger half stays.

    Exactly half, so that nothing is left of the preference even in small data.
    """
    by_lot = sorted(pairs, key=lambda pair: lot(seed, "shuffle", pair.query.id))
    turned = {pair.query.id for pair in by_lot[: len(by_lot) // 2]}
    return [
        Pair(pair.query, pair.rejected, pair.chosen)
        if pair.query.id in turned
        else Pair(pair.query, pair.chosen, pair.rejected)
        for pair in pairs
    ]
