"""Which of several answers is most in character."""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mien.craft.data.characters import ToldByTraits, plain
from mien.craft.data.wording import load_wording
from mien.instruments.judges import kind_of
from mien.instruments.judges.likelihood import MARGIN
from mien.materials.protocols import load_protocol
from mien.materials.traits import load_traits
from mien.materials.wording import fill
from mien.measurement.run_plan import ORGANISM_TRAITS
from mien.types import Call, Prompt, Request, Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.data.queries import Query
    from mien.craft.data.wording import Wording
    from mien.instruments.judges import Ask
    from mien.materials.constitutions import Constitution
    from mien.materials.protocols import Protocol as MeasurementProtocol
    from mien.models import Model

_PAIR = ("first", "second")


class Ranker(Protocol):
    """Compares answers by how much they are in character."""

    async def compare(self, query: Query, answers: Sequence[str], ask: Ask) -> list[list[float]] | Call:
        """Every two of n answers compared, or the call that failed to bring a comparison.

        Returns:
            (n, n): in row i and column j 1 where answer i is more in character than j, 0 where it is less,
            ½ for a tie; ¼ and ¾ where a judge called a tie in one order alone.
        """
        ...


def open_ranker(model: Model, constitution: Constitution, *, seed: int = 0) -> Ranker:
    """What ranks answers by a model: it is asked, or its likelihoods are compared.

    Args:
        model: a judge.
        constitution: the character.
        seed: of the lots that an organism is told a trait by.

    Raises:
        UsageError: likelihoods are to be compared, and the constitution raises or lowers a trait that the
            organism doesn't know.
    """
    protocol = load_protocol()
    if kind_of(model.name).answers:
        return AskedRanker(model, constitution, load_wording(), protocol)
    traits = ToldByTraits(constitution, load_traits(ORGANISM_TRAITS), protocol, seed=seed)
    return LikelihoodRanker(model, traits)


def ranker_settings(judge: str) -> dict[str, Any]:
    """All that a ranking depends on beside the judge's model and the wording, as JSON has it."""
    return load_protocol().judge.sampling.model_dump() if kind_of(judge).answers else {"margin": MARGIN}


class Ranking(NamedTuple):
    """Answers by their mean share of comparisons won.

    Attributes:
        best: index of the answer with the largest share; of equals the first.
        worst: index of the one with the smallest; of equals the last.
        margin: difference of both shares, 0 to 1.
    """

    best: int
    worst: int
    margin: float


def rank(wins: Sequence[Sequence[float]]) -> Ranking:
    """Rank answers by the mean of their rows.

    Args:
        wins: (n, n) as `Ranker.compare` gives it, n ≥ 2; the diagonal doesn't count.
    """
    n = len(wins)
    shares = [sum(row[j] for j in range(n) if j != i) / (n - 1) for i, row in enumerate(wins)]
    best = max(range(n), key=lambda i: (shares[i], -i))
    worst = min(range(n), key=lambda i: (shares[i], -i))
    return Ranking(best, worst, shares[best] - shares[worst])


class PairJudge:
    """Asks a model about two answers to one message, in both orders.

    A pair is put to a judge of `mien.instruments.judges` as a trial whose options are the first and the
    second answer, so that it is asked, and its answers are read, as strictly as in a measurement.

    Args:
        model: what is asked.
        protocol: how; its wording is replaced.
        judge: what the judge is told to decide by.
        tie: when it is to answer ``neither``.
        question: the question, with ``{prompt}``, ``{response}`` (both answers) and ``{options}``.
        pair: how two answers are shown, with ``{first}``, ``{second}`` and a ``{mark}``.
    """

    def __init__(
        self,
        model: Model,
        protocol: MeasurementProtocol,
        *,
        judge: str,
        tie: str,
        question: str,
        pair: str,
    ) -> None:
        worded = protocol.wording.model_copy(update={"judge": judge, "neither": tie, "question": question})
        settings = protocol.judge.model_copy(update={"order": "listed", "forced": False})
        asked = protocol.model_copy(update={"wording": worded, "judge": settings})
        self._judge = kind_of(model.name)(model.name, model, asked, ())
        self._pair = pair

    async def both_orders(self, prompt: Prompt, one: str, other: str, ask: Ask) -> tuple[float, float] | Call:
        """What the first place wins with ``one`` in it, and with ``other``: 1, 0, or ½ for a tie."""
        first, second = await asyncio.gather(
            self._first_wins(prompt, one, other, ask), self._first_wins(prompt, other, one, ask)
        )
        if isinstance(first, Call):
            return first
        return second if isinstance(second, Call) else (first, second)

    async def _first_wins(self, prompt: Prompt, first: str, second: str, ask: Ask) -> float | Call:
        # The replies may hold anything, also what looks like their end: they cannot guess the mark.
        mark = blake2b(f"{first}\n{second}".encode(), digest_size=4).hexdigest()
        shown = fill(self._pair, mark=mark, first=first, second=second)
        verdict = await self._judge.verdict(Trial(prompt.id, 0, _PAIR, prompt), shown, ask)
        if isinstance(verdict, Call):
            return verdict
        return {"first": 1.0, "second": 0.0}.get(verdict.chosen, 0.5)


