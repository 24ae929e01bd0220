"""Diffs of simulated runs give what they gave.

``as_before.json`` was written by the code of 2026-11-27, with all digits, from the runs that `table` makes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.stats.comparisons import Comparisons
from mien.stats.diffs import diff
from mien.stats.diffs.gates import check
from mien.stats.diffs.influence import influence
from mien.stats.profiles import Provenance, rate

STORED = json.loads(Path(__file__).with_name("as_before.json").read_text(encoding="utf-8"))
N = 9

#: Options a trial, the first prompt of the second run (40 are shared by all that start at 0), the settings.
CASES: dict[str, tuple[int, int, dict[str, Any]]] = {
    "paired": (2, 0, {}),
    "unpaired, with a margin": (2, 40, {"margin": 120.0}),
    "partly shared": (2, 15, {"fdr": 0.1, "confidence_level": 0.9}),
    "three options, with a margin": (3, 0, {"margin": 40.0}),
}
GATES = (
    "any",
    "t7 > +50",
    "t2 < -120",
    "|t7| > 320",
    "t3 > 150",
    "rms > 80",
    "rms < 20",
    "rank(t7) < 4",
    "rank(t2) > 7",
)


def table(seed: int, n_options: int, *, first: int = 0, moved: bool = False) -> dict[str, Any]:
    """A run's verdicts: few prompts have most of the trials, and a prompt shifts every trait, in all runs."""
    rng = np.random.default_rng([seed, n_options])
    options = np.argsort(rng.random((420, N)), axis=1)[:, :n_options]
    prompt = first + np.floor(40 * rng.random(420) ** 1.6).astype(int)
    scores = np.linspace(1.0, -1.0, N) + moved * np.array([0, 0, -1.3, 0, 0, 0, 0, 2.2, 0])
    shift = np.array([np.random.default_rng([label, 77]).normal(scale=0.5, size=N) for label in range(80)])
    utilities = (scores + shift[prompt])[np.arange(420)[:, None], options] + rng.gumbel(size=options.shape)
    return {
        "traits": tuple(f"t{i}" for i in range(N)),
        "options": options.astype(np.int32),
        "chosen": utilities.argmax(axis=1).astype(np.int32),
        "cluster": prompt.astype(np.int32),
        "clusters": tuple(f"p{label:02d}" for label in range(80)),
    }


def record(case: str) -> dict[str, Any]:
    """All that can be said of a case's diff, as plain values."""
    n_options, first, settings = CASES[case]
    before = rate(Comparisons(**table(1, n_options)), Provenance(run="before"))
    after = rate(Comparisons(**table(2, n_options, first=first, moved=True)), Provenance(run="after"))
    found = diff(before, after, **settings)
    return {
        "diff": found.to_dict(),
        "covariance": found.covariance.tolist(),
        "df": found.df.tolist(),
        "influence": influence(found),
        "certain": check(found, GATES),
        "likely": check(found, GATES, fail_when="likely"),
    }


def equal(found: Any, stored: Any, where: str) -> None:
    """Numbers to twelve digits, all else exactly."""
    if isinstance(stored, dict):
        assert list(found) == list(stored), where
        for key, value in stored.items():
            equal(found[key], value, f"{where}.{key}")
    elif isinstance(stored, list):
        assert len(found) == len(stored), where
        for i, (one, other) in enumerate(zip(found, stored, strict=True)):
            equal(one, other, f"{where}[{i}]")
    elif isinstance(stored, float):
        assert found == pytest.approx(stored, rel=1e-12, abs=1e-12), where
    else:
        assert found == stored, where


@pytest.mark.parametrize("case", CASES)
def test_diffs_of_runs_give_what_they_gave(case: str) -> None:
    found, stored = record(case), dict(STORED[case])
    covariance = np.array(stored.pop("covariance"))
    np.testing.assert_allclose(
        found.pop("covariance"), covariance, rtol=1e-12, atol=1e-12 * covariance.max(), err_msg=case
    )
    equal(found, stored, case)
