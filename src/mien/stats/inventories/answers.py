"""The answers to an inventory, and what they say of each trait in each phrasing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.types import Floats, Ints

#: The answers that a question may have, and what stands for one that could not be read.
LOWEST: Final = 1
HIGHEST: Final = 5
UNREAD: Final = 0

MIDDLE: Final = (LOWEST + HIGHEST) / 2


class Phrasing(NamedTuple):
    """In what words a trait is asked about; where ``reversed``, a high answer says that it is not there."""

    name: str
    reversed: bool


class Answers(NamedTuple):
    """The answers to an inventory, one row each.

    Attributes:
        traits: n names.
        phrasings: P of them.
        trait: (N,) which one was asked about.
        phrasing: (N,) in which words.
        rating: (N,) as it was answered, `UNREAD` where that could not be read.
    """

    traits: Sequence[str]
    phrasings: Sequence[Phrasing]
    trait: Ints
    phrasing: Ints
    rating: Ints

    @property
    def turned(self) -> NDArray[np.bool_]:
        """(P,) whether each phrasing is reversed."""
        return np.array([phrasing.reversed for phrasing in self.phrasings], dtype=np.bool_)

    @property
    def questions(self) -> NDArray[np.object_]:
        """(n, P) the questions' names: ``fits: warm``."""
        named = [[f"{phrasing.name}: {trait}" for phrasing in self.phrasings] for trait in self.traits]
        return np.array(named, dtype=object)


def cells(answers: Answers) -> tuple[Ints, Ints, Floats]:
    """(n, P) answers that were read, those that were not, and the mean of what was read, turned round.

    The mean is NaN where nothing was read.
    """
    shape = len(answers.traits), len(answers.phrasings)
    size, place = shape[0] * shape[1], answers.trait * shape[1] + answers.phrasing
    read = answers.rating != UNREAD
    rating = np.where(answers.turned[answers.phrasing], 2 * MIDDLE - answers.rating, answers.rating)
    counts = np.bincount(place[read], minlength=size)
    sums = np.bincount(place[read], rating[read], minlength=size)
    keyed = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
    unread = np.bincount(place[~read], minlength=size)
    return counts.reshape(shape), unread.reshape(shape), keyed.reshape(shape)


def mean_of_known(values: Floats) -> float | None:
    """The mean of those that are not NaN; None where all are."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
