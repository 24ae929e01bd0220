from __future__ import annotations

import numpy as np
import pytest

from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.comparisons import comparisons_from

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
