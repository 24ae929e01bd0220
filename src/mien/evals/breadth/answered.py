"""An evaluation's answers: as comparisons of levels, as numbers, and as the judge's hits and misses."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from mien.errors import NotIdentified
from mien.evals.answers import Answers
from mien.evals.breadth import planted, stretch
from mien.stats.distributions import binomial_at_least
from mien.stats.estimates import Lean, Quantity, Share, means
from mien.stats.proportions import Proportion, proportion
from mien.stats.stretch import stretch as rated
from mien.types import REFUSED, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.evaluation import Evaluation
    from mien.evals.item import Item
    from mien.stats.estimates import Estimates
    from mien.stats.stretch import Stretch

#: The chance at most that a judge who tosses a coin passes for one that reads a trait.
GUESSED: Final = 0.05


class Readings(NamedTuple):
    """What became of the readings of a model's replies.

    Attributes:
        read: that tell something.
        refused: of replies that declined.
        unreadable: that tell nothing.
        cut_off: replies that the limit on their length cut off.
    """

    read: int
    refused: int
    unreadable: int
    cut_off: int


class Hits(NamedTuple):
    """How often a judge read planted replies right.

    Attributes:
        share: of the readings, with its interval.
        right: how many were.
    """

    share: Proportion
    right: int

    @property
    def reads(self) -> bool:
        """Whether a coin would hardly be right so often.

        The exact binomial test, of readings as independent: 7 of 8 are enough (p = .035), 6 are not.
        """
        return binomial_at_least(self.right, self.share.n, 0.5) <= GUESSED


class Answered:
    """What an evaluation's answers tell, trait by trait.

    Args:
        evaluation: of this kind.
        confidence_level: of the intervals.
    """

    def __init__(self, evaluation: Evaluation, confidence_level: float) -> None:
        self.evaluation = evaluation
        self.confidence_level = confidence_level
        answers = evaluation.answers()
        self.by_trait: dict[str, list[tuple[Item, Answers]]] = {}
        planted_of: dict[str, list[tuple[Item, Answers]]] = {}
        for key, item in evaluation.items.items():
            by = planted_of if planted.is_planted(item) else self.by_trait
            by.setdefault(item.test, []).append((item, Answers(answers[key])))
        hits = {name: self._hits(of) for name, of in planted_of.items()}
        self.answers_read = hits.pop(planted.ANSWERS, None)
        self.hits = {name.removeprefix(planted.PLANTED): found for name, found in hits.items() if found}
        self.stretches = {
            name: found for name, of in self.by_trait.items() if (found := self._stretch(name, of))
        }

    def blind_to(self, trait: str) -> bool:
        """Whether the judge was tried on a trait, and is not shown to read it."""
        return trait in self.hits and not self.hits[trait].reads

    def _hits(self, of: Sequence[tuple[Item, Answers]]) -> Hits | None:
        found = [
            (hit, item.cluster or item.id) for item, answers in of for hit in planted.hits(item, answers)
        ]
        if not found:
            return None
        right, clusters = zip(*found, strict=True)
        share = proportion(right, clusters=clusters, confidence_level=self.confidence_level)
        return Hits(share, sum(right))

    def _stretch(self, trait: str, of: Sequence[tuple[Item, Answers]]) -> Stretch | None:
        compared = [one for item, answers in of for one in stretch.comparisons(item, answers)]
        levels, chosen = [one.levels for one in compared], [one.chosen for one in compared]
        prompts = [one.prompt for one in compared]
        try:
            return rated(trait, levels, chosen, prompts, confidence_level=self.confidence_level)
        except NotIdentified:
            return None

    def counted(self) -> Estimates | None:
        """How far replies deal with what was asked, and other traits move; None where nothing is told."""
        rows = [
            {"prompt_id": item.id} | stretch.row(item, answers)
            for of in self.by_trait.values()
            for item, answers in of
        ]
        names = dict.fromkeys(name for row in rows for name in row if name != "prompt_id")
        columns: dict[str, list[Any]] = {
            name: [row.get(name, np.nan) for row in rows] for name in ("prompt_id", *names)
        }
        moving = {f"{trait} moves {other}" for trait, other in self.beside}
        told = [
            Quantity(name, Lean()) if name in moving else Quantity(name, Share(), "better")
            for name in names
            if len({row["prompt_id"] for row in rows if name in row}) > 1
        ]
        return means(columns, told, label=self.evaluation.name) if told else None

    @property
    def beside(self) -> list[tuple[str, str]]:
        """Each trait with each of those that are looked at beside it."""
        return [
            (trait, other["name"])
            for trait, ((item, _), *_) in self.by_trait.items()
            for other in item.content["beside"]
        ]

    @property
    def readings(self) -> Readings:
        """What became of those of the model's replies."""
        of = [one for some in self.by_trait.values() for one in some]
        read = Counter(reading for one in of for reading in stretch.readings(*one))
        return Readings(
            read=sum(n for what, n in read.items() if what not in ("", REFUSED, UNREADABLE)),
            refused=read[REFUSED],
            unreadable=read[UNREADABLE],
            cut_off=sum(answers.cut_off for _, answers in of),
        )
