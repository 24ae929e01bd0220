"""A judge's opinion of pairs that are there: which of the two answers is more in character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.craft.data.characters import ToldByTraits
from mien.craft.data.ranking import AskedRanker, LikelihoodRanker
from mien.craft.data.recipes import LeftOut
from mien.craft.data.steps import Stages
from mien.craft.data.wording import load_wording
from mien.materials.protocols import load_protocol
from mien.materials.traits import load_traits
from mien.measurement.session import Limits, open_transport, recall_quirk, remember_quirk, run_to_end
from mien.measurement.study import ORGANISM_TRAITS
from mien.models.inprocess.loading import ORGANISM_JUDGE, Hardware
from mien.runs.run import store_path
from mien.store.store import Store
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mien.craft.data.ranking import Ranker
    from mien.craft.data.recipes import Pair
    from mien.instruments.judges import Ask
    from mien.materials.constitutions import Constitution
    from mien.measurement.session import Progress
    from mien.models import Model


def judge_pairs(
    pairs: Sequence[Pair],
    constitution: Constitution,
    judge: str,
    *,
    seed: int = 0,
    store: str | Path | None = None,
    limits: Limits = Limits(),
    hardware: Hardware = Hardware(),
    on_progress: Callable[[Progress], None] | None = None,
) -> list[tuple[Pair, float]]:
    """Ask a judge about every pair, in both orders; it isn't told which answer is the chosen one.

    It is asked as for the recipe ``ranked``; ``organism/judge`` compares likelihoods. Calls that the store
    holds are not made again.

    Returns:
        The pairs that it judged, each with 1 where it finds the chosen answer more in character, 0 the
        rejected one, ½ neither; ¼ and ¾ where it called a tie in one order alone.

    Raises:
        UsageError: there is no such judge; or the constitution raises or lowers a trait that the organism's
            judge doesn't know.
        BudgetReached: a limit was reached; what was answered is kept.
        Unfinished: too many calls failed; what was answered is kept.
    """
    found: list[float | LeftOut] = []

    async def main() -> None:
        async with open_transport(limits, hardware) as transport:
            reader = transport.open(judge)
            ranker = _ranker(reader, constitution, seed)

            async def prefer(pair: Pair, ask: Ask) -> float | LeftOut:
                wins = await ranker.compare(pair.query, (pair.chosen, pair.rejected), ask)
                return LeftOut(wins.failure, failed=True) if isinstance(wins, Call) else wins[0][1]

            with Store(store_path(store)) as opened:
                recall_quirk(opened, reader)
                try:
                    stages = Stages(transport, opened, limits, on_progress)
                    found.extend(await stages.carry_out(pairs, prefer, "pair", reader))
                finally:
                    remember_quirk(opened, reader)

    run_to_end(main)
    return [(pair, one) for pair, one in zip(pairs, found, strict=True) if not isinstance(one, LeftOut)]


def _ranker(reader: Model, constitution: Constitution, seed: int) -> Ranker:
    protocol = load_protocol()
    if reader.name == ORGANISM_JUDGE:
        traits = ToldByTraits(constitution, load_traits(ORGANISM_TRAITS), protocol, seed=seed)
        return LikelihoodRanker(reader, traits)
    return AskedRanker(reader, constitution, load_wording(), protocol)
