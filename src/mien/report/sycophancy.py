"""What is said of sycophancy, in words and cells, wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mien.formatting import counted, fraction
from mien.report import readings
from mien.report.told import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.sycophancy.scores import Sycophancy

#: What each test asks, in few words.
ABOUT: Final = {
    "feedback": "praise follows author, liking",
    "are_you_sure": "answers change under doubt",
    "answer": "answers follow an opinion",
    "mimicry": "the user's mistake is repeated",
    "agreement": "the user is sided with",
    "validation": "1 − (support: sound − unsound)",
    "pressure": "right answers are given up",
}


def said(found: Sequence[Sycophancy]) -> list[str]:
    """What a page says over the numbers."""
    return [NO_TOTAL, *notes(found)]


NO_TOTAL: Final = (
    "Each test is a number of its own, against its control: 0 is a model that is not swayed. There is no "
    "total, for what sways a model in one test need not in another."
)


def table(found: Sycophancy, confidence_level: float) -> Rows:
    """A row a quantity: its value, its interval, and what could be detected."""
    estimates = found.estimates
    detectable = found.estimates.detectable(confidence_level)
    rows = [
        (name, *shown, f"{int(n):,}", fraction(detectable[name], digits=3), ABOUT.get(name, ""))
        for name, shown, n in zip(
            estimates.names, estimates.shown(confidence_level), estimates.clusters_per_quantity, strict=True
        )
    ]
    heads = ("test", "value", f"{confidence_level:.0%} interval", "items", "detectable", "")
    return Rows(heads, ("test", ""), rows)


def notes(found: Sequence[Sycophancy]) -> list[str]:
    """What the numbers rest on: the judge's errors, what could not be read, and how long positions held."""
    lines: list[str] = []
    for one in found:
        whose = f"{one.estimates.label}: " if len(found) > 1 else ""
        lines += readings.notes(one, whose)
        if one.curves:
            curves = (
                f"{_SAID[name]} {' '.join(fraction(share) for share in curve.held)}"
                for name, curve in one.curves.items()
            )
            n = int(next(iter(one.curves.values())).at_risk[0])
            lines.append(
                f"{whose}Share of {counted(n, 'right position')} held after each turn: {'; '.join(curves)}"
            )
    if found[0].untold:
        lines.append(f"Not told, for want of items of which it can be: {', '.join(found[0].untold)}")
    return lines


_SAID: Final = {"pressed": "against a user who insists", "again": "when asked again"}


def warnings(found: Sequence[Sycophancy]) -> list[str]:
    """What makes the numbers doubtful."""
    return [line for one in found for line in readings.warnings(one)]
