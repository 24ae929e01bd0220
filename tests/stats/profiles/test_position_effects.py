"""Two position effects at once: against the choice model, an outside oracle, and known truths."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import scipy.stats
import statsmodels.api as sm

from mien.errors import NotIdentified
from mien.stats.choice.likelihood import Penalty, maximise
from mien.stats.choice.trials import Trials
from mien.stats.profiles.position_effects import TwoOrders, position_effects


def pairs(n: int, n_trials: int, rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([rng.permutation(n).reshape(-1, 2) for _ in range(2 * n_trials // n)])[:n_trials]


def simulate(
    seed: int,
    *,
    n: int = 20,
    n_trials: int = 400,
    n_prompts: int = 100,
    first: float = 0.5,
    seen_first: float = -0.3,
    tied: float = 0.0,
    differing: float = 0.5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Options, the places seen, choices and prompts of pairs.

    Luck is logistic; within a prompt it has the correlation ``tied`` on the normal scale, for every other
    prompt in favour of the first in the trial, else of the first before the judge.
    """
    rng = np.random.default_rng(seed)
    scores, shown = rng.normal(size=n), pairs(n, n_trials, rng)
    turned = rng.random(n_trials) < differing
    prompt = np.arange(n_trials) % n_prompts
    share = np.sqrt(tied) * rng.normal(size=n_prompts)[prompt] + np.sqrt(1 - tied) * rng.normal(size=n_trials)
    luck = scipy.special.logit(scipy.stats.norm.cdf(share)) * np.where(turned & (prompt % 2 == 0), -1, 1)
    utility = scores[shown[:, 0]] - scores[shown[:, 1]] + first + np.where(turned, -1, 1) * seen_first + luck
    return shown, np.where(turned[:, None], [1, 0], [0, 1]), (utility < 0).astype(int), prompt


@pytest.mark.parametrize("k", [2, 3])
def test_derivatives_are_those_of_the_choice_model_where_both_orders_are_one(k: int) -> None:
    rng = np.random.default_rng(0)
    n, n_trials = 6, 40
    options = np.array([rng.permutation(n)[:k] for _ in range(n_trials)])
    chosen = rng.integers(k, size=n_trials)
    seen = np.broadcast_to(np.arange(k), options.shape)
    clusters = np.arange(n_trials) // 4
    one = Trials.of(options, chosen, n, clusters=clusters)
    two = TwoOrders.of(one, seen)
    both = np.zeros((n + k, n + 2 * k))  # the sum of both effects is the one effect
    both[:, : n + k] = np.eye(n + k)
    both[n:, n + k :] = np.eye(k)
    params = rng.normal(size=n + 2 * k)
    value, probabilities = two.log_likelihood(params)
    expected, by_option = one.log_likelihood(both @ params)
    assert value == pytest.approx(expected)
    np.testing.assert_allclose(probabilities, by_option.T)
    np.testing.assert_allclose(two.gradient(probabilities), one.gradient(by_option) @ both, atol=1e-12)
    information = both.T @ one.information(by_option) @ both
    np.testing.assert_allclose(two.information(probabilities), information, atol=1e-12)
    root = rng.normal(size=(n + 2 * k,) * 2)
    bread = root @ root.T
    skewness = one.skewness(by_option, both @ bread @ both.T) @ both
    np.testing.assert_allclose(two.skewness(probabilities, bread), skewness, atol=1e-9)
    gradients = one.gradients_by_cluster(by_option)[1].toarray() @ both
    found = two.gradients_by_cluster(probabilities, clusters).toarray()
    np.testing.assert_allclose(found, gradients, atol=1e-12)


