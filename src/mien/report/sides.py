"""What is said of a model's sides, in words and cells, wherever they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from mien.formatting import enumerated, fraction, p_value
from mien.types import OWN_ANSWER

if TYPE_CHECKING:
    from mien.stats.diffs.change import Change
    from mien.stats.sides import Sides
    from mien.stats.sides.sides import GapRow


def side_cells(found: Sides) -> list[tuple[str, ...]]:
    """A row a side: side, run, judge, choices (or ratings), reliability."""
    return [
        (
            name,
            side.run,
            "none" if side.judge == OWN_ANSWER else side.judge,
            f"{side.decided:,} of {side.trials:,}",
            fraction(side.reliability),
        )
        for name, side in found.by_side.items()
    ]


def likeness_cells(found: Sides) -> list[tuple[str, ...]]:
    """A row a pair: both sides, r with its interval, and the same without noise."""
    return [
        (
            pair.a,
            pair.b,
            fraction(pair.likeness.r),
            _ends(pair.likeness.low, pair.likeness.high),
            fraction(pair.likeness.corrected),
            _ends(pair.likeness.corrected_low, pair.likeness.corrected_high),
        )
        for pair in found.pairs
    ]


def gap_cells(row: GapRow) -> tuple[str, ...]:
    """Trait, both values, the gap with its interval, and q."""
    return (
        row["trait"],
        f"{row['a']:+.2f}",
        f"{row['b']:+.2f}",
        f"{row['gap']:+.2f}",
        f"{row['low']:+.2f} … {row['high']:+.2f}",
        p_value(row["q"]),
    )


class StrengthRow(TypedDict):
    """How often a trait is read when the model is told to adopt it, and when it is told nothing."""

    trait: str
    told: float
    nothing: float
    strength: float
    low: float
    high: float
    q: float
    shown: bool


def strength_row(change: Change) -> StrengthRow:
    """One trait of `mien.stats.sides.strength`; ``shown`` is whether it is read more often when asked for."""
    return StrengthRow(
        trait=change.name,
        told=change.after,
        nothing=change.before,
        strength=change.delta,
        low=change.low,
        high=change.high,
        q=change.q,
        shown=change.changed and change.delta > 0,
    )


def claims(found: Sides) -> list[str]:
    """What the model claims and does not show, and shows and does not claim: a line each."""
    pair = found.says_and_shows
    lines: list[str] = []
    if pair is not None and pair.gaps is not None:
        kinds = (("Claims more than it", found.claimed), ("Claims less than it", found.unclaimed))
        for told, rows in kinds:
            lines.append(f"{told} {pair.b}: {enumerated(map(_gap, rows), 8) if rows else 'no trait'}.")
    if found.never_seen:
        names = enumerated((row["trait"] for row in found.never_seen), 8)
        lines.append(f"Never seen unasked: {names}.")
    return lines


def _gap(row: GapRow) -> str:
    return f"{row['trait']} ({row['gap']:+.2f})"


def _ends(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{fraction(low)} … {fraction(high)}"
