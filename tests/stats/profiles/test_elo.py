from __future__ import annotations

import evalica
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.stats.comparisons import TIE_CODE
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


def test_a_tie_takes_from_the_stronger_what_it_gives_to_the_weaker():
    games = np.array([[0, 1], [0, 1], [1, 0]])
    found = sequential_elo(games, np.array([0, TIE_CODE, TIE_CODE]), 2, Elo(k=32, start=1000))
    rating, other = 1016.0, 984.0
    for _ in range(2):
        expected = 1 / (1 + 10 ** ((other - rating) / 400))
        rating, other = rating + 32 * (0.5 - expected), other - 32 * (0.5 - expected)
    np.testing.assert_allclose(found, [rating, other])
