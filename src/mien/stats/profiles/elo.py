"""The Elo scale, on which ratings are told, and sequential Elo, as published tables use it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.stats.comparisons import TIE_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mien.types import Floats, Ints

ELO_CENTRE: Final = 1000.0
ELO_SCALE: Final = 400 / math.log(10)  # points to one unit of natural log odds
_AT_A_TIME: Final = 1 << 16  # trials that are made lists of


@dataclass(frozen=True, slots=True)
class Elo:
    """How sequential Elo is reckoned.

    Attributes:
        k: K, points a game.
        start: rating before the first game.
    """

    k: float = 32.0
    start: float = ELO_CENTRE


USUAL: Final = Elo()


def sequential_elo(
    options: NDArray[np.integer],
    chosen: NDArray[np.integer],
    n_items: int,
    elo: Elo = USUAL,
    *,
    counts: NDArray[np.bool_] | None = None,
) -> Floats:
    """(n,) Elo ratings (1978), one update a game in the order given.

    With K > 2 options, a trial is K − 1 games that the chosen option wins against each of the others, in the
    order shown. In a tie they are games of the first option against the others that nobody wins. An item
    without a game keeps that of the start. Trials where (T,) ``counts`` is false are left out.
    """
    ratings: list[float] = [float(elo.start)] * n_items
    for begin in range(0, len(options), _AT_A_TIME):
        here: slice | Ints = slice(begin, begin + _AT_A_TIME)
        if counts is not None:
            here = np.flatnonzero(counts[here]) + begin
        for winner, loser, score in _games(options[here], chosen[here]):
            expected = 1 / (1 + 10.0 ** ((ratings[loser] - ratings[winner]) / 400))
            gain = elo.k * (score - expected)
            ratings[winner] += gain
            ratings[loser] -= gain
    return np.array(ratings)


def _games(options: NDArray[np.integer], chosen: NDArray[np.integer]) -> Iterable[tuple[int, int, float]]:
    """Who is ahead, who else played, and what share of the game falls to the former."""
    n_trials, n_options = options.shape
    tied = chosen == TIE_CODE
    ahead = np.where(tied, 0, chosen)
    winners = np.repeat(options[np.arange(n_trials), ahead], n_options - 1)
    losers = options[np.arange(n_options) != ahead[:, None]]
    scored = np.repeat(np.where(tied, 0.5, 1.0), n_options - 1)
    return zip(winners.tolist(), losers.tolist(), scored.tolist(), strict=True)
