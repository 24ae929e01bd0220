from __future__ import annotations

import numpy as np
import pytest

from mien.errors import NotIdentified, UnknownName, UsageError
from mien.stats.choice.legibility import misreading
from mien.stats.comparisons import NEITHER_CODE, TIE_CODE
from mien.stats.profiles import Model
from tests.stats.choice.test_plackett_luce import normal_prior
from tests.stats.profiles.tables import table

TIED = np.where(np.arange(400) % 5 == 0, TIE_CODE, table().chosen)


def test_ties_count_as_half_unless_they_are_dropped():
    comparisons = table(chosen=np.where(np.arange(400) % 7 == 0, NEITHER_CODE, TIED))
    decided = int((comparisons.chosen >= 0).sum())
    tied = int((comparisons.chosen == TIE_CODE).sum())
    assert [Model(ties=ties).trials(comparisons).n_trials for ties in ("half", "davidson", "drop")] == [
        decided + tied,
        decided + tied,
        decided,
    ]
    assert Model().trials(comparisons).tied.sum() == tied


def test_members_that_do_not_go_together_are_refused():
    judge = misreading([[0, 1], [1, 0]] * 10, [0, 1] * 10, 8)
    with pytest.raises(UsageError, match="leave one of the two out"):
        Model(prior=normal_prior(n=8), judge_correction=judge)
    with pytest.raises(UsageError, match="count ties as half, or drop them"):
        Model(judge_correction=judge, ties="davidson")
    with pytest.raises(UnknownName, match="'halve'"):
        Model(ties="halve")
    with pytest.raises(
        NotIdentified, match="no verdict chose an option, so there is nothing to rate: 400 tie"
    ):
        Model().trials(table(chosen=np.full(400, TIE_CODE)))
