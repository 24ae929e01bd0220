"""One character from several sides: how alike what a model says, chooses, does and can is, trait by trait."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, TypedDict

import numpy as np

from mien.errors import UsageError
from mien.stats.diffs.difference import diff
from mien.stats.estimates.jackknife import cross_covariance
from mien.stats.estimates.standardised import standardised
from mien.stats.inventories import Inventory
from mien.stats.sides.likeness import Likeness, Scores, likeness
from mien.types import OWN_ANSWER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.stats.diffs import Diff
    from mien.stats.estimates import Estimates
    from mien.stats.inventories import InventoryRow
    from mien.stats.profiles.never_seen import NeverSeen
    from mien.stats.profiles.profile import Profile
    from mien.stats.profiles.trait_row import TraitRow
    from mien.types import Floats

#: The instruments, and what each shows of a model. In this order sides are told.
SIDES: Final = {
    "stated": "says",
    "inventory": "rates",
    "revealed": "chooses",
    "exhibited": "does",
    "instructed": "can",
}
#: Those on which a model tells of itself.
_TOLD: Final = ("says", "rates")

FEWEST_TRAITS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One side of a model, as far as others are set beside it.

    Attributes:
        judge: who read it.
        trials: how many there were; ``decided``: those that told of a trait.
        estimates: of the traits.
        noise: (n,) variances of the values' errors, whose mean is what ``reliability`` rests on.
        never_seen: traits that no response showed.
        rows: one a trait, the highest first.
    """

    run: str
    model: str
    instrument: str
    judge: str
    trials: int
    decided: int
    estimates: Estimates
    noise: Floats
    reliability: float | None
    never_seen: Sequence[NeverSeen]
    rows: Sequence[TraitRow] | Sequence[InventoryRow]

    @classmethod
    def of(cls, found: Profile | Inventory) -> Side:
        """The side that a profile or an inventory shows."""
        if isinstance(found, Inventory):
            estimates = found.estimates
            return cls(
                run=estimates.label,
                model=found.model,
                instrument="inventory",
                judge=OWN_ANSWER,
                trials=len(found.answers.rating) + estimates.made.missing,
                decided=found.read,
                estimates=estimates,
                noise=estimates.stderr**2,
                reliability=estimates.reliability,
                never_seen=(),
                rows=found.rows,
            )
        return cls(
            run=found.run,
            model=found.model,
            instrument=found.instrument,
            judge=found.judge,
            trials=found.n_trials,
            decided=found.verdicts["chosen"],
            estimates=found.estimates,
            noise=found.stderr**2 / found.fit.stderr**2 * found.fit.noise,
            reliability=found.reliability["model_based"],
            never_seen=found.never_seen,
            rows=found.rows,
        )


