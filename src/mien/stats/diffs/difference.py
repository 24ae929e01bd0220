"""What changed between two sets of estimates, one by one and as a whole, with false-discovery control."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypedDict

import numpy as np

from mien.errors import UsageError
from mien.formatting import enumerated, filled, plural
from mien.stats.correlation import Correlation, rank_correlation
from mien.stats.diffs.change import Change, Relative
from mien.stats.diffs.equivalence import growth, margins, within
from mien.stats.diffs.joint import Joint
from mien.stats.distributions import t_half_width
from mien.stats.estimates import Estimates
from mien.stats.estimates.circumstances import unlike
from mien.stats.multiplicity import false_discovery

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from mien.stats.diffs.equivalence import Finding
    from mien.stats.diffs.size import Size
    from mien.types import Floats


#: False-discovery rate at which shares without a choice count as changed. Lower than that of findings: a
#: warning that one diff of equals in twenty bore would not be read.
ENDINGS_FDR: Final = 0.01


class Measured(Protocol):
    """What gives estimates, such as a profile."""

    @property
    def estimates(self) -> Estimates: ...


class Prompts(TypedDict):
    """Prompts of the decided trials of each run, and those that both share."""

    a: int
    b: int
    shared: int


class Sides(TypedDict):
    """A count on either side."""

    a: int
    b: int


class Omnibus(TypedDict):
    """Wald test that nothing changed; ``chi2`` and ``p`` are None where there are too few prompts for it."""

    chi2: float | None
    df: int
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diff:
    """Estimates b minus estimates a. Arrays follow ``names``; changes, rows and tables go by size.

    Attributes:
        before: the first estimates; after: the second.
        joint: the differences and their noise.
        low: (n,) lower end of the change's interval; high: (n,) upper end.
        p: (n,) two-sided Wald p against no change.
        q: (n,) p adjusted after Benjamini and Hochberg (1995).
        rms: root-mean-square delta, noise and all; this and the next three are None where the quantities are
            on several scales.
        rms_null: the rms that noise alone would give, √ mean stderr².
        size: the rms of the true changes (`mien.stats.diffs.size`).
        correlation: of the values before with those after.
        prompts: of both; the comparison is paired where they share any.
        fdr: false-discovery rate at which a quantity counts as changed.
        margin: change that counts as none, of all quantities or by name; None where every change counts.
    """

    before: Estimates
    after: Estimates
    joint: Joint
    low: Floats
    high: Floats
    p: Floats
    q: Floats
    omnibus: Omnibus
    rms: float | None
    rms_null: float | None
    size: Size | None
    correlation: Correlation | None
    prompts: Prompts
    fdr: float
    confidence_level: float
    margin: float | Mapping[str, float] | None

    @property
    def a(self) -> str:
        """Name of the first run (or model)."""
        return self.before.label or "a"

    @property
    def b(self) -> str:
        """Name of the second run (or model)."""
        return self.after.label or "b"

    @property
    def names(self) -> tuple[str, ...]:
        """The n quantities compared: of profiles, the traits, sorted."""
        return self.before.names

    @property
    def noun(self) -> str:
        """What one of them is called."""
        return self.before.noun

    @property
    def paired(self) -> int:
        """Prompts that both share."""
        return self.prompts["shared"]

    @property
    def missing(self) -> Sides:
        """Observations that were to be made and are not there, on either side."""
        return Sides(a=self.before.made.missing, b=self.after.made.missing)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing on either side."""
        return not any(self.missing.values())

    @property
    def lacking(self) -> str:
        """What is missing, in words; empty where nothing is."""
        sides = ((self.before.made, self.a), (self.after.made, self.b))
        return " and ".join(told for made, label in sides if (told := made.lacking(label)))

    @property
    def unrated(self) -> list[str]:
        """What would be compared, too, had the observations of both told enough of it."""
        return sorted({*self.before.unrated, *self.after.unrated})

    @property
    def endings(self) -> Diff | None:
        """How the shares of observations without a choice changed; None where they are not known."""
        before, after = self.before.endings, self.after.endings
        if before is None or after is None:
            return None
        return diff(before, after, fdr=ENDINGS_FDR, confidence_level=self.confidence_level)

    @property
    def warnings(self) -> list[str]:
        """What makes the two less comparable than they look: each a sentence."""
        found = [f"{self.lacking}: what is there need not stand for the rest"] if self.lacking else []
        if unrated := self.unrated:
            found.append(
                f"{plural(self.noun)} of which too few responses tell on either side or on one are left out "
                f"({enumerated(unrated, 8)})"
            )
        found += unlike([self.before.made, self.after.made])
        if (endings := self.endings) is not None and endings.changed.any():
            rates = ", ".join(
                f"{change.name} {change.before:.1%} before and {change.after:.1%} after"
                for change in endings.changes
                if change.changed
            )
            found.append(
                f"how often no option was chosen changed ({rates}): the ratings rest on what is left, which "
                "is another part of the answers on either side"
            )
        return found

    @property
    def delta(self) -> Floats:
        """(n,) changes, in the quantities' units."""
        return self.joint.delta

    @property
    def covariance(self) -> Floats:
        """(n, n) of ``delta``, from the joint clustered covariance of both."""
        return self.joint.covariance

    @property
    def df(self) -> Floats:
        """(n,) degrees of freedom of the changes' intervals."""
        return self.joint.df

    @property
    def stderr(self) -> Floats:
        """(n,) standard errors of ``delta``."""
        return self.joint.stderr

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(n,) whether the quantity changed: q < fdr, and not unchanged within the margin."""
        return (self.q < self.fdr) & ~self.unchanged

    @property
    def unchanged(self) -> NDArray[np.bool_]:
        """(n,) whether the change is known to lie within the margin; False throughout without one."""
        return within(self.low, self.high, margins(self.before, self.margin))

    @property
    def equivalence(self) -> dict[str, Any] | None:
        """How many quantities ``changed``, are ``unchanged`` within the ``margin``, or ``undecided``.

        With the length of both samples now (``rounds`` of runs, ``prompts`` of responses), and the one that
        would decide all, whatever their changes are (``rounds_needed``). None without a margin.
        """
        if self.margin is None:
            return None
        decided, length = self.changed | self.unchanged, plural(self.before.sample.by)
        return {
            "margin": dict(self.margin) if isinstance(self.margin, Mapping) else self.margin,
            "changed": int(np.count_nonzero(self.changed)),
            "unchanged": int(np.count_nonzero(self.unchanged)),
            "undecided": int(np.count_nonzero(~decided)),
            length: round(self._length()),
            f"{length}_needed": max((n for n in self._needed() if n is not None), default=None),
        }

    def _length(self) -> float:
        """The one length with which two samples would have had the noise of these two."""
        return 2 / (1 / self.before.sample.length + 1 / self.after.sample.length)

    def _needed(self) -> list[int | None]:
        """Length of both samples that would decide each undecided quantity, or None."""
        factors = growth(
            self.stderr,
            self.df,
            margins(self.before, self.margin),
            found=int(np.count_nonzero(self.q < self.fdr)),
            fdr=self.fdr,
            confidence_level=self.confidence_level,
        )
        decided = self.changed | self.unchanged
        return [
            None if known or not math.isfinite(factor) else math.ceil(self._length() * factor)
            for known, factor in zip(decided.tolist(), factors.tolist(), strict=True)
        ]

    def relative(self, item: int) -> Relative | None:
        """One change as a part of the value before, by the delta method on the logarithm of the ratio."""
        before, after = float(self.before.values[item]), float(self.after.values[item])
        if not self.before.quantities[item].unit.relative or min(before, after) <= 0:
            return None
        variance = float(
            self.before.covariance[item, item] / before**2
            + self.after.covariance[item, item] / after**2
            - 2 * self.joint.cross[item, item] / (before * after)
        )
        quantile = float(t_half_width(self.confidence_level, self.df[item]))
        ratio, half = math.log(after / before), quantile * math.sqrt(max(variance, 0.0))
        return Relative(change=math.expm1(ratio), low=math.expm1(ratio - half), high=math.expm1(ratio + half))

    @property
    def order(self) -> list[int]:
        """The quantities by |delta| where all are on one scale, else by p."""
        by = self.p if self.before.unit is None else -np.abs(self.delta)
        return np.argsort(by, kind="stable").tolist()

    @property
    def changes(self) -> list[Change]:
        """One a quantity, in their `order`."""
        stderr, needed, changed, unchanged = self.stderr, self._needed(), self.changed, self.unchanged
        found: list[Change] = []
        for i in self.order:
            quantity, delta, new = self.before.quantities[i], float(self.delta[i]), bool(changed[i])
            finding: Finding = "changed" if new else "unchanged" if unchanged[i] else "undecided"
            found.append(
                Change(
                    quantity=quantity,
                    before=float(self.before.values[i]),
                    after=float(self.after.values[i]),
                    delta=delta,
                    low=float(self.low[i]),
                    high=float(self.high[i]),
                    stderr=float(stderr[i]),
                    relative=self.relative(i),
                    p=float(self.p[i]),
                    q=float(self.q[i]),
                    changed=new,
                    better=None
                    if not new or quantity.more == "neither"
                    else (delta > 0) == (quantity.more == "better"),
                    finding=None if self.margin is None else finding,
                    needed=needed[i],
                )
            )
        return found

    @property
    def rows(self) -> list[dict[str, Any]]:
        """`changes` as plain values, the name under what a quantity is called."""
        length = plural(self.before.sample.by)
        return [change.row(self.noun, length) for change in self.changes]

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
            plural(self.noun): self.rows,
            "omnibus": dict(self.omnibus),
            "rms": self.rms,
            "rms_null": self.rms_null,
            "size": None if self.size is None else dict(self.size),
            "correlation": None if self.correlation is None else dict(self.correlation),
            "equivalence": self.equivalence,
            "pairing": "paired" if self.paired else "unpaired",
            "paired": self.paired,
            "prompts": dict(self.prompts),
            "complete": self.complete,
            "missing": dict(self.missing),
            "endings": [] if (endings := self.endings) is None else endings.rows,
            "warnings": self.warnings,
            "fdr": self.fdr,
            "confidence_level": self.confidence_level,
        }

    def _repr_html_(self) -> str:
        from html import escape

        title = f"{escape(self.b)} − {escape(self.a)}"
        found = f"{np.count_nonzero(self.changed)} of {len(self.names)} {plural(self.noun)} changed"
        found += f" (q < {self.fdr:g})"
        if self.size is not None and (unit := self.before.unit) is not None:
            told = unit.size(self.size["rms"], self.size["low"], self.size["high"])
            found += f" · size {told}"
        table = filled(self.table.set_index(self.noun)).to_html(
            na_rep="", float_format="{:.3g}".format, max_rows=20
        )
        return f"<p><b>{title}</b> · {found}</p>{table}"


def diff(
    a: Estimates | Measured,
    b: Estimates | Measured,
    *,
    fdr: float = 0.05,
    confidence_level: float = 0.95,
    margin: float | Mapping[str, float] | None = None,
) -> Diff:
    """Compare two estimates of the same quantities, such as two profiles of the same traits.

    Estimates on the same prompts are paired: the covariance of the difference is V_a + V_b − V_ab − V_abᵀ,
    with V_ab from the prompts that both share (`mien.stats.estimates.jackknife.cross_covariance`).

    Args:
        a: what to compare with.
        b: what to compare.
        fdr: false-discovery rate at which a quantity counts as changed.
        confidence_level: of all intervals.
        margin: a quantity whose interval lies within ± this, in its unit (points of rating), is called
            unchanged; a margin by name where quantities differ in their units.

    Raises:
        UsageError: the quantities differ, a profile was made with a prior or a correction, or the margin is
            not above 0.
    """
    before, after = (one if isinstance(one, Estimates) else one.estimates for one in (a, b))
    _require_own(before, after)
    before, after = _told_by(before, after), _told_by(after, before)
    _require_same(before, after)
    margins(before, margin)
    joint = Joint.of(before, after)
    half, p, whole = joint.half(confidence_level), joint.p(), joint.omnibus(before, after)
    together = before.unit is not None
    return Diff(
        before=before,
        after=after,
        joint=joint,
        low=joint.delta - half,
        high=joint.delta + half,
        p=p,
        q=false_discovery(p),
        omnibus=Omnibus(chi2=whole.statistic, df=whole.df, p=whole.p),
        rms=float(np.sqrt(np.mean(joint.delta**2))) if together else None,
        rms_null=float(np.sqrt(np.mean(joint.stderr**2))) if together else None,
        size=joint.size(before, after, confidence_level) if together else None,
        correlation=rank_correlation(
            before.values,
            after.values,
            (before.reliability, after.reliability),
            confidence_level=confidence_level,
        )
        if together
        else None,
        prompts=Prompts(a=before.n_clusters, b=after.n_clusters, shared=joint.shared),
        fdr=fdr,
        confidence_level=confidence_level,
        margin=margin,
    )


def _told_by(one: Estimates, other: Estimates) -> Estimates:
    """Estimates without the quantities of which the other's observations tell nothing at all."""
    kept = [name for name in one.names if name not in other.unrated]
    if len(kept) == len(one.names):
        return one
    some = one.only(*kept)
    return some.from_own_mean() if some.centred else some


def _require_own(a: Estimates, b: Estimates) -> None:
    for one, label in ((a, "a"), (b, "b")):
        if one.incomparable:
            raise UsageError(f"the profile of {one.label or label} {one.incomparable}")


def _require_same(a: Estimates, b: Estimates) -> None:
    units = dict(zip(a.names, a.quantities, strict=True))
    if a.names == b.names:
        for other in b.quantities:
            if (one := units[other.name]) != other:
                raise UsageError(f"{other.name} is told in {one.unit.told_in} and in {other.unit.told_in}")
        return

    def some(names: Iterable[str]) -> str:
        found = sorted(names)
        return ", ".join(found[:8]) + (f" and {len(found) - 8} more" if len(found) > 8 else "")

    sides = [
        f"only in {one.label or label}: {some(only)}"
        for one, label, only in (
            (a, "a", set(a.names) - set(b.names)),
            (b, "b", set(b.names) - set(a.names)),
        )
        if only
    ]
    told = "; ".join(sides) or "in another order"
    raise UsageError(f"the two have different {plural(a.noun)} ({told}); compare what has the same")
