from __future__ import annotations

import numpy as np
import pytest

from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.comparisons import TIE_CODE, comparisons_from

SHOWN = np.array([[0, 1], [1, 2], [2, 0], [0, 2], [1, 0], [2, 1]] * 5)
CHOSEN = np.array([0, 1, 0, 1, 1, 0] * 4 + [1, 1, 0, 0, 0, 1])
PROMPTS = np.array([f"p{i % 10}" for i in range(30)])


def test_the_decided_trials_of_a_table_are_those_in_which_an_option_was_chosen():
    names = np.array(["airy", "bold", "calm"], dtype=object)
    chosen = names[SHOWN[np.arange(30), CHOSEN]]
    chosen[::7] = "neither"
    decided = Trials.decided(comparisons_from(names[SHOWN], chosen, PROMPTS))
    kept = np.arange(30) % 7 != 0
    np.testing.assert_array_equal(decided.options.T, SHOWN[kept])
    np.testing.assert_array_equal(decided.chosen, CHOSEN[kept])
    assert decided.named(np.array([2, 0])) == "calm, airy"


@pytest.mark.parametrize("misread", [None, [0.1, 0.2, 0.0]])
def test_some_of_the_trials_are_as_if_they_alone_had_been_laid_out(misread):
    kept = np.arange(30) % 3 != 1
    errors = misread if misread is None else np.array(misread)[SHOWN.T]
    whole = Trials.of(SHOWN, CHOSEN, 3, clusters=PROMPTS, weights=np.arange(30) + 1, misread=errors)
    alone = Trials.of(
        SHOWN[kept],
        CHOSEN[kept],
        3,
        clusters=PROMPTS[kept],
        weights=np.arange(30)[kept] + 1,
        misread=errors if errors is None else errors[:, kept],
    )
    some, same = choice.fit(whole.only(kept)), choice.fit(alone)
    np.testing.assert_array_equal(some.scores, same.scores)
    np.testing.assert_array_equal(some.covariance, same.covariance)
    assert some.clusters.tolist() == same.clusters.tolist()


def test_names_are_cut_off_and_items_without_one_go_by_number():
    trials = Trials.of([[0, 11]], [0], 12)
    assert trials.named(np.arange(2)) == "item 0, item 1"
    assert trials.named(np.arange(12)).endswith("item 7 and 4 more")


def tied_trials(n_trials: int, seed: int, *, ties: float = 0.4) -> Trials:
    """Options share a choice in the mean as the model of choices says, and often equally."""
    rng = np.random.default_rng(seed)
    shown = np.array([rng.permutation(len(SPREAD))[:2] for _ in range(n_trials)])
    first = 1 / (1 + np.exp(SPREAD[shown[:, 1]] - SPREAD[shown[:, 0]]))
    tie = ties * 2 * np.minimum(first, 1 - first)
    drawn = rng.random(n_trials)
    chosen = np.where(drawn < first - tie / 2, 0, np.where(drawn < first + tie / 2, TIE_CODE, 1))
    return Trials.of(shown, chosen, len(SPREAD), clusters=rng.integers(n_trials // 4, size=n_trials))


SPREAD = np.linspace(-1, 1, 6)


@pytest.mark.parametrize("misread", [None, np.linspace(0, 0.2, 6)])
def test_a_tie_is_one_trial_that_pulls_as_the_mean_of_what_it_may_have_been(misread):
    trials = tied_trials(300, 1)
    tied, outcome = trials.tied, np.where(trials.tied, 0, trials.chosen)
    ways = Trials.of(
        np.concatenate([trials.options.T, trials.options.T[tied]]),
        np.concatenate([outcome, np.ones(tied.sum(), dtype=int)]),
        6,
        clusters=np.concatenate([trials.clusters, trials.clusters[tied]]),
        weights=np.concatenate([np.where(tied, 0.5, 1.0), np.full(tied.sum(), 0.5)]),
    )
    if misread is not None:
        trials, ways = (some.misread_by(misread[some.options]) for some in (trials, ways))
    found, apart = choice.fit(trials, alpha=0.3), choice.fit(ways, alpha=0.3)
    np.testing.assert_allclose(found.scores, apart.scores, atol=1e-9)
    np.testing.assert_allclose(found.bread, apart.bread, atol=1e-9)
    np.testing.assert_allclose(found.gradients.toarray(), apart.gradients.toarray(), atol=1e-9)
    assert found.log_likelihood == pytest.approx(apart.log_likelihood)
    assert found.n_trials == 300


def test_intervals_hold_the_truth_where_ties_share_a_choice_and_are_narrower_than_without_ties():
    hits, widths = [], []
    for seed in range(150):
        found = choice.fit(tied_trials(300, seed))
        hits.append(np.abs(found.scores - SPREAD) < 1.99 * found.stderr)
        widths.append([found.stderr.mean(), choice.fit(tied_trials(300, seed, ties=0.0)).stderr.mean()])
    assert np.mean(hits) == pytest.approx(0.955, abs=0.02)
    ratio = np.divide(*np.mean(widths, axis=0))
    # Of even pairs 4 in 10 are tied, without variance, √.6 = .77; of others fewer.
    assert ratio == pytest.approx(0.84, abs=0.04)


def test_a_tie_of_many_options_is_an_equal_share_of_one_choice():
    trials = Trials.of([[0, 1, 2], [2, 0, 1], [1, 2, 0]] * 3, [0, TIE_CODE, 2] * 3, 3)
    np.testing.assert_allclose(trials.won[:, 1], 1 / 3)
    _, even = trials.log_likelihood(np.zeros(6))
    np.testing.assert_allclose(trials.residuals(even)[:, 1], 0, atol=1e-12)
    assert trials.dispersion(even)[0] == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="be a tie"):
        Trials.of([[0, 1]], [-1], 2)
