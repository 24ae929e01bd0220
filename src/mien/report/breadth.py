"""What is said of how far a character stretches, in words and cells, wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mien.evals.breadth.stretch import MEAN
from mien.formatting import counted, enumerated, fraction
from mien.report.told import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.breadth.scores import Breadth, TraitBreadth

#: What each state of a trait says, under the table.
STATES: Final = {
    "wide": "the range is shown to be above the bound",
    "narrow": "shown to be below it, and above 0",
    "cannot": "shown to be below it, and not above 0",
    "undecided": "the interval holds the bound",
    "unchecked": "it would be below the bound, had it been tried whether the judge can read the trait",
    "not readable": "the judge cannot read the trait in planted replies: nothing is known of the model",
    "untold": "there are too few comparisons",
}

_MANY: Final = 12  # names in a line
_MOVED: Final = 0.05  # false-discovery rate at which another trait counts as moved along


def said(found: Sequence[Breadth]) -> list[str]:
    """What a page says over the numbers."""
    told = legend(found[0]) if len(found) == 1 else []
    return [*notes(found), *told]


def table(found: Breadth, confidence_level: float) -> Rows:
    """The mean range, and a row a trait, the widest first."""
    heads = (
        *("trait", "range", f"{confidence_level:.0%} interval", "up", "down", "levels", "answers"),
        *("moves along", ""),
    )
    estimates = found.estimates
    shown = dict(zip(estimates.names, estimates.shown(confidence_level), strict=True))
    rows = [(MEAN, *shown[MEAN], *[""] * 6)]
    rows += [_row(one) for one in sorted(found.traits, key=_place)]
    return Rows(heads, ("trait", "levels", "moves along", ""), rows)


def _place(one: TraitBreadth) -> tuple[bool, float]:
    return one.range is None, -one.range.value if one.range else 0.0


def _row(one: TraitBreadth) -> tuple[str, ...]:
    answers = min((known.value for known in one.answers.values()), default=None)
    moved = [f"{other.other} {other.value:+.2f}" for other in one.moved if other.q < _MOVED]
    low, high = one.levels
    ranges = [""] * 5
    if one.range and one.stretch:
        unit = one.stretch.estimates.quantities[0].unit
        up, down = one.stretch.estimates.values[1:3]
        interval = f"{unit.shown(one.range.low)} … {unit.shown(one.range.high)}"
        ends = f"{low:d} … {high:+d}" if low or high else ""
        ranges = [unit.shown(one.range.value), interval, unit.change(up), unit.change(down), ends]
    told = "" if answers is None else fraction(answers, digits=2)
    return (one.trait, *ranges, told, ", ".join(moved), one.state)


def notes(found: Sequence[Breadth]) -> list[str]:
    """What the numbers are, and what they rest on."""
    lines: list[str] = []
    for one in found:
        whose = f"{one.estimates.label}: " if len(found) > 1 else ""
        if one.wide is not None:
            share, low, high, n = one.wide
            lines.append(
                f"{whose}Traits with a range above {one.bound:,.0f} points: {fraction(share)} "
                f"({fraction(low)} … {fraction(high)}) of {counted(n, 'trait')} that the judge can read"
            )
        hits = [trait.judge for trait in one.traits if trait.judge]
        reads = sum(hit.reads for hit in hits)
        tried = [f"it reads {reads} of {counted(len(hits), 'trait')} in planted replies"] if hits else []
        if one.answers_read:
            tried.append(
                f"tells whether a reply deals with what was asked in {one.answers_read.right} of "
                f"{one.answers_read.share.n}"
            )
        tried.append(
            f"takes the first of two equal replies in {one.first:.0%} of readings, which is taken out"
        )
        lines.append(f"{whose}The judge: {'; '.join(tried)}")
        read = one.readings
        if lost := read.refused + read.unreadable:
            lines.append(
                f"{whose}Readings that tell nothing, left out: {read.refused:,} refused, "
                f"{read.unreadable:,} unreadable of {read.read + lost:,}"
            )
    return lines


def legend(found: Breadth) -> list[str]:
    """What the columns and the states say."""
    states = dict.fromkeys(trait.state for trait in found.traits)
    return [
        "Range: the rating told to be like it to the utmost, less that told to be its contrary; up, down: "
        "either side of what is shown without a word. Levels: the outermost that are shown to go beyond the "
        "one before. Answers: the share of replies that deal with what was asked, at the worse end.",
        "; ".join(f"{state}: {STATES[state]}" for state in STATES if state in states),
    ]


def warnings(found: Sequence[Breadth]) -> list[str]:
    """What makes the numbers doubtful."""
    lines: list[str] = []
    for one in found:
        label = one.estimates.label
        lines += [line for line in [one.estimates.made.lacking(label)] if line]
        blind = [
            f"{trait.trait} ({trait.judge.right} of {trait.judge.share.n})"
            for trait in one.traits
            if trait.judge and not trait.judge.reads
        ]
        if blind:
            lines.append(
                f"the judge of {label} cannot read {enumerated(blind, _MANY)} right in planted replies: of "
                "the model, nothing is known there"
            )
        if unchecked := [trait.trait for trait in one.traits if trait.judge is None]:
            lines.append(
                f"whether the judge of {label} can read {enumerated(unchecked, _MANY)} was not tried; give "
                "planted pairs, --planted FILE"
            )
        if strays := _strays(one):
            lines.append(
                f"replies of {label} at an end deal with what was asked less often than without a word: "
                f"{enumerated(strays, _MANY)}; their ranges may be those of replies that stray"
            )
        if one.answers_read and not one.answers_read.reads:
            lines.append(f"the judge of {label} cannot tell whether a reply deals with what was asked")
        if endless := [trait.trait for trait in one.traits if trait.stretch and trait.stretch.endless]:
            lines.append(
                f"no reading of {label} bounds the range of {enumerated(endless, _MANY)} from above: more "
                "prompts would tell it"
            )
        if one.reads_itself:
            lines.append(f"the judge of {label} is the model under test: it may read its own replies kindly")
        if cut := one.readings.cut_off:
            lines.append(f"{counted(cut, 'reply')} of {label} were cut off at their longest")
    return lines


def _strays(one: Breadth) -> list[str]:
    """Traits whose ends deal with what was asked less often than replies without a word are shown to."""
    if one.answers is None:
        return []
    return [
        f"{trait.trait} {side} {fraction(known.value)}"
        for trait in one.traits
        for side, known in trait.answers.items()
        if known.high < one.answers.low
    ]
