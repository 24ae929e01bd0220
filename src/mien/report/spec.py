"""What is said of how far models agree with a spec, in words and cells, wherever it is shown."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from mien.evals.spec.agreement import ALL
from mien.formatting import counted, enumerated, fraction
from mien.report.told import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.spec.agreement import Agreement, Group
    from mien.evals.spec.examples import OnExamples

#: Of the examples of a clause, the judge must read more than so many right, lest its readings be doubted.
TRUSTED: Final = 0.5

_NAMED: Final = 8  # clauses, in a line


def said(found: Sequence[Agreement]) -> list[str]:
    """What a page says over the numbers."""
    return [WHAT, *notes(found)]


WHAT: Final = (
    "A rate is the share of answers that meet the clause among those that meet or break it. Each item counts "
    "once; what does not apply, or could not be read, counts nowhere."
)


def table(found: Agreement, confidence_level: float) -> Rows:
    """A row a clause, then the sections, the authorities, and all: rates, and what they would be corrected.

    Of the examples it is told how many the judge read right.
    """
    estimates, known = found.estimates, found.calibration.clauses
    heads = ("clause", "meets", f"{confidence_level:.0%} interval", "items", "corrected", "examples", "κ")
    each = zip(found.groups, estimates.shown(confidence_level), estimates.clusters_per_quantity, strict=True)
    rows = [
        (group.name, *shown, f"{int(n):,}", _corrected(found, group), *_examples(known.get(group.name)))
        for group, shown, n in each
    ]
    return Rows(heads, ("clause",), rows)


def _corrected(found: Agreement, group: Group) -> str:
    one = found.corrected[group.name]
    if one is None:
        return ""
    share, low, high = (fraction(value, digits=3) for value in one)
    return f"{share} ({low} … {high})"


def _examples(one: OnExamples | None) -> tuple[str, str]:
    if one is None:
        return "", ""
    kappa = "" if one.kappa is None or not isfinite(one.kappa) else fraction(one.kappa)
    return f"{one.right}/{one.n}", kappa


def notes(found: Sequence[Agreement]) -> list[str]:
    """What the rates rest on: what became of the answers, and how well the judge reads examples."""
    lines: list[str] = []
    for one in found:
        whose = f"{one.estimates.label}: " if len(found) > 1 else ""
        whole = next(group for group in one.groups if group.name == ALL)
        counts = one.of(whole)
        parts = (f"{n:,} {_BECAME[what]}" for what, n in counts.items() if n)
        lines.append(f"{whose}Of {counted(counts.total(), 'answer')}: {', '.join(parts)}")
        if (acuity := one.calibration.acuity) is not None:
            sides = (("good", acuity.sensitivity), ("bad", acuity.specificity))
            read = " and ".join(
                f"{share.share:.0%} of {share.n} {which} ({share.low:.0%} … {share.high:.0%})"
                for which, share in sides
            )
            lines.append(
                f"{whose}The judge read right, of the spec's own examples, {read}; "
                f"κ {fraction(acuity.kappa.kappa)}. A change shows as {fraction(max(acuity.power, 0.0))} of "
                "its size"
            )
    if untold := found[0].estimates.unrated:
        lines.append(f"Not told, for want of two items that tell of it: {enumerated(untold, _NAMED)}")
    return lines


_BECAME: Final = {
    "meets": "meet their clause",
    "breaks": "break it",
    "not applicable": "to which it does not apply",
    "unreadable": "of which nothing could be read",
    "missing": "missing",
}


def warnings(found: Sequence[Agreement]) -> list[str]:
    """What makes the rates doubtful, or those of two less comparable."""
    lines: list[str] = []
    for one in found:
        label = one.estimates.label
        lines += [line for line in [one.estimates.made.lacking(label)] if line]
        if one.reads_itself:
            lines.append(f"the judge of {label} is the model under test: it may read its own answers kindly")
        lines += _of_examples(one)
        if one.cut_off:
            were = "was" if one.cut_off == 1 else "were"
            lines.append(f"{counted(one.cut_off, 'answer')} of {label} {were} cut off at the longest")
    if reworded := found[0].reworded:
        lines.append(
            "these clauses are worded otherwise in one than in another, and part of what sets them apart may "
            f"be that: {enumerated(reworded, _NAMED)}"
        )
    return lines


def _of_examples(one: Agreement) -> list[str]:
    """What the spec's examples say against the judge; that nothing is known of it, where they say nothing."""
    label, known = one.estimates.label, one.calibration
    if not one.evaluation.record.judge:
        return []
    untold = sum(of.untold for of in known.clauses.values())
    n = untold + sum(of.n for of in known.clauses.values())
    lines = [f"the judge of {label} gave no verdict on {untold} of {counted(n, 'example')}"] * bool(untold)
    if known.acuity is None:
        return [
            *lines,
            f"how often the judge of {label} errs is not known: it has read no good example of the spec's, "
            "or no bad one",
        ]
    if not any(one.corrected.values()) and known.acuity.power < TRUSTED:
        lines.append(
            f"the judge of {label} reads examples hardly better than by chance: what the rates would be "
            "without its errors cannot be told"
        )
    misread = [
        f"{name} ({of.right} of {of.n} right)"
        for name, of in known.clauses.items()
        if of.n and of.right <= TRUSTED * of.n
    ]
    if misread:
        lines.append(
            f"the judge of {label} misread the spec's examples of these clauses, whose rates are in doubt: "
            f"{enumerated(misread, _NAMED)}"
        )
    return lines
