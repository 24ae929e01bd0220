"""A judge's opinion of pairs that are there: which of the two answers is more in character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.calls import Limits, open_transport, recall_quirk, remember_quirk, run_to_end
from mien.models.engines import ORGANISM_JUDGE, Hardware
from mien.protocols import load_protocol
from mien.runs import store_path
from mien.store import Store
from mien.studies import ORGANISM_TRAITS
from mien.training.characters import ToldByTraits, load_wording
from mien.training.preferences import AskedPreference, LikelihoodPreference
from mien.training.recipes import LeftOut
from mien.training.stages import Stages
from mien.traits import load_traits
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mien.calls import Progress
    from mien.constitutions import Constitution
    from mien.judges import Ask
    from mien.models import Model
    from mien.training.preferences import Preference
    from mien.training.recipes import Pair


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
            preference = _preference(reader, constitution, seed)

            async def prefer(pair: Pair, ask: Ask) -> float | LeftOut:
                wins = await preference.compare(pair.query, (pair.chosen, pair.rejected), ask)
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


def _preference(reader: Model, constitution: Constitution, seed: int) -> Preference:
    protocol = load_protocol()
    if reader.name == ORGANISM_JUDGE:
        traits = ToldByTraits(constitution, load_traits(ORGANISM_TRAITS), protocol, seed=seed)
        return LikelihoodPreference(reader, traits)
    return AskedPreference(reader, constitution, load_wording(), protocol)
