"""Whether others, too, find the chosen answers more in character: a judge that is asked, and people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.craft.data.queries import lot
from mien.stats.proportions import clustered_share
from mien.types import PREFERRED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mien.craft.data.recipes import Pair
    from mien.stats.proportions import Proportion
    from mien.types import Preference

#: What people are asked of two answers, where the arena asks for a trait.
IN_CHARACTER = "in character"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often the chosen answer is found to be the one more in character, a tie counting half.

    Attributes:
        whole: over all rows that were looked at.
        assertions: over those of each assertion, in the constitution's order; None where there are none.
        ordinary: over those of ordinary prompts.
    """

    whole: Proportion
    assertions: tuple[Proportion | None, ...]
    ordinary: Proportion | None


def draw(pairs: Sequence[Pair], n: int, *, seed: int) -> list[Pair]:
    """A random sample of pairs; a larger one of the same seed holds the smaller."""
    return sorted(pairs, key=lambda pair: lot(seed, "audit", pair.query.id))[:n]


def agreement(
    found: Sequence[tuple[Pair, float]], n_assertions: int, *, confidence_level: float = 0.95
) -> Agreement | None:
    """Count what was found; None where nothing was.

    Args:
        found: T pairs, each with 1 where the chosen answer is more in character, 0 where the rejected one is,
            and values between for ties; a pair may come several times.
        n_assertions: of the constitution.
        confidence_level: of the intervals, which are clustered by pair.
    """
    import numpy as np

    def share(which: Sequence[tuple[Pair, float]]) -> Proportion | None:
        if not which:
            return None
        scores = np.array([score for _, score in which])
        clusters = np.array([pair.query.id for pair, _ in which], dtype=np.str_)
        return clustered_share(scores, clusters, confidence_level=confidence_level)

    def about(index: int | None) -> Proportion | None:
        return share([one for one in found if one[0].query.assertion == index])

    whole = share(found)
    return whole and Agreement(whole, tuple(map(about, range(n_assertions))), about(None))


def read_preferences(
    preferences: Iterable[Preference], pairs: Sequence[Pair]
) -> tuple[list[tuple[Pair, float]], list[tuple[Pair, float]]]:
    """What people chose, as `agreement` takes it: what they found more in character, and what they preferred.

    Args:
        preferences: choices between a run of the rejected answers (a) and one of the chosen ones (b), whose
            trials bear the queries' ids.
        pairs: the answers.
    """
    by_id = {pair.query.id: pair for pair in pairs}
    found: dict[str, list[tuple[Pair, float]]] = {IN_CHARACTER: [], PREFERRED: []}
    for one in preferences:
        found[one.question].append((by_id[one.trial_b], {"a": 0.0, "b": 1.0}.get(one.chosen, 0.5)))
    return found[IN_CHARACTER], found[PREFERRED]