def test_the_maximum_is_that_of_statsmodels() -> None:
    shown, seen, chosen, _ = simulate(1, n=8)
    n, n_trials = 8, len(shown)
    found = maximise(
        TwoOrders.of(Trials.of(shown, chosen, n), seen), Penalty.ridge(1e-6, n + 4), np.zeros(n + 4)
    ).params
    contrast = np.zeros((n_trials, n))
    contrast[np.arange(n_trials), shown[:, 0]] = 1
    contrast[np.arange(n_trials), shown[:, 1]] -= 1
    design = np.column_stack([np.ones(n_trials), 1 - 2 * seen[:, 0], contrast[:, 1:]])
    expected = sm.Logit((chosen == 0).astype(float), design).fit(disp=0).params
    differences = [found[n] - found[n + 1], found[n + 2] - found[n + 3], *(found[1:n] - found[0])]
    np.testing.assert_allclose(differences, expected, atol=1e-4)


def test_both_effects_are_recovered_where_the_orders_hang_together() -> None:
    found = []
    for seed in range(60):
        shown, seen, chosen, prompt = simulate(seed, first=0.6, seen_first=0.0, differing=0.2)
        effects = position_effects(Trials.of(shown, chosen, 20, clusters=prompt), seen)
        seen_first = np.mean(seen[np.arange(len(chosen)), chosen] == 0)
        found.append((effects.model["first"], effects.judge["first"], seen_first))
    model, judge, raw = np.mean(found, axis=0)
    assert model == pytest.approx(scipy.special.expit(0.6), abs=0.012)
    assert judge == pytest.approx(0.5, abs=0.012)
    assert raw > 0.55  # counted alone, the model's preference passes for the judge's


def test_intervals_hold_the_truth_with_prompts_that_hang_together() -> None:
    held = []
    for seed in range(150):
        shown, seen, chosen, prompt = simulate(seed, tied=0.3)
        effects = position_effects(Trials.of(shown, chosen, 20, clusters=prompt), seen)
        assert effects.n == 400
        truths = scipy.special.expit([0.5, -0.3])
        held.append([p["low"] < t < p["high"] for p, t in zip(effects[:2], truths, strict=True)])
    model, judge = np.mean(held, axis=0)
    assert 0.915 <= model <= 0.99
    assert 0.915 <= judge <= 0.99


def test_four_options_have_four_places_each() -> None:
    rng = np.random.default_rng(3)
    n, k, n_trials = 12, 4, 4000
    options = np.array([rng.permutation(n)[:k] for _ in range(n_trials)])
    seen = np.argsort(rng.random(options.shape), axis=1)
    utility = rng.normal(size=n)[options] + 0.8 * (np.arange(k) == 0) - 0.8 * (seen == 0)
    chosen = (utility + rng.gumbel(size=options.shape)).argmax(axis=1)
    found = position_effects(Trials.of(options, chosen, n), seen)
    assert found.model["first"] == pytest.approx(np.exp(0.8) / (np.exp(0.8) + 3), abs=0.03)
    assert found.judge["first"] == pytest.approx(np.exp(-0.8) / (np.exp(-0.8) + 3), abs=0.03)


@pytest.mark.parametrize(
    ("differing", "problem"),
    [
        (0.0, "in the order of the trial, so that its position effect cannot be told from the model's"),
        (1.0, r"\(the same in 0 of 400 trials\)"),
        (0.005, r"follows too closely from the trial's \(the same in 397 of 400 trials\)"),
    ],
)
def test_orders_that_follow_from_each_other_tell_nothing(differing: float, problem: str) -> None:
    shown, seen, chosen, prompt = simulate(0, differing=differing)
    with pytest.raises(NotIdentified, match=problem):
        position_effects(Trials.of(shown, chosen, 20, clusters=prompt), seen)


def test_mistakes() -> None:
    shown, seen, chosen, _ = simulate(0)
    with pytest.raises(NotIdentified, match="on one prompt"):
        position_effects(Trials.of(shown, chosen, 20, clusters=np.zeros(400)), seen)
    with pytest.raises(ValueError, match="places 0"):
        position_effects(Trials.of(shown, chosen, 20), seen + 1)
    with pytest.raises(ValueError, match="places 0"):
        position_effects(Trials.of(shown, chosen, 20), np.zeros_like(seen))
