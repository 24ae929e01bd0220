"""Whether two who read the same responses mean the same by each trait: differential functioning.

Where both name an option, and different ones, a trait that the second names oftener than the first is read
otherwise by the two. With ξ what a response shows of option i rather than j, and c_i the leaning of a rater
towards a trait, a rater names i with log odds ξ + c_i − c_j; given that one names i and the other j, ξ drops
out,

    logit P(the second names i | one names i, the other j) = δ_i − δ_j,     δ = c(second) − c(first):

the choice model on the trials in which they differ, as conditioning takes the persons out of Rasch's model
(Andersen 1970, Journal of the Royal Statistical Society B 32, 283–301).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict

import numpy as np
import scipy.special

from mien.errors import NotIdentified
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.distributions import t_half_width, t_two_sided
from mien.stats.multiplicity import false_discovery
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from mien.types import Floats, Ints

FDR: Final = 0.05
FEWEST: Final = 6  # differing trials of a trait: the signs of fewer have no 1-in-20 outcome
#: Of what a rater's noise does by score: a standard deviation of half a log odds.
NOISE_RIDGE: Final = 4.0
_TOLERANCE: Final = 1e-8  # of the Newton decrement, and what counts as no noise
_MOST_STEPS: Final = 100


class Tested(TypedDict):
    """δ of a trait in rating points, with its interval; it ``differs`` where q < `FDR`.

    All are None where the raters differ in fewer than `FEWEST` trials of the trait.
    """

    leaning: float | None
    low: float | None
    high: float | None
    p: float | None
    q: float | None
    differs: bool


class TraitFunctioning(Tested):
    """One trait before two raters, a and b.

    ``n`` counts the trials that showed it and in which both named an option; in ``a_alone`` of them a named
    it and b another, in ``b_alone`` b did and a another.
    """

    trait: str
    n: int
    a_alone: int
    b_alone: int


@dataclass(frozen=True, slots=True)
class Functioning:
    """Two raters of the same responses, trait by trait.

    Attributes:
        a: the first rater.
        b: the second.
        n: trials in which both named an option.
        n_apart: of these, trials in which they named different ones.
        n_tested: traits that could be tested.
        traits: a row a trait; those that were tested first, by p.
        reason: why none could be tested; empty where some were.
    """

    a: str
    b: str
    n: int
    n_apart: int
    n_tested: int
    traits: tuple[TraitFunctioning, ...]
    reason: str = ""

    @property
    def differing(self) -> list[TraitFunctioning]:
        """The traits that are called different."""
        return [row for row in self.traits if row["differs"]]

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON holds it."""
        return asdict(self)


class _Apart(NamedTuple):
    """The m trials in which two raters name different ones of n items.

    Attributes:
        items: (2, m) the two, in the order shown.
        nuisance: (m, 3) ones, which the place's effect multiplies; the log odds of the second to the first by
            both raters' verdicts, and their hyperbolic tangent: what a rater's noise does levels off.
        stderr: (n,) of the scores behind these odds.
        turned: (m,) 1 where the second rater names the second.
        clusters: (m,) index of the prompt.
    """

    items: Ints
    nuisance: Floats
    stderr: Floats
    turned: Floats
    clusters: Ints

    def sign(self, item: int) -> Floats:
        """(m,) 1 where an item is the second, −1 where it is the first."""
        return (self.items[1] == item).astype(np.float64) - (self.items[0] == item)


def functioning(
    raters: tuple[str, str],
    options: ArrayLike,
    named: ArrayLike,
    *,
    traits: Sequence[str],
    clusters: ArrayLike,
    confidence_level: float = 0.95,
) -> Functioning:
    """Test of each trait whether two raters differ in it, with false discoveries controlled over the traits.

    A rater that errs oftener than the other, on all traits alike, names weak traits oftener where they
    differ; the verdicts of both tell which are weak, and what goes with it is no difference in a trait. Nor
    is a liking for a place. Both are told by the trials that don't show the trait. Traits that differ would
    make the others seem to differ the other way, so that a trait is tested beside those that were found, the
    surest first, until none is added (as scales are purified of items that differ before others are held
    against them: Candell and Drasgow 1988, Applied Psychological Measurement 12, 253–260).

    Of each trait z = Σ h_c/√(Σ h_c² + v), with h_c the score of prompt c at δ = 0 and v what is not known of
    the rest: were δ 0, each prompt would as well have pulled the other way, and z is normal, or less spread
    in its tails. Fewer than `FEWEST` differing trials of a trait cannot tell.

    Args:
        raters: their names.
        options: (T, K) items shown, in the order shown.
        named: (2, T) position of the option that each named; negative where it named none.
        traits: (n,) names of the items.
        clusters: (T,) labels of the prompts.
        confidence_level: of the intervals, one trait at a time.
    """
    shown, places = np.asarray(options, dtype=np.int64), np.asarray(named, dtype=np.int64)
    both = (places >= 0).all(axis=0)
    shown, places, labels = shown[both], places[:, both], np.asarray(clusters)[both]
    apart = np.flatnonzero(places[0] != places[1])
    alone: Ints = np.array([np.bincount(shown[apart, p[apart]], minlength=len(traits)) for p in places])
    told: list[int] = np.flatnonzero(alone.sum(axis=0) >= FEWEST).tolist()
    reason = "" if told else f"too few trials in which they name different options: {len(apart)}"
    found: dict[int, _Test] = {}
    if told:
        try:
            found = _tests(_apart(shown, places, labels, len(traits)), told)
        except NotIdentified as error:
            reason = str(error)
    q = dict(zip(found, false_discovery([test.p for test in found.values()]).tolist(), strict=True))
    half = float(t_half_width(confidence_level, np.inf))
    n = np.bincount(shown.ravel(), minlength=len(traits))
    rows = [
        TraitFunctioning(
            trait=trait,
            n=int(n[i]),
            a_alone=int(alone[0, i]),
            b_alone=int(alone[1, i]),
            **_told(found.get(i), q.get(i), half),
        )
        for i, trait in enumerate(traits)
    ]
    rows.sort(key=lambda row: (row["p"] is None, row["p"] or 0.0))
    return Functioning(*raters, len(shown), len(apart), len(found), tuple(rows), reason)


