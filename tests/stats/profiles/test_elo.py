from __future__ import annotations

import evalica
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.stats.profiles.elo import Elo, sequential_elo
from tests.stats.profiles.tables import table


def plain_elo(options, chosen, n, k, start):
    rating = [start] * n
    for shown, pick in zip(options, chosen, strict=True):
        for place, loser in enumerate(shown):
            if place != pick:
                winner = shown[pick]
                gain = k * (1 - 1 / (1 + 10 ** ((rating[loser] - rating[winner]) / 400)))
                rating[winner] += gain
                rating[loser] -= gain
    return rating


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(2, 4))
def test_elo_updates_game_by_game(seed, k):
    comparisons = table(n_trials=50, k=k, seed=seed)
    found = sequential_elo(comparisons.options, comparisons.chosen, 8, Elo(k=20, start=1200))
    np.testing.assert_allclose(found, plain_elo(comparisons.options, comparisons.chosen, 8, 20, 1200))


def test_elo_is_evalicas():
    comparisons = table(n_trials=200, k=2, seed=1)
    winners = comparisons.options[np.arange(200), comparisons.chosen]
    losers = comparisons.options[np.arange(200), 1 - comparisons.chosen]
    peer = evalica.elo(winners.tolist(), losers.tolist(), [evalica.Winner.X] * 200, k=32, initial=1000)
    found = sequential_elo(comparisons.options, comparisons.chosen, 8)
    np.testing.assert_allclose(found[peer.scores.index.to_numpy()], peer.scores.to_numpy())
