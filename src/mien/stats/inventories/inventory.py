"""Traits rated one by one on a scale, in several phrasings, some of which ask for the opposite."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import numpy as np

from mien.errors import NotIdentified
from mien.stats.distributions import t_half_width
from mien.stats.estimates import Estimates, Quantity, Sample, Scale, Share
from mien.stats.estimates.circumstances import UNKNOWN, Circumstances
from mien.stats.estimates.means import Sums, means_of_sums
from mien.stats.inventories.additive import additive
from mien.stats.inventories.alpha import Alpha, cronbach_alpha, rest_correlation
from mien.stats.inventories.answers import HIGHEST, LOWEST, MIDDLE, UNREAD, Answers, cells, mean_of_known

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.types import Floats, Ints


class Interval(NamedTuple):
    """A value with the ends of its interval."""

    value: float
    low: float
    high: float


class InventoryRow(TypedDict):
    """A trait: its rating, and the means of its straight and of its reversed phrasings, turned round."""

    rank: int
    trait: str
    rating: float
    low: float
    high: float
    stderr: float
    straight: float | None
    reversed: float | None
    answers: int
    unreadable: int


class PhrasingRow(TypedDict):
    """A phrasing: the mean answer as it was given, and how its ratings go with those of all others."""

    phrasing: str
    reversed: bool
    answers: int
    unreadable: int
    mean: float | None
    r: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inventory:
    """What a model says of itself, trait by trait.

    Attributes:
        model: whose they are.
        estimates: the ratings, on the scale from `LOWEST` to `HIGHEST`.
        answers: what they were made of.
        acquiescence: by how much answers lean to the high end whichever way the question is put, in steps of
            the scale: half of what a straight and a reversed phrasing rate a trait apart, mean over traits.
            None where fewer than two traits tell it.
        alpha: of all phrasings, of the straight ones and of the reversed ones.
        confidence_level: of all intervals.
    """

    model: str
    estimates: Estimates
    answers: Answers
    acquiescence: Interval | None
    alpha: dict[str, Alpha]
    confidence_level: float

    @property
    def rows(self) -> list[InventoryRow]:
        """One a trait that could be rated, the highest first."""
        found, of = self.estimates, self.answers
        counts, unread, keyed = cells(of)
        turned = of.turned
        low, high = found.intervals(self.confidence_level)
        rows: list[InventoryRow] = []
        by_rank: list[int] = np.argsort(-found.values, kind="stable").tolist()
        for rank, i in enumerate(by_rank, 1):
            t = of.traits.index(found.names[i])
            rows.append(
                InventoryRow(
                    rank=rank,
                    trait=found.names[i],
                    rating=float(found.values[i]),
                    low=float(low[i]),
                    high=float(high[i]),
                    stderr=float(found.stderr[i]),
                    straight=mean_of_known(keyed[t, ~turned]),
                    reversed=mean_of_known(keyed[t, turned]),
                    answers=int(counts[t].sum()),
                    unreadable=int(unread[t].sum()),
                )
            )
        return rows

    @property
    def phrasings(self) -> list[PhrasingRow]:
        """One a phrasing, in their order."""
        of = self.answers
        counts, unread, keyed = cells(of)
        rows: list[PhrasingRow] = []
        for p, (name, turned) in enumerate(of.phrasings):
            mean = mean_of_known(keyed[:, p])
            rows.append(
                PhrasingRow(
                    phrasing=name,
                    reversed=turned,
                    answers=int(counts[:, p].sum()),
                    unreadable=int(unread[:, p].sum()),
                    mean=None if mean is None else 2 * MIDDLE - mean if turned else mean,
                    r=rest_correlation(keyed, p),
                )
            )
        return rows

    @property
    def read(self) -> int:
        """Answers that could be read."""
        return int(np.count_nonzero(self.answers.rating != UNREAD))

    @property
    def unreadable(self) -> int:
        """Answers that could not; none is asked again, or filled in."""
        return len(self.answers.rating) - self.read

    def to_dict(self) -> dict[str, Any]:
        """What ``mien profile --json`` prints of an inventory: plain values, None where one is not known."""
        found = self.estimates
        return {
            "run": found.label,
            "model": self.model,
            "instrument": found.sample.method,
            "answers": {"designed": found.made.designed, "read": self.read, "unreadable": self.unreadable},
            "missing": found.made.missing,
            "traits": self.rows,
            "unrated": list(found.unrated),
            "phrasings": self.phrasings,
            "reliability": found.reliability,
            "alpha": {name: one._asdict() for name, one in self.alpha.items()},
            "acquiescence": None if self.acquiescence is None else self.acquiescence._asdict(),
            "confidence_level": self.confidence_level,
        }


def inventory(
    answers: Answers,
    *,
    label: str = "",
    model: str = "",
    made: Circumstances = UNKNOWN,
    confidence_level: float = 0.95,
) -> Inventory:
    """Rate traits by the answers to an inventory.

    A reversed answer is turned round. Of the answers to one question, trait × phrasing, the mean y_tp is
    taken, and y_tp = μ_t + b_p + e_tp is fitted by least squares, with as much weight on straight phrasings
    as on reversed ones in Σ w_p b_p = 0: μ_t is the rating, whichever answers could not be read. So what a
    phrasing does to all traits alike is taken out, a leaning to say yes with it; what it does to one trait
    is noise, together with that of the answers: the questions are the clusters. Two models that were asked
    the same questions are paired by them.

    At the ends of the scale answers do not differ, and their variance says nothing: to it is added what one
    question answered one step nearer to the middle would add, in the measure in which the rating is away from
    the middle.

    Args:
        answers: of one model.
        label: what they are called, such as the run.
        model: whose they are.
        made: under what circumstances.
        confidence_level: of all intervals.

    Raises:
        NotIdentified: two traits cannot be told apart by any phrasings that rate both; or no straight, or no
            reversed, phrasing could be read.
    """
    counts, unread, keyed = cells(answers)
    told, turned = counts > 0, answers.turned
    rated = told.sum(axis=1) >= 2
    _require_told(told[rated], turned, label)
    used = np.asarray(told[rated].any(axis=0))
    return Inventory(
        model=model,
        estimates=replace(
            _estimates(answers, keyed, counts, rated, used, label),
            made=made,
            endings=_endings(answers, counts, unread, label),
        ),
        answers=answers,
        acquiescence=_acquiescence(keyed, turned, confidence_level),
        alpha={
            kind: cronbach_alpha(keyed[:, which], confidence_level)
            for kind, which in (("all", used), ("straight", used & ~turned), ("reversed", used & turned))
        },
        confidence_level=confidence_level,
    )


def _require_told(told: NDArray[np.bool_], turned: NDArray[np.bool_], label: str) -> None:
    """Refuse answers that cannot tell what a model claims from what it says yes to, or of one trait alone.

    Raises:
        NotIdentified: they are such.
    """
    for kind, which in (("straight", ~turned), ("reversed", turned)):
        if not told[:, which].any():
            raise NotIdentified(
                f"{label or 'the inventory'} holds no answer to a {kind} phrasing that could be read, and so "
                "cannot tell what a model claims from what it says yes to"
            )
    if len(told) < 2:
        raise NotIdentified(f"{label or 'the inventory'} holds answers on fewer than two traits")


def _estimates(
    answers: Answers,
    keyed: Floats,
    counts: NDArray[Any],
    rated: NDArray[np.bool_],
    used: NDArray[np.bool_],
    label: str,
) -> Estimates:
    """The ratings of the traits that enough phrasings rate, from the phrasings that could be read of them."""
    names = [trait for trait, known in zip(answers.traits, rated, strict=True) if known]
    fit = additive(keyed[rated][:, used], answers.turned[used], label)
    questions = answers.questions[rated][:, used]
    jackknife = fit.jackknife(questions[fit.trait, fit.phrasing].tolist())
    covariance = jackknife.covariance()
    return Estimates(
        label=label,
        quantities=tuple(Quantity(name, Scale(lowest=LOWEST, highest=HIGHEST)) for name in names),
        values=fit.values,
        covariance=covariance,
        jackknife=jackknife,
        told=fit.told,
        df=np.minimum(fit.questions - 1.0, jackknife.degrees_of_freedom()),
        working=np.diag(np.diag(covariance)),
        sample=Sample(
            n=int(counts.sum()),
            each="answer",
            length=float(counts.sum() / max(len(names), 1)),
            by="answer",
            method="inventory",
        ),
        noun="trait",
        reliability=float(1 - np.mean(np.diag(covariance)) / np.var(fit.values, ddof=1))
        if np.ptp(fit.values) > 0
        else None,
        unrated=tuple(sorted(set(answers.traits) - set(names))),
    )


def _acquiescence(keyed: Floats, turned: NDArray[np.bool_], confidence_level: float) -> Interval | None:
    """Half of straight less reversed, mean over the traits that both rate, with Student's interval."""
    apart = np.array([_apart(row, turned) for row in keyed])
    known = apart[~np.isnan(apart)]
    if len(known) < 2:
        return None
    value = float(known.mean())
    half = float(t_half_width(confidence_level, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
    return Interval(value, value - half, value + half)


def _apart(row: Floats, turned: NDArray[np.bool_]) -> float:
    straight, turned_round = mean_of_known(row[~turned]), mean_of_known(row[turned])
    return float("nan") if straight is None or turned_round is None else (straight - turned_round) / 2


def _endings(answers: Answers, counts: Ints, unread: Ints, label: str) -> Estimates | None:
    """The share of answers that could not be read, by question."""
    asked = counts + unread
    trait, phrasing = np.nonzero(asked)
    if len(trait) < 2:
        return None
    sums = Sums(asked[trait, phrasing], unread[trait, phrasing].astype(np.float64))
    questions = answers.questions[trait, phrasing].tolist()
    quantities = [Quantity("unreadable", Share())]
    return means_of_sums(questions, [sums], quantities, n=int(asked.sum()), label=label)
