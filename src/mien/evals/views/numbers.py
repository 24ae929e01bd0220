"""What the answers to contested questions come to: a number of each quantity, with each question's pull."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mien.evals.views.evaluate import PARTS
from mien.stats.estimates.means import Sums, mean_of, pulled, ratio_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.answers import Answers
    from mien.evals.item import Item
    from mien.stats.estimates import Estimates, Quantity
    from mien.stats.estimates.means import Pulled
    from mien.types import Floats

_LEAST: Final = 2  # questions


class Numbers:
    """The numbers that items with their answers make, by question: the parts' items of one hang together.

    Args:
        by_part: items and what was answered.
    """

    def __init__(self, by_part: Mapping[str, Sequence[tuple[Item, Answers]]]) -> None:
        items = [item for found in by_part.values() for item, _ in found]
        self._n = len(items)
        self._questions = list(dict.fromkeys(item.cluster or item.id for item in items))
        rows = [row for name, found in by_part.items() for row in PARTS[name].rows(found)]
        self._sums = _sums(rows, self._questions)
        self._ratios = {name: of for part in by_part for name, of in PARTS[part].ratios.items()}

    def told(self, name: str) -> bool:
        """Whether enough questions tell of a quantity."""
        ratio = self._ratios.get(name)
        counts = [self._sums[column].counts for column in ratio or (name,) if column in self._sums]
        if len(counts) < len(ratio or (name,)) or any(np.count_nonzero(one) < _LEAST for one in counts):
            return False
        return ratio is None or float(self._sums[ratio[1]].sums.sum()) > 0

    def estimates(self, told: Sequence[Quantity], label: str) -> Estimates:
        """Of quantities that are told."""
        found = [self._pulled(quantity) for quantity in told]
        return pulled(self._questions, found, told, n=self._n, label=label)

    def _pulled(self, quantity: Quantity) -> Pulled:
        if of := self._ratios.get(quantity.name):
            return ratio_of(*(_means(self._sums[column]) for column in of))
        return mean_of(*self._sums[quantity.name], quantity)


def _sums(rows: Sequence[Mapping[str, Any]], questions: Sequence[str]) -> dict[str, Sums]:
    """By column, how many rows of each question have a number, and their sum."""
    place = {question: i for i, question in enumerate(questions)}
    found: dict[str, Sums] = {}
    for row in rows:
        for name in row.keys() - {"prompt_id"}:
            new = Sums(np.zeros(len(place), dtype=np.int64), np.zeros(len(place)))
            at = found.setdefault(name, new)
            at.counts[place[row["prompt_id"]]] += 1
            at.sums[place[row["prompt_id"]]] += row[name]
    return found


def _means(of: Sums) -> Floats:
    return np.where(of.counts > 0, of.sums / np.maximum(of.counts, 1), np.nan)