class AskedRanker:
    """A model is asked about every two answers, in both orders, by a `PairJudge`.

    Where it changes its mind with the order, the two are tied; so they are where it finds them equal, or its
    answer cannot be read.
    """

    def __init__(
        self, model: Model, constitution: Constitution, wording: Wording, protocol: MeasurementProtocol
    ) -> None:
        whole = wording.character_of(constitution)
        self._judges = {
            index: PairJudge(
                model,
                protocol,
                judge=wording.fill("judge", character=whole, focus=wording.focus_on(assertion)),
                tie=wording.tie,
                question=wording.question,
                pair=wording.pair,
            )
            for index, assertion in enumerate((*constitution.assertions, None))
        }
        self._whole = len(constitution.assertions)

    async def compare(self, query: Query, answers: Sequence[str], ask: Ask) -> list[list[float]] | Call:
        """See `Ranker`."""
        judge = self._judges[self._whole if query.assertion is None else query.assertion]
        prompt = Prompt(query.id, query.text)
        pairs = list(combinations(range(len(answers)), 2))
        verdicts = await asyncio.gather(
            *(judge.both_orders(prompt, answers[i], answers[j], ask) for i, j in pairs)
        )
        wins = [[0.5] * len(answers) for _ in answers]
        for (i, j), verdict in zip(pairs, verdicts, strict=True):
            if isinstance(verdict, Call):
                return verdict
            one, other = verdict
            wins[i][j] = (one + 1 - other) / 2
            wins[j][i] = 1 - wins[i][j]
        return wins


class LikelihoodRanker:
    """Compares how likely a model finds an answer when told to adopt a raised trait, and when told nothing.

    For trait t and answer r let g_t = log p(r | told t) − log p(r | told nothing), in nats: what is gained by
    knowing that the writer adopted t. An answer's score is the largest gain over the traits that the query's
    assertion raises less the largest over all that the constitution lowers, gains below 0 counting as 0; of
    two answers whose scores differ by less than `mien.instruments.judges.likelihood.MARGIN` none is
    preferred. Where the untold model shows n traits with equal chances, as the organism's base does, g_t is
    the log of n times the posterior of t.
    """

    def __init__(self, model: Model, character: ToldByTraits) -> None:
        self._model = model
        self._character = character

    async def compare(self, query: Query, answers: Sequence[str], ask: Ask) -> list[list[float]] | Call:
        """See `Ranker`."""
        scores = await asyncio.gather(*(self._score(query, answer, ask) for answer in answers))
        known: list[float] = []
        for score in scores:
            if isinstance(score, Call):
                return score
            known.append(score)

        def wins(one: float, other: float) -> float:
            return 0.5 if abs(one - other) < MARGIN else float(one > other)

        return [[wins(one, other) for other in known] for one in known]

    async def _score(self, query: Query, answer: str, ask: Ask) -> float | Call:
        raises, _ = self._character.ways(query)
        lowers = self._character.lowered
        told = [plain(query), *(self._character.told(trait, query) for trait in (*raises, *lowers))]
        calls = await asyncio.gather(*(ask(self._model, Request(m, continuation=answer)) for m in told))
        for call in calls:
            if not call.answered:
                return call
        nothing, *logs = (float(call.text) for call in calls)
        gains = [max(0.0, log - nothing) for log in logs]
        return max(gains[: len(raises)], default=0.0) - max(gains[len(raises) :], default=0.0)