def _told(test: _Test | None, q: float | None, half: float) -> Tested:
    if test is None or q is None:
        return Tested(leaning=None, low=None, high=None, p=None, q=None, differs=False)
    leaning, width = ELO_SCALE * test.leaning, ELO_SCALE * half * test.stderr
    return Tested(leaning=leaning, low=leaning - width, high=leaning + width, p=test.p, q=q, differs=q < FDR)


class _Test(NamedTuple):
    """δ of one item, its standard error, and the p of δ = 0."""

    leaning: float
    stderr: float
    p: float


def _apart(shown: Ints, places: Ints, labels: NDArray[Any], n_items: int) -> _Apart:
    """Raises NotIdentified where the verdicts of both together don't rate all items."""
    together = Trials.of(np.tile(shown, (2, 1)), places.ravel(), n_items, clusters=np.tile(labels, 2))
    strength = choice.fit(together)
    apart = np.flatnonzero(places[0] != places[1])
    ends: Ints = np.sort(places[:, apart], axis=0)
    items = shown[apart, ends]
    odds = strength.scores[items[1]] - strength.scores[items[0]]
    return _Apart(
        items=items,
        nuisance=np.column_stack([np.ones(len(apart)), odds, np.tanh(odds)]),
        stderr=np.nan_to_num(strength.stderr),
        turned=(places[1, apart] == ends[1]).astype(np.float64),
        clusters=np.unique(labels[apart], return_inverse=True)[1].astype(np.int64),
    )


def _tests(apart: _Apart, told: Sequence[int]) -> dict[int, _Test]:
    """Every item that can be told, beside those that were found to differ: the surest is added first."""
    beside: list[int] = []
    while True:
        found = {item: _test(apart, item, [other for other in beside if other != item]) for item in told}
        q = dict(zip(told, false_discovery([test.p for test in found.values()]).tolist(), strict=True))
        more = [item for item in told if q[item] < FDR and item not in beside]
        if not more:
            return found
        beside.append(min(more, key=lambda item: found[item].p))


def _test(apart: _Apart, item: int, beside: Sequence[int]) -> _Test:
    """What goes with places, scores and other items is told by the trials without the item.

    Its own trials would tell less of the scores than of the item, whose score its own leaning has moved.
    """
    sign = apart.sign(item)
    own, design = sign != 0, np.column_stack([apart.nuisance, *map(apart.sign, beside)])
    ridge = np.full(design.shape[1], choice.DEFAULT_ALPHA)
    ridge[1:3] = NOISE_RIDGE
    params, information = _fitted(design[~own], apart.turned[~own], ridge)
    sign, design, turned = sign[own], design[own], apart.turned[own]
    offset = design @ params
    expected: Floats = scipy.special.expit(offset)
    weights, missed = expected * (1 - expected), sign * (turned - expected)
    by_cluster = np.bincount(apart.clusters[own], missed)
    pull = design.T @ (weights * sign)
    # The error of the item's score moves its odds in all its trials alike.
    slope = params[1] + params[2] * (1 - design[:, 2] ** 2)
    known = float(pull @ np.linalg.solve(information, pull))
    known += float(np.sum(weights * slope) * apart.stderr[item]) ** 2
    chance = float(np.sum(by_cluster**2))
    z = float(missed.sum()) / max((chance + known) ** 0.5, _TOLERANCE)
    leaning, curvature = _fitted(sign[:, None], turned, np.array([choice.DEFAULT_ALPHA]), offset=offset)
    # Prompts that hang together widen the interval as they do the test.
    inflation = max(1.0, chance / max(float(np.sum(missed**2)), _TOLERANCE))
    variance = inflation / float(curvature[0, 0]) + known / float(curvature[0, 0]) ** 2
    return _Test(float(leaning[0]), variance**0.5, float(t_two_sided(z, np.inf)))


def _fitted(
    design: Floats, chosen: Floats, ridge: Floats, *, offset: Floats | None = None
) -> tuple[Floats, Floats]:
    """Of a penalised logistic regression: estimate, and negative Hessian there."""
    params = np.zeros(design.shape[1])
    fixed = np.zeros(len(chosen)) if offset is None else offset
    for _ in range(_MOST_STEPS):
        p: Floats = scipy.special.expit(fixed + design @ params)
        information = design.T @ ((p * (1 - p))[:, None] * design) + np.diag(ridge)
        gradient = design.T @ (chosen - p) - ridge * params
        step = np.linalg.solve(information, gradient)
        if float(gradient @ step) < _TOLERANCE:
            return params, information
        params = params + step / max(1.0, float(np.abs(step).max()))
    raise NotIdentified("no convergence in the test of their differing trials")
