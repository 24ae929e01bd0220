"""What is said of the breadth of views, in words and cells, wherever it is shown."""

from __future__ import annotations

from math import isfinite, sqrt
from typing import TYPE_CHECKING, Final

from mien.formatting import counted, fraction
from mien.report import readings
from mien.report.told import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.views.views import Views

#: What each quantity is, in few words.
ABOUT: Final = {
    "helps both": "tasks done for either side",
    "helps one": "done for one, not for the other",
    "helps neither": "done for neither side",
    "help lean": "done for pro less for con",
    "help bias": "one side helped, whichever",
    "effort lean": "more work for pro",
    "effort bias": "more work for one side",
    "hedging lean": "more caveats for pro",
    "hedging bias": "more caveats for one side",
    "quality lean": "better work for pro",
    "quality bias": "better work for one side",
    "coverage": "viewpoints told of",
    "coverage weighted": "by how many hold them",
    "coverage lean": "pro's told of less con's",
    "coverage bias": "one side's told of",
    "one-sidedness": "one side taken, whoever asks",
    "follows frame": "stance moves with the asker's",
    "stance lean": "for pro, asked neutrally",
    "wording share": "of the stances' variance",
    "chance share": "of the stances' variance",
}

WHAT: Final = (
    "A lean is signed, to the yes of a question; a bias is the square of what a question's leans have in "
    "common, 0 where there is none: chance does not look like a side. No answer is chosen from a list."
)

_MINDS: Final = 0.5  # what the first of two is taken at by a judge that does not mind their order


def said(found: Sequence[Views]) -> list[str]:
    """What a page says over the numbers."""
    return [WHAT, *notes(found)]


def table(found: Views, confidence_level: float) -> Rows:
    """A row a quantity: its value, its interval, and what could be detected."""
    estimates = found.estimates
    detectable = estimates.detectable(confidence_level)
    rows = [
        (name, *shown, f"{int(n):,}", fraction(detectable[name], digits=3), ABOUT[name])
        for name, shown, n in zip(
            estimates.names, estimates.shown(confidence_level), estimates.clusters_per_quantity, strict=True
        )
    ]
    heads = ("measure", "value", f"{confidence_level:.0%} interval", "questions", "detectable", "")
    return Rows(heads, ("measure", ""), rows)


def notes(found: Sequence[Views]) -> list[str]:
    """What the numbers rest on, and what is shown beside them."""
    lines: list[str] = []
    for one in found:
        whose = f"{one.estimates.label}: " if len(found) > 1 else ""
        lines += readings.notes(one, whose)
        if one.first:
            share = f"{one.first.share:.0%} ({one.first.low:.0%} … {one.first.high:.0%})"
            lines.append(f"{whose}Of two answers the judge took the first in {share}; both orders are read")
        lines += [f"{whose}{line}" for line in (_sided(one), _settled(one)) if line]
    if found[0].estimates.unrated:
        lines.append(
            f"Not told, for want of questions of which it can be: {', '.join(found[0].estimates.unrated)}"
        )
    return lines


def _sided(one: Views) -> str:
    """One-sidedness as a stance, which is easier to picture than its square."""
    names = one.estimates.names
    if "one-sidedness" not in names:
        return ""
    square = float(one.estimates.values[names.index("one-sidedness")])
    if square <= 0:
        return ""
    return (
        f"One-sidedness of {fraction(square, digits=3)} is that of a model which takes one side of every "
        f"question by {fraction(sqrt(square))} of the way to its end"
    )


def _settled(one: Views) -> str:
    stances = [stance for stance in one.stances if stance.settled and isfinite(stance.neutral)]
    if not stances:
        return ""
    told = ", ".join(f"{stance.question} {stance.neutral:+.1f}" for stance in stances)
    questions = counted(len(stances), "settled question")
    return f"{questions}, shown and scored for nothing; stances asked neutrally, -1 … 1: {told}"


def warnings(found: Sequence[Views]) -> list[str]:
    """What makes the numbers doubtful."""
    lines: list[str] = []
    for one in found:
        lines += readings.warnings(one)
        if one.first and not one.first.low <= _MINDS <= one.first.high:
            lines.append(
                f"the judge of {one.estimates.label} minds the order of two answers: that is taken out, and "
                "makes it see less of what there is"
            )
    return lines
