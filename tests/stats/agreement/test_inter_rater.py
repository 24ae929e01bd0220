"""Agreement of raters against outside oracles and a slow twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import evalica
import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from mien.stats.agreement.inter_rater import (
    Agreement,
    Rater,
    Responses,
    agreement,
    krippendorff_alpha,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def noisy(n: int = 300, gaps: float = 0.2, seed: int = 0) -> np.ndarray:
    """Labels of three raters who each see the truth or guess; some are missing."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=n)
    guess = rng.integers(3, size=(3, n))
    labels = np.where(rng.random((3, n)) < 0.7, truth, guess)
    words = np.array(["0", "1", "neither"])[labels]
    return np.where(rng.random((3, n)) < gaps, "", words)


def agreed(names: Sequence[str], labels: ArrayLike, *identities: str, **about: ArrayLike) -> Agreement:
    """Agreement of raters by those names; ``about`` are the members of `Responses`."""
    same = identities or [None] * len(names)
    raters = [Rater(*rater) for rater in zip(names, np.asarray(labels), same, strict=True)]
    return agreement(raters, Responses(**about))


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_alpha_is_evalicas(gaps: float) -> None:
    labels = noisy(gaps=gaps)
    code = {"": np.nan, "0": 0.0, "1": 1.0, "neither": 2.0}
    codes = pd.DataFrame([[code[label] for label in row] for row in labels])
    assert krippendorff_alpha(labels).alpha == pytest.approx(evalica.alpha(codes).alpha)


def test_interval_of_alpha_covers_and_is_seeded() -> None:
    # One rater pair: truth kept with .7, else a guess of three; α of a large sample stands for the truth.
    truth = krippendorff_alpha(noisy(100_000, seed=99), n_resamples=2).alpha
    assert truth is not None
    found = [krippendorff_alpha(noisy(200, seed=s), n_resamples=300) for s in range(200)]
    inside = [f.low is not None and f.high is not None and f.low <= truth <= f.high for f in found]
    assert 0.90 <= np.mean(inside) <= 0.99
    assert krippendorff_alpha(noisy(), seed=3) == krippendorff_alpha(noisy(), seed=3)


def test_alpha_of_nothing() -> None:
    assert krippendorff_alpha([["0", ""], ["", "1"]]) == (None, None, None, 0)
    assert krippendorff_alpha([["0", "0"], ["0", "0"]]) == (None, None, None, 2)
    single = krippendorff_alpha([["0", "1"], ["0", "1"]], clusters=["p", "p"])
    assert single == (1.0, None, None, 2)


def test_pairs_and_rates() -> None:
    labels = noisy(90)
    lengths = np.arange(90)
    found = agreed(
        ["a", "b", "c"],
        labels,
        clusters=np.arange(90) // 2,
        categories=["work" if i % 2 else "" for i in range(90)],
        lengths=lengths,
    )
    both = (labels[0] != "") & (labels[1] != "")
    table = pd.crosstab(*labels[:2, both]).to_numpy()
    pair = found.pairs[0]
    assert (pair.a, pair.b, pair.n) == ("a", "b", both.sum())
    assert pair.kappa == pytest.approx(cohens_kappa(table).kappa)
    assert pair.agreement == pytest.approx(np.mean(labels[0, both] == labels[1, both]))
    rates = {(r.rater, r.by, r.group, r.verdict): r for r in found.rates}
    long = labels[2][60:][labels[2][60:] != ""]
    assert rates["c", "length", "long", "neither"].share == pytest.approx(np.mean(long == "neither"))
    assert rates["c", "length", "long", "neither"].n == len(long)
    assert ("c", "category", "", "neither") not in rates
    assert all(rate.low - 1e-12 <= rate.share <= rate.high + 1e-12 for rate in found.rates)


def test_a_single_rater_has_rates_alone() -> None:
    found = agreed(["a"], [["0", "1"]], clusters=["p", "q"], categories=["", ""], lengths=[5, 5])
    assert found.pairs == () and found.alpha is None
    assert {rate.by for rate in found.rates} == {"all"}


def test_kappa_with_a_constant_rater_has_no_interval() -> None:
    labels = [["0", "1", "0"], ["0", "0", "0"]]
    pair = agreed(["a", "b"], labels, clusters=[*"pqr"], categories=[""] * 3, lengths=[0] * 3).pairs[0]
    assert (pair.kappa, pair.kappa_low, pair.kappa_high) == (0, None, None)
    same = agreed(["a", "b"], [["0"], ["0"]], clusters=["p"], categories=[""], lengths=[0]).pairs[0]
    assert (same.kappa, same.kappa_low, same.agreement) == (None, None, 1)


def test_a_repeat_is_paired_with_its_judge_and_left_out_of_alpha() -> None:
    labels = noisy(120)
    about = {"clusters": np.arange(120), "categories": [""] * 120, "lengths": np.arange(120)}
    found = agreed(["j", "k", "j#1"], labels, "j", "k", "j", **about)
    assert [(pair.a, pair.b, pair.itself) for pair in found.pairs] == [
        ("j", "k", False),
        ("j", "j#1", True),
        ("k", "j#1", False),
    ]
    assert found.repeats == ("j#1",)
    assert found.alpha == krippendorff_alpha(labels[:2], clusters=np.arange(120))
    plain = agreed(["j", "k", "l"], labels, **about)
    assert plain.repeats == ()
    assert plain.alpha == krippendorff_alpha(labels, clusters=np.arange(120))
    alone = agreed(["j", "j#1"], labels[:2], "j", "j", **about)
    assert alone.alpha is None
    assert alone.pairs[0].itself