class GapRow(TypedDict):
    """A trait on two sides, in true standard deviations of each, and the gap between the two."""

    trait: str
    a: float
    b: float
    gap: float
    low: float
    high: float
    stderr: float
    p: float
    q: float
    apart: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """Two sides of a model beside each other; gaps are a − b.

    Attributes:
        a: the side that comes first in `SIDES`; b: the other.
        likeness: their correlation over the traits.
        gaps: of every trait; None where one side's spread can hardly be told from noise.
        why_not: why there are none; empty where there are.
    """

    a: str
    b: str
    likeness: Likeness
    gaps: Diff | None
    why_not: str = ""

    @property
    def rows(self) -> list[GapRow]:
        """One row a trait, the widest gap first."""
        found = self.gaps
        if found is None:
            return []
        return [
            GapRow(
                trait=found.names[i],
                a=float(found.after.values[i]),
                b=float(found.before.values[i]),
                gap=float(found.delta[i]),
                low=float(found.low[i]),
                high=float(found.high[i]),
                stderr=float(found.stderr[i]),
                p=float(found.p[i]),
                q=float(found.q[i]),
                apart=bool(found.changed[i]),
            )
            for i in found.order
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """One model from two sides or more.

    Attributes:
        model: whose they are.
        by_side: what each shows, in the order of `SIDES`.
        traits: those that all sides rate, sorted.
        pairs: every two sides.
        fdr: false-discovery rate of the gaps of each pair.
        confidence_level: of all intervals.
    """

    model: str
    by_side: Mapping[str, Side]
    traits: tuple[str, ...]
    pairs: Sequence[Pair]
    fdr: float
    confidence_level: float

    @property
    def says_and_shows(self) -> Pair | None:
        """What the model says, or rates itself, beside what it does, or chooses; None without a gap known."""
        known = {(pair.a, pair.b): pair for pair in self.pairs if pair.gaps is not None}
        wanted = ((told, shown) for told in _TOLD for shown in ("does", "chooses"))
        return next((known[pair] for pair in wanted if pair in known), None)

    @property
    def claimed(self) -> list[GapRow]:
        """Traits that the model claims more of than it shows, the widest gap first."""
        pair = self.says_and_shows
        return [] if pair is None else [row for row in pair.rows if row["apart"] and row["gap"] > 0]

    @property
    def unclaimed(self) -> list[GapRow]:
        """Traits that the model shows more of than it claims, the widest gap first."""
        pair = self.says_and_shows
        return [] if pair is None else [row for row in pair.rows if row["apart"] and row["gap"] < 0]

    @property
    def never_seen(self) -> Sequence[NeverSeen]:
        """Traits that no response showed unasked."""
        return self.by_side["does"].never_seen if "does" in self.by_side else ()

    @property
    def left_out(self) -> list[str]:
        """Traits that some side does not rate, sorted."""
        known = {trait for side in self.by_side.values() for trait in side.estimates.names}
        return sorted(known - set(self.traits))

    def to_dict(self) -> dict[str, Any]:
        """What ``mien sides --json`` prints: plain Python values, None where a value is not known."""
        pair = self.says_and_shows
        return {
            "model": self.model,
            "sides": [
                {
                    "side": name,
                    "run": side.run,
                    "instrument": side.instrument,
                    "judge": side.judge,
                    "trials": side.trials,
                    "chosen": side.decided,
                    "reliability": side.reliability,
                }
                for name, side in self.by_side.items()
            ],
            "traits": list(self.traits),
            "left_out": self.left_out,
            "pairs": [
                {
                    "a": one.a,
                    "b": one.b,
                    "correlation": one.likeness._asdict(),
                    "gaps": one.rows,
                    "why_not": one.why_not,
                }
                for one in self.pairs
            ],
            "shown_by": None if pair is None else pair.b,
            "claimed": [row["trait"] for row in self.claimed],
            "unclaimed": [row["trait"] for row in self.unclaimed],
            "never_seen": [dict(row) for row in self.never_seen],
            "fdr": self.fdr,
            "confidence_level": self.confidence_level,
        }


def sides(
    found: Sequence[Profile | Inventory], *, fdr: float = 0.05, confidence_level: float = 0.95
) -> Sides:
    """Set the sides of one model beside each other.

    A gap is the difference of two sides, each in standard deviations of its own true values, since scores by
    different instruments are not on one scale. It is a diff like any other (`mien.stats.diffs`), on the joint
    covariance of both runs, with the false-discovery rate held over the traits of each pair.

    Args:
        found: profiles and an inventory, one a side, of one model.
        fdr: false-discovery rate at which a trait counts as apart.
        confidence_level: of all intervals.

    Raises:
        UsageError: they are of several models, two are of one side, there is only one, or they have fewer
            than five traits in common; or one was made with a prior or a correction.
    """
    by_side = _by_side([Side.of(one) for one in found])
    common = set[str].intersection(*(set(side.estimates.names) for side in by_side.values()))
    if len(common) < FEWEST_TRAITS:
        raise UsageError(
            f"the runs rate {len(common)} traits in common; sides of a character need {FEWEST_TRAITS} or more"
        )
    traits = tuple(sorted(common))
    estimates = {name: side.estimates.only(*traits) for name, side in by_side.items()}
    noise = {name: _noise(side, traits) for name, side in by_side.items()}
    return Sides(
        model=next(iter(by_side.values())).model,
        by_side=by_side,
        traits=traits,
        pairs=[
            _pair((a, b), estimates, noise, fdr=fdr, confidence_level=confidence_level)
            for a, b in combinations(by_side, 2)
        ],
        fdr=fdr,
        confidence_level=confidence_level,
    )


def _by_side(given: Sequence[Side]) -> dict[str, Side]:
    found = {SIDES.get(side.instrument, ""): side for side in given}
    if len(given) < 2 or len(found) < len(given) or "" in found:
        raise UsageError(
            "sides takes two to five runs of one model, each with another instrument; these have "
            + ", ".join(side.instrument for side in given)
        )
    if len(models := sorted({side.model for side in given})) > 1:
        raise UsageError(f"sides are those of one model; these runs are of {', '.join(models)}")
    return {side: found[side] for side in SIDES.values() if side in found}


def _noise(side: Side, traits: Sequence[str]) -> Floats:
    """(n,) variances of the errors of some of the traits."""
    return side.noise[[side.estimates.names.index(trait) for trait in traits]]


def _pair(
    names: tuple[str, str],
    estimates: Mapping[str, Estimates],
    noise: Mapping[str, Floats],
    *,
    fdr: float,
    confidence_level: float,
) -> Pair:
    a, b = (estimates[side] for side in names)
    alike = likeness(
        Scores(a.values, noise[names[0]]),
        Scores(b.values, noise[names[1]]),
        np.diag(cross_covariance(a.jackknife, b.jackknife)),
        confidence_level=confidence_level,
    )
    gaps, why_not = None, ""
    try:
        after, before = standardised(a), standardised(b)
    except UsageError as error:
        why_not = str(error)
    else:
        gaps = diff(before, after, fdr=fdr, confidence_level=confidence_level)
    return Pair(a=names[0], b=names[1], likeness=alike, gaps=gaps, why_not=why_not)
