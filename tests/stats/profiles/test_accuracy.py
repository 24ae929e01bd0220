from __future__ import annotations

import json
import math

import numpy as np

from mien.stats.comparisons import NEITHER_CODE, REFUSED_CODE
from mien.stats.profiles import Provenance, rate
from tests.stats.profiles.tables import table


def test_accuracy_is_that_of_the_trait_told():
    comparisons = table(n_trials=400, scores=np.zeros(8), first=3.0)
    profile = rate(comparisons, Provenance(instrument="instructed"))
    assert rate(comparisons).accuracy is None
    assert profile.accuracy is not None
    assert profile.accuracy["accuracy"] == np.mean(comparisons.chosen == 0)
    assert profile.accuracy["low"] < 1 / (1 + math.exp(-3)) < profile.accuracy["high"]
    per_trait = profile.accuracy["traits"]
    assert sum(row["n"] for row in per_trait) == 400
    assert [row["accuracy"] for row in per_trait] == sorted(row["accuracy"] for row in per_trait)
    bold = next(row for row in per_trait if row["trait"] == "bold")
    assert bold["accuracy"] == np.mean(comparisons.chosen[comparisons.options[:, 0] == 1] == 0)
    json.dumps(profile.to_dict(), allow_nan=False)


def test_neither_counts_against_accuracy_and_refusals_do_not():
    clean = table(n_trials=200, scores=np.zeros(8), first=50.0)
    chosen = clean.chosen.copy()
    chosen[:20], chosen[20:50] = NEITHER_CODE, REFUSED_CODE
    accuracy = rate(table(n_trials=200, chosen=chosen), Provenance(instrument="instructed")).accuracy
    assert accuracy is not None
    assert (accuracy["n"], accuracy["accuracy"]) == (170, 150 / 170)
