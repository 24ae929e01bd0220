"""Rank correlations between forms of one measurement, with errors in common taken out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats

from mien.errors import UsageError
from mien.stats.agreement.parallel_forms import parallel_forms
from mien.stats.choice.plackett_luce import cross_covariance
from mien.stats.comparisons import comparisons_from
from mien.stats.correlation import rank_correlation
from mien.stats.profiles import Profile, Provenance, rate

N = 30
NAMES = np.array([f"t{i:02}" for i in range(N)], dtype=object)


def renamed(profile: Profile, **changes: str) -> Profile:
    return replace(profile, provenance=replace(profile.provenance, **changes))


def forms(seed: int, *, misread: float = 0.0, n_trials: int = 900) -> tuple[list[Profile], float]:
    """Two judges of the same responses, who see two characters; the second also misreads at random."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=N)
    other = 0.9 * scores + np.sqrt(1 - 0.81) * rng.normal(size=N)
    shown = np.concatenate([rng.permutation(N).reshape(-1, 2) for _ in range(n_trials * 2 // N)])
    luck = rng.logistic(size=len(shown))
    prompt = [f"p{i % 150}" for i in range(len(shown))]
    profiles = []
    for judge, theta, error in (("a", scores, 0.0), ("b", other, misread)):
        chosen = (theta[shown[:, 0]] - theta[shown[:, 1]] + luck < 0).astype(int)
        chosen = np.where(rng.random(len(chosen)) < error, 1 - chosen, chosen)
        read = comparisons_from(NAMES[shown], NAMES[shown[np.arange(len(shown)), chosen]], prompt)
        profiles.append(rate(read, Provenance(run="r", model="m", judge=judge)))
    return profiles, float(scipy.stats.spearmanr(scores, other).statistic)


def test_errors_in_common_do_not_pass_for_likeness() -> None:
    naive, corrected, truth = [], [], []
    for seed in range(25):
        profiles, rho = forms(seed)
        (pair,) = parallel_forms(profiles)
        reliable = tuple(p.reliability["model_based"] for p in profiles)
        naive.append(pair["spearman"] / np.sqrt(reliable[0] * reliable[1]))
        corrected.append(pair["disattenuated"])
        truth.append(rho)
        assert pair["shared"] > 0.03
        assert pair["disattenuated_low"] <= pair["disattenuated"] <= pair["disattenuated_high"]
    assert np.mean(naive) - np.mean(truth) > 0.04
    assert np.mean(corrected) == pytest.approx(np.mean(truth), abs=0.02)


def test_a_pair_follows_its_definition() -> None:
    (a, b), _ = forms(0, misread=0.2)
    (pair,) = parallel_forms([a, b], confidence_level=0.9)
    spread = np.std(a.fit.scores, ddof=1) * np.std(b.fit.scores, ddof=1)
    shared = np.trace(cross_covariance(a.fit, b.fit)[:N, :N]) / N / spread
    reliable = (a.reliability["model_based"], b.reliability["model_based"])
    expected = rank_correlation(a.fit.scores, b.fit.scores, reliable, shared=shared, confidence_level=0.9)
    names = {"run_a": "r", "judge_a": "a", "run_b": "r", "judge_b": "b"}
    assert pair == pytest.approx({**names, **expected, "shared": shared})


def test_pairs_of_three_forms_and_of_none() -> None:
    (a, b), _ = forms(1)
    found = parallel_forms([a, b, renamed(a, judge="c")])
    assert [(pair["judge_a"], pair["judge_b"]) for pair in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found[1]["spearman"] == found[1]["disattenuated"] == 1
    assert parallel_forms([a]) == parallel_forms([]) == []


def test_other_prompts_have_no_errors_in_common() -> None:
    (a, b), _ = forms(2)
    apart = replace(b, fit=replace(b.fit, clusters=np.array([f"q{c}" for c in b.fit.clusters], dtype=object)))
    assert parallel_forms([a, apart])[0]["shared"] == 0


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"model": "n"}, "more than one model .*r: m, s: n.*mien compare is for several models"),
        ({"instrument": "instructed"}, "more than one instrument .*s: instructed"),
        ({"traits": tuple(NAMES[:-1])}, "r and s rate different traits: 't29' is in one of them only"),
    ],
)
def test_what_is_no_form_of_the_same_is_refused(changes: dict[str, Any], problem: str) -> None:
    (a, b), _ = forms(3)
    other = renamed(b, run="s")
    with pytest.raises(UsageError, match=problem):
        parallel_forms([a, replace(other, **changes) if "traits" in changes else renamed(other, **changes)])
    assert parallel_forms([a, renamed(b, model="")])
