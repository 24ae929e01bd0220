"""What changed between two profiles, trait by trait and as a whole, with false-discovery control."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import scipy.stats

from mien.errors import UsageError
from mien.stats import choice
from mien.stats.correlation import Correlation, rank_correlation
from mien.stats.diffs.equivalence import Equivalence, Finding, growth, within
from mien.stats.diffs.jackknife import Jackknife
from mien.stats.diffs.size import Size, size
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from mien.stats.profiles.profile import Profile
    from mien.types import Floats


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
    finding: Finding | None
    rounds: int | None


class Prompts(TypedDict):
    """Prompts of the decided trials of each run, and those that both share."""

    a: int
    b: int
    shared: int


class Omnibus(TypedDict):
    """Wald test that nothing changed; ``chi2`` and ``p`` are None where there are too few prompts for it."""

    chi2: float | None
    df: int
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diff:
    """Profile b minus profile a. Arrays follow ``traits``; rows and tables go by |delta|.

    Attributes:
        before: the first profile; after: the second.
        traits: the n trait names, sorted.
        delta: (n,) change of rating, points of Elo.
        covariance: (n, n) of ``delta``, from the joint clustered covariance of both runs.
        df: (n,) degrees of freedom of its intervals.
        low: (n,) lower end of the change's interval; high: (n,) upper end.
        p: (n,) two-sided Wald p against no change.
        q: (n,) p adjusted after Benjamini and Hochberg (1995).
        rms: root-mean-square delta, noise and all.
        rms_null: the rms that noise alone would give, √ mean stderr².
        size: the rms of the true changes (`mien.stats.diffs.size`).
        prompts: of both runs; the comparison is paired where they share any.
        fdr: false-discovery rate at which a trait counts as changed.
        margin: change, in points, that counts as none; None where every change counts.
    """

    before: Profile
    after: Profile
    traits: tuple[str, ...]
    delta: Floats
    covariance: Floats
    df: Floats
    low: Floats
    high: Floats
    p: Floats
    q: Floats
    omnibus: Omnibus
    rms: float
    rms_null: float
    size: Size
    correlation: Correlation
    prompts: Prompts
    fdr: float
    confidence_level: float
    margin: float | None

    @property
    def a(self) -> str:
        """Name of the first run (or model)."""
        return self.before.run or self.before.model or "a"

    @property
    def b(self) -> str:
        """Name of the second run (or model)."""
        return self.after.run or self.after.model or "b"

    @property
    def paired(self) -> int:
        """Prompts that both runs share."""
        return self.prompts["shared"]

    @property
    def stderr(self) -> Floats:
        """(n,) standard errors of ``delta``."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(n,) whether the trait changed: q < fdr, and not unchanged within the margin."""
        return (self.q < self.fdr) & ~self.unchanged

    @property
    def unchanged(self) -> NDArray[np.bool_]:
        """(n,) whether the change is known to lie within the margin; False throughout without one."""
        if self.margin is None:
            return np.zeros(len(self.traits), dtype=np.bool_)
        return within(self.low, self.high, self.margin)

    @property
    def equivalence(self) -> Equivalence | None:
        """How many traits changed, did not, or are undecided; None without a margin."""
        if self.margin is None:
            return None
        decided = self.changed | self.unchanged
        return Equivalence(
            margin=self.margin,
            changed=int(np.count_nonzero(self.changed)),
            unchanged=int(np.count_nonzero(self.unchanged)),
            undecided=int(np.count_nonzero(~decided)),
            rounds=round(self._length()),
            rounds_needed=max((n for n in self._rounds() if n is not None), default=None),
        )

    def _length(self) -> float:
        """Rounds that two runs of one length would have had for the noise of these two."""
        first, second = (
            run.n_trials * len(run.fit.positions) / len(self.traits) for run in (self.before, self.after)
        )
        return 2 / (1 / first + 1 / second)

    def _rounds(self) -> list[int | None]:
        """Rounds of both runs that would decide each undecided trait; None for the others, and for never."""
        if self.margin is None:
            return [None] * len(self.traits)
        factors = growth(
            self.stderr,
            self.df,
            self.margin,
            found=int(np.count_nonzero(self.q < self.fdr)),
            fdr=self.fdr,
            confidence_level=self.confidence_level,
        )
        decided = self.changed | self.unchanged
        return [
            None if known or math.isinf(factor) else math.ceil(self._length() * factor)
            for known, factor in zip(decided.tolist(), factors.tolist(), strict=True)
        ]

    @property
    def rows(self) -> list[DeltaRow]:
        """One row a trait, by |delta|; ``finding`` and ``rounds`` are None without a margin."""
        order: list[int] = np.argsort(-np.abs(self.delta), kind="stable").tolist()
        stderr, rounds = self.stderr, self._rounds()
        changed, unchanged = self.changed, self.unchanged
        findings: list[Finding | None] = [
            None if self.margin is None else "changed" if new else "unchanged" if old else "undecided"
            for new, old in zip(changed.tolist(), unchanged.tolist(), strict=True)
        ]
        return [
            DeltaRow(
                trait=self.traits[i],
                delta=float(self.delta[i]),
                low=float(self.low[i]),
                high=float(self.high[i]),
                stderr=float(stderr[i]),
                p=float(self.p[i]),
                q=float(self.q[i]),
                changed=bool(changed[i]),
                finding=findings[i],
                rounds=rounds[i],
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
            "size": dict(self.size),
            "correlation": dict(self.correlation),
            "equivalence": None if self.equivalence is None else dict(self.equivalence),
            "pairing": "paired" if self.paired else "unpaired",
            "paired": self.paired,
            "prompts": dict(self.prompts),
            "fdr": self.fdr,
            "confidence_level": self.confidence_level,
        }

    def _repr_html_(self) -> str:
        from html import escape

        title = f"{escape(self.b)} − {escape(self.a)}"
        found = f"{np.count_nonzero(self.changed)} of {len(self.traits)} traits changed (q < {self.fdr:g})"
        table = self.table.set_index("trait").to_html(float_format="{:.3g}".format, max_rows=20)
        return (
            f"<p><b>{title}</b> · {found} · size {self.size['rms']:.0f} points "
            f"({self.size['low']:.0f} … {self.size['high']:.0f})</p>{table}"
        )


def diff(
    a: Profile,
    b: Profile,
    *,
    fdr: float = 0.05,
    confidence_level: float = 0.95,
    margin: float | None = None,
) -> Diff:
    """Compare two profiles of the same traits.

    Runs on the same prompts are paired: the covariance of the difference is V_a + V_b − V_ab − V_abᵀ, with
    V_ab from the prompts that both share (`choice.cross_covariance`).

    Args:
        a: the profile to compare with.
        b: the profile to compare.
        fdr: false-discovery rate at which a trait counts as changed.
        confidence_level: of all intervals.
        margin: points of rating; a trait whose interval lies within ± this is called unchanged.

    Raises:
        UsageError: the profiles rate different traits, one was made with a prior, or the margin is not
            above 0.
    """
    _require_own(a, b)
    _require_same_traits(a, b)
    if margin is not None and not 0 < margin < np.inf:
        raise UsageError(f"a margin is a number of rating points above 0, not {margin:g}")
    n = len(a.traits)
    scores = b.fit.scores - a.fit.scores
    var_a, var_b = a.fit.covariance[:n, :n], b.fit.covariance[:n, :n]
    cross = choice.cross_covariance(a.fit, b.fit)[:n, :n]
    covariance = var_a + var_b - cross - cross.T
    paired = len(choice.shared_clusters(a.fit, b.fit)[0])
    df = np.minimum(
        _welch(np.diag(var_a), np.diag(var_b), a.fit.clusters_per_item - 1, b.fit.clusters_per_item - 1),
        Jackknife.of(a.fit, b.fit).degrees_of_freedom(),
    )
    overall = _welch(np.trace(var_a), np.trace(var_b), a.fit.n_clusters - 1, b.fit.n_clusters - 1)
    n_clusters = min(float(overall) + 1, a.fit.n_clusters + b.fit.n_clusters - paired)
    whole = choice.wald_test(scores, covariance, n_clusters)
    delta, covariance = ELO_SCALE * scores, ELO_SCALE**2 * covariance
    stderr = np.sqrt(np.diag(covariance))
    half = _floats(scipy.stats.t.ppf((1 + confidence_level) / 2, df)) * stderr
    p = _floats(2 * scipy.stats.t.sf(np.abs(delta) / stderr, df))
    return Diff(
        before=a,
        after=b,
        traits=a.traits,
        delta=delta,
        covariance=covariance,
        df=df,
        low=delta - half,
        high=delta + half,
        p=p,
        q=_floats(scipy.stats.false_discovery_control(p)),
        omnibus=Omnibus(chi2=whole.statistic, df=whole.df, p=whole.p),
        rms=float(np.sqrt(np.mean(delta**2))),
        rms_null=float(np.sqrt(np.mean(stderr**2))),
        size=size(delta, covariance, confidence_level=confidence_level),
        correlation=rank_correlation(
            a.fit.scores,
            b.fit.scores,
            (a.reliability["model_based"], b.reliability["model_based"]),
            confidence_level=confidence_level,
        ),
        prompts=Prompts(a=a.fit.n_clusters, b=b.fit.n_clusters, shared=paired),
        fdr=fdr,
        confidence_level=confidence_level,
        margin=margin,
    )


def _welch(var_a: Any, var_b: Any, df_a: Any, df_b: Any) -> Floats:
    """Welch's (1947) degrees of freedom of a difference.

    A trait's variance is known only as well as the prompts that it was shown with tell. False discoveries
    live in the far tails, where that matters: with the degrees of freedom of all prompts, one in five
    comparisons of equal characters at 1,000 trials called some trait changed. Nor do all prompts of a trait
    tell the same; a diff takes the smaller of these and `Jackknife.degrees_of_freedom`, without which 7 in
    100 comparisons of equal characters at 2,000 trials called some trait changed, at a rate of 5.
    """
    return (var_a + var_b) ** 2 / (var_a**2 / np.maximum(df_a, 1) + var_b**2 / np.maximum(df_b, 1))


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _require_own(a: Profile, b: Profile) -> None:
    for profile, label in ((a, "a"), (b, "b")):
        if profile.fit.prior is not None:
            raise UsageError(
                f"the profile of {profile.run or profile.model or label} was made with a prior, which pulls "
                "it towards other models, so that a difference would not be its own; profile it with the "
                "flat prior"
            )
        if profile.judge_correction is not None:
            raise UsageError(
                f"the profile of {profile.run or profile.model or label} is corrected for its judge's "
                "errors; two profiles may share them, so that a difference would not know how sure it is; "
                "profile it without the correction"
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
