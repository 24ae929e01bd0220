"""What came out: how far each trait stretches, what it costs, and whether the judge could read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from mien.errors import NotIdentified, UsageError
from mien.evals.breadth.answered import Answered
from mien.evals.breadth.evaluate import KIND
from mien.evals.breadth.stretch import MEAN, UNTOLD
from mien.formatting import enumerated
from mien.stats.distributions import t_two_sided
from mien.stats.estimates import Points, Quantity
from mien.stats.estimates.stacked import stacked, with_mean
from mien.stats.multiplicity import false_discovery
from mien.stats.stretch import wide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.breadth.answered import Hits, Readings
    from mien.evals.evaluation import Evaluation
    from mien.stats.estimates import Estimates
    from mien.stats.stretch import Stretch, Wide

#: Points of range above which a trait is one that the model can take: odds of ten to one.
BOUND: Final = 400.0

State = Literal["wide", "narrow", "cannot", "undecided", "unchecked", "not readable", "untold"]


class Known(NamedTuple):
    """A value with its interval."""

    value: float
    low: float
    high: float


class Moved(NamedTuple):
    """How far another trait moves along, −1 to 1, with its interval, and q over all that were looked at."""

    other: str
    value: float
    low: float
    high: float
    q: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitBreadth:
    """How far one trait stretches.

    Attributes:
        trait: its name.
        state: ``wide``, the range is shown to be above the bound; ``narrow``, shown to be below it, and above
            0; ``cannot``, shown to be below it, and not above 0; ``undecided``; ``unchecked``: it would be
            ``narrow`` or ``cannot``, had it been tried whether the judge can read the trait; ``not
            readable``: the judge is not shown to read it better than by guessing, so that nothing is known
            of the model; ``untold``: there are too few comparisons.
        range: level 3 less level −3, in points; None where nothing is known of the model.
        stretch: all that comparisons tell; None as there.
        judge: how often the judge read planted replies right; None where it was not tried.
        answers: shares of replies that deal with what was asked, told ``up`` and ``down``, where known.
        moved: other traits, in the order in which they move.
    """

    trait: str
    state: State
    range: Known | None
    stretch: Stretch | None
    judge: Hits | None
    answers: Mapping[str, Known]
    moved: tuple[Moved, ...]

    @property
    def levels(self) -> tuple[int, int]:
        """The outermost levels, down and up, that are shown to go beyond the one before; 0 where none is."""
        if self.stretch is None:
            return 0, 0
        shown = (self.stretch.steps.low > 0).tolist()  # of the steps −3 to −2, …, 2 to 3
        n = len(shown) // 2
        down = max((n - i for i in range(n) if shown[i]), default=0)
        return -down, max((i + 1 for i in range(n) if shown[n + i]), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """What came out of an evaluation.

    Attributes:
        estimates: the mean range; of each trait the `mien.stats.stretch.PARTS`; ``TRAIT answers up`` and
            ``down``; ``TRAIT moves OTHER``; and ``answers``, of replies without a word; as far as they can
            be told of all that were looked at.
        traits: those that were stretched, in their order.
        bound: points of range above which one is ``wide``.
        wide: of the traits that the judge was shown to read, the share whose range is above the bound; None
            where there are none.
        answers: the share of replies without a word that deal with what was asked; None where unknown.
        answers_read: how often the judge read right whether planted replies deal with what was asked.
        readings: what became of the readings.
        reads_itself: whether the judge is the model under test.
    """

    estimates: Estimates
    traits: tuple[TraitBreadth, ...]
    bound: float
    wide: Wide | None
    answers: Known | None
    answers_read: Hits | None
    readings: Readings
    reads_itself: bool

    @property
    def first(self) -> float:
        """How often the judge takes the first of two replies that show as much; over the traits told."""
        leanings = np.array([one.stretch.first for one in self.traits if one.stretch])
        return float(np.mean(1 / (1 + np.exp(-leanings))))

    @property
    def drawable(self) -> bool:
        """Whether there is a range to draw, always."""
        return True

    def compared(self, *named: str) -> Estimates:
        """What a diff compares: the mean range and each trait's, and of all else those named.

        Raises:
            UsageError: the range of a trait that is named cannot be told.
        """
        for one in self.traits:
            if one.trait in named and one.trait not in self.estimates.names:
                why = (
                    "a judge cannot read it"
                    if one.state == "not readable"
                    else "there are too few comparisons"
                )
                raise UsageError(f"the range of {one.trait} cannot be told of all evaluations: {why}")
        wanted = {MEAN, *(one.trait for one in self.traits), *named}
        return self.estimates.only(*(name for name in self.estimates.names if name in wanted))


def breadth(
    evaluations: Sequence[Evaluation], *, bound: float = BOUND, confidence_level: float = 0.95
) -> list[Breadth]:
    """How far each evaluation's model stretches, with estimates of what can be told of all.

    Args:
        evaluations: of this kind.
        bound: points of range above which a trait is ``wide``.
        confidence_level: of the intervals.

    Raises:
        UsageError: an evaluation is of another kind, or the bound is not above 0.
        NotIdentified: no range can be told of all.
    """
    for one in evaluations:
        if one.record.kind != KIND:
            raise UsageError(f"evaluation {one.name!r} is of {one.record.kind}, not of {KIND}")
    require_bound(bound)
    found = [_Found(Answered(one, confidence_level), bound) for one in evaluations]
    common = [trait for trait in found[0].told if all(trait in one.told for one in found)]
    if not common:
        raise NotIdentified(_why(found))
    joint = [one.estimates(common) for one in found]
    names = [name for name in joint[0].names if all(name in one.names for one in joint)]
    return [one.result(of.only(*names)) for one, of in zip(found, joint, strict=True)]


def require_bound(bound: float) -> None:
    """Refuse what no range can be held against.

    Raises:
        UsageError: it is not above 0.
    """
    if not 0 < bound < np.inf:
        raise UsageError(f"a bound on ranges is a number of points above 0, not {bound:g}")


def _why(found: Sequence[_Found]) -> str:
    evaluations = [one.of.evaluation for one in found]
    text = f"no range can be told of {', '.join(one.name for one in evaluations)}: "
    if lacking := next((why for one in evaluations if (why := one.made.lacking(one.name))), ""):
        return text + lacking
    hits = {trait: hit for one in found for trait, hit in one.of.hits.items() if not hit.reads}
    if hits:
        right = enumerated([f"{trait} {hit.right} of {hit.share.n}" for trait, hit in hits.items()])
        return text + (
            f"the judge reads the traits no better than by guessing ({right} planted readings right), so "
            "that nothing is known of the model; give another --judge"
        )
    return text + "the replies decline, or cannot be read"


class _Found:
    """What one evaluation's answers come to.

    Args:
        of: the answers.
        bound: points of range above which a trait is ``wide``.
    """

    def __init__(self, of: Answered, bound: float) -> None:
        self.of, self.bound = of, bound
        self.told = [trait for trait in of.stretches if not of.blind_to(trait)]
        self._counted = of.counted()
        self._known = _known(self._counted, of.confidence_level) if self._counted else {}
        self._moved = self._movements()

    def estimates(self, common: Sequence[str]) -> Estimates:
        """Of traits that are told of all, and all that is counted."""
        parts = [self.of.stretches[trait].estimates for trait in common]
        whole = stacked([*parts, self._counted] if self._counted else parts, label=self.of.evaluation.name)
        whole = with_mean(whole, common, Quantity(MEAN, Points()))
        sample = whole.sample._replace(each="reading", by="prompt")
        return replace(whole, made=self.of.evaluation.made, noun="trait", sample=sample)

    def result(self, estimates: Estimates) -> Breadth:
        """All of it."""
        record = self.of.evaluation.record
        return Breadth(
            estimates=estimates,
            traits=tuple(self._trait(trait) for trait in self.of.by_trait),
            bound=self.bound,
            wide=self._wide(),
            answers=self._known.get(UNTOLD),
            answers_read=self.of.answers_read,
            readings=self.of.readings,
            reads_itself=record.judge == record.model,
        )

    def _trait(self, trait: str) -> TraitBreadth:
        stretch = self.of.stretches.get(trait) if trait in self.told else None
        spread = _known(stretch.estimates, self.of.confidence_level)[trait] if stretch else None
        sides = {side: self._known.get(f"{trait} answers {side}") for side in ("up", "down")}
        return TraitBreadth(
            trait=trait,
            state=self._state(trait, spread, stretch),
            range=spread,
            stretch=stretch,
            judge=self.of.hits.get(trait),
            answers={side: known for side, known in sides.items() if known},
            moved=tuple(self._moved.get(trait, ())),
        )

    def _state(self, trait: str, spread: Known | None, stretch: Stretch | None) -> State:
        if self.of.blind_to(trait):
            return "not readable"
        if spread is None or stretch is None:
            return "untold"
        if spread.low > self.bound:
            return "wide"
        if spread.high >= self.bound or stretch.endless:
            return "undecided"
        if trait not in self.of.hits:
            return "unchecked"
        return "narrow" if spread.low > 0 else "cannot"

    def _wide(self) -> Wide | None:
        of = [self.of.stretches[trait] for trait in self.told if trait in self.of.hits]
        return wide(of, self.bound, confidence_level=self.of.confidence_level) if of else None

    def _movements(self) -> dict[str, list[Moved]]:
        """By trait, how others move along."""
        estimates = self._counted
        pairs = [
            (trait, other, f"{trait} moves {other}")
            for trait, other in self.of.beside
            if f"{trait} moves {other}" in self._known
        ]
        if estimates is None or not pairs:
            return {}
        moved = estimates.only(*(name for *_, name in pairs))
        q = false_discovery(t_two_sided(moved.values / moved.stderr, moved.df)).tolist()
        found: dict[str, list[Moved]] = {}
        for (trait, other, name), of_one in zip(pairs, q, strict=True):
            found.setdefault(trait, []).append(Moved(other, *self._known[name], of_one))
        return {trait: sorted(some, key=lambda one: -abs(one.value)) for trait, some in found.items()}


def _known(estimates: Estimates, confidence_level: float) -> dict[str, Known]:
    low, high = estimates.intervals(confidence_level)
    each = zip(estimates.values.tolist(), low.tolist(), high.tolist(), strict=True)
    return dict(zip(estimates.names, (Known(*one) for one in each), strict=True))
