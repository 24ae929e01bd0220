"""What a diff says in sentences: the same on a terminal and in a document."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from mien.formatting import counted, fraction, p_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.stats.diffs import DeltaRow, Diff
    from mien.stats.diffs.gates import Outcome
    from mien.stats.diffs.influence import Influence

WARNINGS = 5  # prompts to warn of by name; further ones are counted


def headline(diff: Diff) -> str:
    """How many traits changed."""
    found = sum(row["changed"] for row in diff.rows)
    return f"{counted(found, 'trait')} changed of {len(diff.traits)} (q < {diff.fdr:g})"


def summary(diff: Diff) -> list[tuple[str, str]]:
    """What changed as a whole: labels and what to say under each."""
    size, ranks, prompts = diff.size, diff.correlation, diff.prompts
    lines = [
        ("as a whole", f"one character, unchanged: p {p_value(diff.omnibus['p'])}"),
        (
            "size",
            f"{size['rms']:.0f} points ({size['low']:.0f} … {size['high']:.0f}) root mean square without "
            f"noise; {diff.rms:.0f} with it, and {diff.rms_null:.0f} from noise alone",
        ),
    ]
    if ranks["spearman"] is not None:
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
        said = (
            f"{found['unchanged']:,} unchanged within ±{found['margin']:g} points, "
            f"{found['undecided']:,} undecided"
        )
        if found["rounds_needed"] is not None:
            needed = [row["rounds"] for row in diff.rows if row["rounds"] is not None]
            said += (
                f"; {math.ceil(median(needed)):,} rounds would decide half of these, "
                f"{found['rounds_needed']:,} all ({found['rounds']:,} now)"
            )
        lines.append(("margin", said))
    return lines


def finding(row: DeltaRow) -> str:
    """What is said of one trait."""
    return row["finding"] or ("changed" if row["changed"] else "")


def warnings(
    influences: Sequence[Influence], outcomes: Sequence[Outcome], prompts: Mapping[str, str]
) -> list[str]:
    """A sentence for each gate and each changed trait that one prompt alone would turn.

    Args:
        influences: of the changed traits.
        outcomes: of the gates.
        prompts: ids of the prompts by the label that a diff has for them.
    """

    def name(prompt: str) -> str:
        return prompts.get(prompt, prompt)

    said: list[str] = []
    for outcome in outcomes:
        without = outcome["without"]
        if without["flips"]:
            said.append(
                f"gate '{outcome['gate']}' turns on one prompt, {name(without['prompt'])}: "
                f"{outcome['status']} with it, {without['status']} without"
            )
    fragile = [one for one in influences if not one["changed"]]
    said += [
        f"{one['trait']} is called changed on account of one prompt, {name(one['prompt'])}: without it the "
        f"change would be {one['delta']:+.0f}, q {p_value(one['q'])}"
        for one in fragile[:WARNINGS]
    ]
    if len(fragile) > WARNINGS:
        said.append(f"and so for {len(fragile) - WARNINGS} traits more")
    return said


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({fraction(low)} … {fraction(high)})"
