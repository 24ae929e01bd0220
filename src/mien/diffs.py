"""What changed between two profiles, trait by trait and as a whole, with false-discovery control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import scipy.stats

from mien import choice
from mien.errors import UsageError
from mien.ratings import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from mien.ratings import Profile

    Floats = NDArray[np.float64]


class DeltaRow(TypedDict):
    """One trait's change of rating, b − a, on the Elo scale."""

    trait: str
    delta: float
    low: float
    high: float
    stderr: float
    p: float
    q: float
    changed: bool


class Omnibus(TypedDict):
    """Wald test that nothing changed; ``chi2`` and ``p`` are None where there are too few prompts for it."""

    chi2: float | None
    df: int
    p: float | None


class Correlation(TypedDict):
    """Rank correlation of two profiles, with its interval, and corrected for their reliabilities."""

    spearman: float | None
    low: float | None
    high: float | None
    disattenuated: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diff:
    """Profile b minus profile a. Arrays follow ``traits``; rows and tables go by |delta|.

    Attributes:
        a: name of the first run (or model); b: of the second.
        traits: the n trait names, sorted.
        delta: (n,) change of rating, points of Elo.
        stderr: (n,) its standard error, from the joint clustered covariance of both runs.
        low: (n,) lower end of its interval; high: (n,) upper end.
        p: (n,) two-sided Wald p against no change.
        q: (n,) p adjusted after Benjamini and Hochberg (1995).
        rms: root-mean-square delta.
        rms_null: the rms that noise alone would give, √ mean stderr².
        paired: prompts that both runs share.
        fdr: false-discovery rate at which a trait counts as changed.
    """

    a: str
    b: str
    traits: tuple[str, ...]
    delta: Floats
    stderr: Floats
    low: Floats
    high: Floats
    p: Floats
    q: Floats
    omnibus: Omnibus
    rms: float
    rms_null: float
    correlation: Correlation
    paired: int
    fdr: float
    confidence_level: float

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(n,) whether the trait changed: q < fdr."""
        return self.q < self.fdr

    @property
    def rows(self) -> list[DeltaRow]:
        """One row a trait, by |delta|."""
        order: list[int] = np.argsort(-np.abs(self.delta), kind="stable").tolist()
        return [
            DeltaRow(
                trait=self.traits[i],
                delta=float(self.delta[i]),
                low=float(self.low[i]),
                high=float(self.high[i]),
                stderr=float(self.stderr[i]),
                p=float(self.p[i]),
                q=float(self.q[i]),
                changed=bool(self.changed[i]),
            )
            for i in order
        ]

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a table."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """What ``mien diff --json`` prints: plain Python values, None where a value is not known."""
        return {
            "a": self.a,
            "b": self.b,
            "traits": [dict(row) for row in self.rows],
            "omnibus": dict(self.omnibus),
            "rms": self.rms,
            "rms_null": self.rms_null,
            "correlation": dict(self.correlation),
            "paired": self.paired,
            "fdr": self.fdr,
            "confidence_level": self.confidence_level,
        }

    def _repr_html_(self) -> str:
        from html import escape

        title = f"{escape(self.b)} − {escape(self.a)}"
        found = f"{np.count_nonzero(self.changed)} of {len(self.traits)} traits changed (q < {self.fdr:g})"
        table = self.table.set_index("trait").to_html(float_format="{:.3g}".format, max_rows=20)
        return (
            f"<p><b>{title}</b> · {found} · rms {self.rms:.0f} (noise alone {self.rms_null:.0f})</p>{table}"
        )


def diff(a: Profile, b: Profile, *, fdr: float = 0.05, confidence_level: float = 0.95) -> Diff:
    """Compare two profiles of the same traits.

    Runs on the same prompts are paired: the covariance of the difference is V_a + V_b − V_ab − V_abᵀ, with
    V_ab from the prompts that both share (`choice.cross_covariance`).

    Args:
        a: the profile to compare with.
        b: the profile to compare.
        fdr: false-discovery rate at which a trait counts as changed.
        confidence_level: of all intervals.

    Raises:
        UsageError: the profiles rate different traits, or one was made with a prior.
    """
    _require_no_prior(a, b)
    _require_same_traits(a, b)
    n = len(a.traits)
    scores = b.fit.scores - a.fit.scores
    var_a, var_b = a.fit.covariance[:n, :n], b.fit.covariance[:n, :n]
    cross = choice.cross_covariance(a.fit, b.fit)[:n, :n]
    covariance = var_a + var_b - cross - cross.T
    paired = len(choice.shared_clusters(a.fit, b.fit)[0])
    df = _welch(np.diag(var_a), np.diag(var_b), a.fit.clusters_per_item - 1, b.fit.clusters_per_item - 1)
    overall = _welch(np.trace(var_a), np.trace(var_b), a.fit.n_clusters - 1, b.fit.n_clusters - 1)
    n_clusters = min(float(overall) + 1, a.fit.n_clusters + b.fit.n_clusters - paired)
    whole = choice.wald_test(scores, covariance, n_clusters)
    delta, stderr = ELO_SCALE * scores, ELO_SCALE * np.sqrt(np.diag(covariance))
    margin = _floats(scipy.stats.t.ppf((1 + confidence_level) / 2, df)) * stderr
    p = _floats(2 * scipy.stats.t.sf(np.abs(delta) / stderr, df))
    return Diff(
        a=a.run or a.model or "a",
        b=b.run or b.model or "b",
        traits=a.traits,
        delta=delta,
        stderr=stderr,
        low=delta - margin,
        high=delta + margin,
        p=p,
        q=_floats(scipy.stats.false_discovery_control(p)),
        omnibus=Omnibus(chi2=whole.statistic, df=whole.df, p=whole.p),
        rms=float(np.sqrt(np.mean(delta**2))),
        rms_null=float(np.sqrt(np.mean(stderr**2))),
        correlation=_correlation(a, b, confidence_level),
        paired=paired,
        fdr=fdr,
        confidence_level=confidence_level,
    )


def _welch(var_a: Any, var_b: Any, df_a: Any, df_b: Any) -> Floats:
    """Welch's (1947) degrees of freedom of a difference.

    A trait's variance is known only as well as the prompts that it was shown with tell. False discoveries
    live in the far tails, where that matters: with the degrees of freedom of all prompts, one in five
    comparisons of equal characters at 1,000 trials called some trait changed.
    """
    return (var_a + var_b) ** 2 / (var_a**2 / np.maximum(df_a, 1) + var_b**2 / np.maximum(df_b, 1))


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _correlation(a: Profile, b: Profile, confidence_level: float) -> Correlation:
    """Spearman's ρ, Fisher's z with the standard error √((1 + ρ²/2)/(n − 3)).

    That is Bonett and Wright's (2000, Psychometrika 65, 23–28). The correction for attenuation is Spearman's
    (1904), ρ/√(rel_a rel_b), at most 1 in size; None where a profile's reliability is not above 0.
    """
    first, second, n = a.fit.scores, b.fit.scores, len(a.traits)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return Correlation(spearman=None, low=None, high=None, disattenuated=None)
    rho = float(scipy.stats.spearmanr(first, second).statistic)
    low = high = corrected = None
    if n > 3:
        z = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
        margin = scipy.stats.norm.ppf((1 + confidence_level) / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
        low, high = float(np.tanh(z - margin)), float(np.tanh(z + margin))
    reliable = [x for x in (a.reliability["model_based"], b.reliability["model_based"]) if x and x > 0]
    if len(reliable) == 2:
        corrected = float(np.clip(rho / np.sqrt(reliable[0] * reliable[1]), -1, 1))
    return Correlation(spearman=rho, low=low, high=high, disattenuated=corrected)


def _require_no_prior(a: Profile, b: Profile) -> None:
    for profile, label in ((a, "a"), (b, "b")):
        if profile.fit.prior is not None:
            raise UsageError(
                f"the profile of {profile.run or profile.model or label} was made with a prior, which pulls "
                "it towards other models, so that a difference would not be its own; profile it with the "
                "flat prior"
            )


def _require_same_traits(a: Profile, b: Profile) -> None:
    if a.traits == b.traits:
        return

    def some(names: Iterable[str]) -> str:
        found = sorted(names)
        return ", ".join(found[:8]) + (f" and {len(found) - 8} more" if len(found) > 8 else "")

    sides = [
        f"only in {profile.run or profile.model or label}: {some(only)}"
        for profile, label, only in (
            (a, "a", set(a.traits) - set(b.traits)),
            (b, "b", set(b.traits) - set(a.traits)),
        )
        if only
    ]
    raise UsageError(
        f"the two profiles rate different traits ({'; '.join(sides)}); compare runs of one trait set"
    )
