"""Tests against intransitivity, on choices that no code of mien's simulates."""

from __future__ import annotations

import numpy as np
import pytest

from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.profiles.one_dimension import Departure, one_dimension

RING = np.array([[0, 1, -1], [-1, 0, 1], [1, -1, 0]])


def trials(seed, n=9, n_trials=700, k=2, own=None, n_clusters=150, within=0.0, uneven=0.0):
    """Choices by scores, what pairs have of their own, and the likings of each prompt."""
    rng = np.random.default_rng([7, seed])
    often = 1 / np.arange(1, n_clusters + 1) ** uneven
    clusters = rng.choice(n_clusters, size=n_trials, p=often / often.sum())
    keys = rng.exponential(size=(n_trials, n)) / np.arange(1, n + 1) ** -(0.7 * uneven)
    options = np.argsort(keys, axis=1)[:, :k]
    scores = rng.normal(size=n)
    utilities = (scores + within * rng.normal(size=(n_clusters, n))[clusters])[
        np.arange(n_trials)[:, None], options
    ]
    if own is not None:
        utilities += own[options[:, :, None], options[:, None, :]].sum(axis=2) / 2
    chosen = (utilities + rng.gumbel(size=options.shape)).argmax(axis=1)
    return Trials.of(options, chosen, n, clusters=clusters)


def rings(size, n=9):
    """Threes of traits of which each beats the next, in a ring."""
    return size * np.kron(np.eye(n // 3), RING)


def departures(of):
    return one_dimension(of, choice.fit(of))


@pytest.mark.parametrize("unlike", [{"uneven": 1.0, "within": 1.0}, {"k": 4, "n_trials": 300}])
def test_choices_by_scores_seldom_depart(unlike, monkeypatch):
    monkeypatch.setattr("mien.stats.profiles.one_dimension.N_PLANTED", 1)  # power is not what is asked
    monkeypatch.setattr("mien.stats.profiles.one_dimension.N_DRAWS", 199)
    found = np.array([[test.p < 0.05 for test in departures(trials(seed, **unlike))] for seed in range(60)])
    assert (found.mean(axis=0) <= 0.09).all()


def test_rings_of_three_are_found():
    found = [departures(trials(seed, own=rings(1.5))) for seed in range(12)]
    assert np.mean([pairs.finding == "departs" for pairs, _ in found]) > 0.8


def test_a_second_dimension_is_found_where_each_pair_meets_once():
    rng = np.random.default_rng(1)
    u, v = rng.normal(size=(2, 40))
    own = np.outer(u, v) - np.outer(v, u)
    options = np.array([(i, j) if (i + j) % 2 else (j, i) for i in range(40) for j in range(i)])
    beaten = own[options[:, 0], options[:, 1]] + rng.logistic(size=len(options)) < 0
    pairs, second = departures(Trials.of(options, beaten.astype(int), 40))
    assert second.finding == "departs"
    assert pairs == Departure(kind="pairs", p=None, power=None)
    assert pairs.finding == "undecided"


def test_no_sign_is_said_only_where_there_would_be_one():
    few, many = departures(trials(3, n_trials=120)), departures(trials(3, n_trials=4000))
    assert [test.finding for test in few] == ["undecided", "undecided"]
    assert [test.finding for test in many] == ["no sign", "no sign"]
    assert all(test.power == 1 for test in many)


def test_too_few_traits_or_prompts_say_nothing():
    two = Trials.of([[0, 1], [1, 0]] * 20, [0, 1, 1, 0] * 10, 2)
    assert [test.p for test in departures(two)] == [None, None]
    few = trials(0, n_clusters=5)
    assert [test.p for test in departures(few)] == [None, None]


def test_the_seed_alone_decides():
    of = trials(5, own=rings(0.5))
    fit = choice.fit(of)
    assert one_dimension(of, fit, seed=3) == one_dimension(of, fit, seed=3) != one_dimension(of, fit, seed=4)
