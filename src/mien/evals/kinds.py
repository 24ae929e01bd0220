"""The kinds of evaluations, and what evaluations of any of them found."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Final, Protocol

from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.evals.evaluation import Evaluation
    from mien.stats.estimates import Estimates


class Found(Protocol):
    """What an evaluation of any kind found."""

    @property
    def estimates(self) -> Estimates:
        """All that it can be told of, with joint noise."""
        ...

    @property
    def drawable(self) -> bool:
        """Whether it has what its kind's figure shows."""
        ...

    def compared(self, *named: str) -> Estimates:
        """What a diff compares, and those named beside.

        Raises:
            UsageError: one that is named cannot be told.
        """
        ...


#: What reads evaluations of a kind, by its name: of all of them together, since quantities that cannot be
#: told of one are told of none.
KINDS: Final = {
    "breadth": "breadth.scores:breadth",
    "diversity": "diversity.diversity:diversity",
    "spec": "spec.agreement:agreement",
    "sycophancy": "sycophancy.scores:sycophancy",
    "views": "views.views:views",
}


def kind_of(evaluations: Sequence[Evaluation]) -> str:
    """The kind that all of them are of.

    Raises:
        UsageError: they are of several, or of one that this version does not know.
    """
    kinds = sorted({one.record.kind for one in evaluations})
    if len(kinds) != 1 or kinds[0] not in KINDS:
        raise UsageError(f"evaluations of {' and '.join(kinds)} are not told of together")
    return kinds[0]


def found(evaluations: Sequence[Evaluation], *, confidence_level: float = 0.95) -> Sequence[Found]:
    """What each evaluation found, of the quantities that can be told of all.

    Raises:
        UsageError: they are of several kinds.
        NotIdentified: there are too few answers.
    """
    read: Callable[..., Sequence[Found]] = resolve_name(f"mien.evals.{KINDS[kind_of(evaluations)]}")
    return read(evaluations, confidence_level=confidence_level)
