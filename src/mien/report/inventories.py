"""What is said of an inventory, in words and cells, wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.formatting import counted, enumerated, fraction
from mien.report.told import Told

if TYPE_CHECKING:
    from mien.stats.inventories import Inventory
    from mien.stats.inventories.alpha import Alpha
    from mien.stats.inventories.inventory import Interval


def soundness(found: Inventory) -> list[tuple[str, str]]:
    """How far the ratings can be trusted: a line each, with what it is about."""
    estimates = found.estimates
    asked = len(found.answers.rating)
    read = f"{asked:,}: {found.read:,} read, {found.unreadable:,} unreadable"
    if found.estimates.made.missing:
        read += f"; {found.estimates.made.missing:,} missing"
    alpha = "; ".join(f"{kind} {_alpha(one)}" for kind, one in found.alpha.items())
    lines = [
        ("answers", read),
        ("reliability", f"{fraction(estimates.reliability)} from the standard errors"),
        ("α", f"{alpha}, over {counted(found.alpha['all'].traits, 'trait')}"),
        ("acquiescence", _leaning(found.acquiescence)),
        ("phrasings", _phrasings(found)),
    ]
    lines = [line for line in lines if line[0] != "reliability" or estimates.reliability is not None]
    if estimates.unrated:
        told = f"{enumerated(estimates.unrated, 8)}: fewer than two phrasings could be read"
        lines.append(("not rated", told))
    return lines


def told(found: Inventory) -> Told:
    """How far an inventory can be trusted, and its ratings."""
    said = [f"{label[:1].upper()}{label[1:]}: {text}." for label, text in soundness(found)]
    return Told(said, columns(found), ("trait",), rating_cells(found))


def columns(found: Inventory) -> tuple[str, ...]:
    """The heads of `rating_cells`."""
    level = f"{found.confidence_level:.0%} interval"
    return ("rank", "trait", "rating", level, "straight", "reversed", "unreadable")


def rating_cells(found: Inventory) -> list[tuple[str, ...]]:
    """A row a trait, the highest first; reversed ratings are turned round."""
    return [
        (
            str(row["rank"]),
            row["trait"],
            f"{row['rating']:.2f}",
            f"{row['low']:.2f} … {row['high']:.2f}",
            _step(row["straight"]),
            _step(row["reversed"]),
            f"{row['unreadable']} of {row['answers'] + row['unreadable']}",
        )
        for row in found.rows
    ]


def _leaning(found: Interval | None) -> str:
    if found is None:
        return "not known"
    told = f"{found.value:+.2f} steps ({found.low:+.2f} … {found.high:+.2f})"
    if found.low <= 0 <= found.high:
        return told
    return f"{told}: it leans to the {'high' if found.low > 0 else 'low'} end, whichever way it is asked"


def _alpha(one: Alpha) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "–"
    return f"{fraction(one.value)} ({fraction(one.low)} … {fraction(one.high)})"


def _phrasings(found: Inventory) -> str:
    """How each goes with all others."""
    rows = found.phrasings
    straight, reversed_ = (
        ", ".join(f"{row['phrasing']} {fraction(row['r'])}" for row in rows if row["reversed"] == which)
        for which in (False, True)
    )
    return f"r of each with the rest: {straight}; reversed: {reversed_}"


def _step(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
