from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

from mien.stats import choice
from mien.stats.agreement.functioning import FDR, NOISE_RIDGE, Functioning, functioning
from mien.stats.choice import Trials


def read_by_two(
    seed: int,
    *,
    n: int = 12,
    n_trials: int = 600,
    errors: tuple[float, float] = (0.1, 0.1),
    leans: dict[int, float] | None = None,
    unseen: int | None = None,
    prompts: int = 300,
    tied: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Options, (2, T) places named by two who misread at a rate each, and prompts.

    The second leans to some traits by so many log odds; or it does not see a trait, and names any option; or
    it has a liking of its own on each prompt, with a standard deviation of ``tied``.
    """
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=n)
    options = np.argsort(rng.random((n_trials, n)), axis=1)[:, :2]
    taken = (scores[options] + rng.gumbel(size=options.shape)).argmax(axis=1)
    cluster = rng.integers(prompts, size=n_trials)
    shown, beside = options[np.arange(n_trials), taken], options[np.arange(n_trials), 1 - taken]
    lean = np.zeros(n)
    for item, by in (leans or {}).items():
        lean[item] = by
    own = tied * rng.normal(size=(prompts, n))
    named = []
    for rater, error in enumerate(errors):
        odds = np.full(n_trials, np.log(1 / error - 1))
        if rater:
            odds = np.where(shown == unseen, 0.0, odds)
            odds += lean[shown] - lean[beside] + own[cluster, shown] - own[cluster, beside]
        named.append(np.where(rng.random(n_trials) < 1 / (1 + np.exp(-odds)), taken, 1 - taken))
    return options, np.array(named), cluster


def judged(seed: int, **world) -> Functioning:
    options, named, cluster = read_by_two(seed, **world)
    traits = [f"t{i}" for i in range(world.get("n", 12))]
    return functioning(("a", "b"), options, named, traits=traits, clusters=cluster)


@pytest.mark.parametrize(
    "world",
    [
        {},
        {"errors": (0.05, 0.2)},  # one errs oftener, on all traits alike
        {"prompts": 25, "tied": 1.0},  # trials of a prompt hang together
        {"n": 48, "n_trials": 2000},
    ],
)
def test_raters_that_mean_the_same_are_not_told_apart(world):
    found = [judged(seed, **world) for seed in range(40)]
    ps = np.array([row["p"] for pair in found for row in pair.traits if row["p"] is not None])
    assert np.mean(ps < 0.05) < 0.085
    assert np.mean([bool(pair.differing) for pair in found]) <= 0.1


def test_traits_that_one_leans_to_or_does_not_see_are_found_and_no_others():
    for world, sign in (({"leans": {0: 1.5, 1: 1.5}}, 1), ({"leans": {0: 0.0}, "unseen": 0}, -1)):
        found, false = [], []
        for seed in range(15):
            pair = judged(seed, n_trials=2400, **world)
            rows = {row["trait"]: row for row in pair.traits}
            planted = [f"t{i}" for i in world["leans"]]
            found += [rows[trait]["differs"] for trait in planted]
            names = [row["trait"] for row in pair.differing]
            false.append(len(set(names) - set(planted)) / max(len(names), 1))
            for row in (rows[trait] for trait in planted):
                assert np.sign(row["leaning"]) == sign
                assert (row["b_alone"] > row["a_alone"]) == (sign > 0)
                assert row["low"] < row["leaning"] < row["high"]
        assert np.mean(found) > 0.85
        assert np.mean(false) < 0.1


def test_a_leaning_is_the_one_that_fits_its_differing_trials_best():
    """Beside what the other trials tell of places and scores."""
    options, named, cluster = read_by_two(3, n=6, n_trials=900)
    pair = functioning(("a", "b"), options, named, traits=list("abcdef"), clusters=cluster)
    row = next(row for row in pair.traits if row["trait"] == "c")
    assert not pair.differing
    scores = choice.fit(Trials.of(np.tile(options, (2, 1)), named.ravel(), 6)).scores
    apart = [t for t in range(900) if named[0, t] != named[1, t]]
    assert pair.n_apart == len(apart)
    assert row["b_alone"] == sum(options[t, named[1, t]] == 2 for t in apart)

    def loss(params, trials):
        total = params @ (np.array([0.15, NOISE_RIDGE, NOISE_RIDGE, 0.15]) * params) / 2
        for t in trials:
            first, second = options[t].tolist()
            odds = scores[second] - scores[first]
            x = params @ [1.0, odds, np.tanh(odds), int(second == 2) - int(first == 2)]
            total += np.log1p(np.exp(-x if named[1, t] == 1 else x))
        return total

    others = [t for t in apart if 2 not in options[t]]
    rest = scipy.optimize.minimize(loss, np.zeros(4), (others,), tol=1e-9).x
    own = [t for t in apart if 2 in options[t]]
    best = scipy.optimize.minimize_scalar(
        lambda delta: loss(np.append(rest[:3], delta), own), bounds=(-4, 4), method="bounded"
    ).x
    assert row["leaning"] == pytest.approx(best * 400 / np.log(10), abs=0.5)


def test_too_few_differing_trials_tell_nothing():
    options, named, cluster = read_by_two(0, n_trials=200)
    alike = functioning(("a", "b"), options, named[[0, 0]], traits=[*"abcdefghijkl"], clusters=cluster)
    assert (alike.n, alike.n_apart, alike.n_tested, alike.differing) == (200, 0, 0, [])
    assert alike.reason == "too few trials in which they name different options: 0"
    assert {row["p"] for row in alike.traits} == {None}
    named[1, 100:] = -1  # no option was named
    half = functioning(("a", "b"), options, named, traits=[*"abcdefghijkl"], clusters=cluster)
    assert half.n == 100
    assert sum(row["n"] for row in half.traits) == 200
    assert half.to_dict()["traits"][0]["trait"] == half.traits[0]["trait"]
    assert all(row["differs"] == (row["q"] is not None and row["q"] < FDR) for row in half.traits)
