"""How far one quantity changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mien.stats.diffs.equivalence import Finding
    from mien.stats.estimates import Quantity

_KEYS: Final = ("delta", "low", "high", "stderr", "p", "q", "changed", "finding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A change as a part of the value before, ``.2`` for a fifth more, with its interval."""

    change: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How far one quantity changed, b − a, in its unit.

    Attributes:
        before: the value in a; after: in b.
        delta: with the ends ``low`` and ``high`` of its interval.
        relative: the same in parts of the value before, of an amount that was above 0.
        p: two-sided, against no change; q: adjusted over all quantities.
        changed: q is below the false-discovery rate, and the change not known to lie within the margin.
        better: whether what changed did so for the better; None where it did not, or neither is better.
        finding: None without a margin.
        needed: length of both samples that would decide an undecided quantity.
    """

    quantity: Quantity
    before: float
    after: float
    delta: float
    low: float
    high: float
    stderr: float
    relative: Relative | None
    p: float
    q: float
    changed: bool
    better: bool | None
    finding: Finding | None
    needed: int | None

    @property
    def name(self) -> str:
        """Of the quantity."""
        return self.quantity.name

    def row(self, noun: str, length: str) -> dict[str, Any]:
        """As plain values: the name under ``noun``, ``needed`` under ``length``.

        Of a rating, whose level is a convention, there is no more to tell than the change.
        """
        row = {noun: self.name} | {key: getattr(self, key) for key in _KEYS} | {length: self.needed}
        if self.quantity.unit.centre is None:
            relative = None if self.relative is None else asdict(self.relative)
            row |= {"unit": self.quantity.unit.word, "before": self.before, "after": self.after}
            row |= {"relative": relative, "better": self.better}
        return row
