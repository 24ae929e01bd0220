"""What a diff says in sentences: the same on a terminal and in a document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from mien.formatting import counted, fraction, p_value, percent, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.diffs import Change, Diff
    from mien.stats.diffs.gates import Outcome
    from mien.stats.diffs.influence import Influence

WARNINGS: Final = 5  # prompts to warn of by name; further ones are counted
CHANGED: Final = 0.05  # p below which a diff as a whole is called changed


def headline(diff: Diff) -> str:
    """How many quantities changed."""
    return f"{counted(int(diff.changed.sum()), diff.noun)} changed of {len(diff.names)} (q < {diff.fdr:g})"


def as_a_whole(diff: Diff) -> str:
    """Whether anything changed, and how probable so much is where nothing did."""
    p = diff.omnibus["p"]
    if p is None:
        return "not tested: there are too few prompts"
    same = "one character, unchanged" if diff.before.centred else "nothing changed"
    return f"{'changed' if p < CHANGED else 'no sign of a change'} ({same}: p {p_value(p)})"


def summary(diff: Diff) -> list[tuple[str, str]]:
    """What changed as a whole: labels and what to say under each."""
    prompts, unit = diff.prompts, diff.before.unit
    lines = [("as a whole", as_a_whole(diff))]
    if unit is not None and diff.size is not None and diff.rms is not None and diff.rms_null is not None:
        size, raw, null = diff.size, unit.extent(diff.rms), unit.extent(diff.rms_null)
        told = unit.size(size["rms"], size["low"], size["high"])
        lines.append(
            ("size", f"{told} root mean square without noise; {raw} with it, and {null} from noise alone")
        )
    if (ranks := diff.correlation) is not None and ranks["spearman"] is not None:
        said = f"Spearman {fraction(ranks['spearman'])}{_interval(ranks['low'], ranks['high'])}"
        if ranks["disattenuated"] is not None:
            ends = _interval(ranks["disattenuated_low"], ranks["disattenuated_high"])
            said += f"; {fraction(ranks['disattenuated'])}{ends} corrected for unreliability"
        lines.append(("ranks", said))
    each = f"{prompts['a']:,} before and {prompts['b']:,} after"
    kind = "paired" if diff.paired else "unpaired"
    shared = counted(diff.paired, "prompt") if diff.paired else "no prompt"
    lines.append(("pairing", f"{kind}: {shared} shared, of {each}"))
    if (found := diff.equivalence) is not None:
        lines.append(("margin", _margin(diff, found)))
    if (endings := diff.endings) is not None and (endings.before.values + endings.after.values).any():
        shares = zip(endings.names, endings.before.values, endings.after.values, strict=True)
        rates = (f"{name} {a:.1%} before and {b:.1%} after" for name, a, b in shares if a or b)
        lines.append(("no choice", "; ".join(rates)))
    return lines


def verdict(outcomes: Sequence[Outcome]) -> str:
    """What became of gates as a whole; that they passed is said where each of them did."""
    failed, undecided = (
        sum(outcome["status"] == status for outcome in outcomes) for status in ("failed", "undecided")
    )
    counts = ((failed, "failed"), (undecided, "undecided"))
    parts = [f"{n} {what}" for n, what in counts if n]
    if not parts:
        return "All passed"
    return ", ".join([parts[0].replace(" ", f" of {len(outcomes)} "), *parts[1:]])


def _margin(diff: Diff, found: Mapping[str, Any]) -> str:
    """What is known to be unchanged, and how long samples would decide the rest."""
    margin, by = diff.margin, plural(diff.before.sample.by)
    word = diff.before.unit.word if diff.before.unit is not None else ""
    within = "their margins" if isinstance(margin, Mapping) else f"±{margin:g} {word}".rstrip()
    said = f"{found['unchanged']:,} unchanged within {within}, {found['undecided']:,} undecided"
    if (most := found[f"{by}_needed"]) is not None:
        needed = [change.needed for change in diff.changes if change.needed is not None]
        said += (
            f"; {math.ceil(median(needed)):,} {by} would decide half of these, {most:,} all "
            f"({found[by]:,} now)"
        )
    return said


def columns(diff: Diff) -> tuple[str, ...]:
    """Heads of a table with a row a quantity; numbers stand under all but the first and the last."""
    interval = f"{diff.confidence_level:.0%} interval"
    levels = () if diff.before.centred else ("before", "after")
    return (diff.noun, *levels, "change", interval, "p", "q", "")


def cells(change: Change) -> tuple[str, ...]:
    """The row of one quantity under `columns`; of ratings, whose level is a convention, the change alone."""
    unit, part = change.quantity.unit, change.relative
    levels = () if unit.centre is not None else (unit.shown(change.before), unit.shown(change.after))
    moved = unit.change(change.delta) + ("" if part is None else f" ({percent(part.change)})")
    ends = f"{unit.change(change.low)} … {unit.change(change.high)}"
    return (change.name, *levels, moved, ends, p_value(change.p), p_value(change.q), finding(change))


def finding(change: Change) -> str:
    """What is said of one quantity."""
    found = change.finding or ("changed" if change.changed else "")
    return found if change.better is None else f"{found}, {'better' if change.better else 'worse'}"


def warnings(
    diff: Diff, influences: Sequence[Influence], outcomes: Sequence[Outcome], prompts: Mapping[str, str]
) -> list[str]:
    """What makes the two less comparable, then each gate and changed quantity that one prompt would turn.

    Args:
        diff: what changed.
        influences: of what changed.
        outcomes: of the gates.
        prompts: ids of the prompts by the label that a diff has for them.
    """

    def name(prompt: str) -> str:
        return prompts.get(prompt, prompt)

    said = diff.warnings
    for outcome in outcomes:
        without = outcome["without"]
        if without["flips"]:
            said.append(
                f"gate '{outcome['gate']}' turns on one prompt, {name(without['prompt'])}: "
                f"{outcome['status']} with it, {without['status']} without"
            )
    units = {quantity.name: quantity.unit for quantity in diff.before.quantities}
    fragile = [(str(one[diff.noun]), one) for one in influences if not one["changed"]]
    said += [
        f"{what} is called changed on account of one prompt, {name(one['prompt'])}: without it the "
        f"change would be {units[what].change(one['delta'])}, q {p_value(one['q'])}"
        for what, one in fragile[:WARNINGS]
    ]
    if len(fragile) > WARNINGS:
        said.append(f"and so for {len(fragile) - WARNINGS} {plural(diff.noun)} more")
    return said


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({fraction(low)} … {fraction(high)})"


def status(outcome: Outcome) -> str:
    """What became of a gate, in capitals where it stops a release."""
    stops = outcome["status"] == "failed" or outcome["incomplete"]
    return outcome["status"].upper() if stops else outcome["status"]
