"""A judge's opinion of pairs that are there: which of the two answers is more in character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.craft.data.ranking import open_ranker
from mien.measurement.stages import LeftOut, Stages
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.data.recipes import Pair
    from mien.instruments.judges import Ask
    from mien.materials.constitutions import Constitution
    from mien.measurement.session import Session


def judge_pairs(
    pairs: Sequence[Pair],
    constitution: Constitution,
    judge: str,
    session: Session,
    *,
    seed: int = 0,
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

    async def main() -> list[float | LeftOut]:
        reader = session.open(judge)
        ranker = open_ranker(reader, constitution, seed=seed)

        async def prefer(pair: Pair, ask: Ask) -> float | LeftOut:
            wins = await ranker.compare(pair.query, (pair.chosen, pair.rejected), ask)
            return LeftOut(wins.failure, failed=True) if isinstance(wins, Call) else wins[0][1]

        return await Stages(session).carry_out(pairs, prefer, "pair", reader)

    found = session.run(main)
    return [(pair, one) for pair, one in zip(pairs, found, strict=True) if not isinstance(one, LeftOut)]
