"""What is said of counted manner, in words and cells, wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mien.errors import NotIdentified, UsageError
from mien.formatting import p_value
from mien.report import changes
from mien.report.page import LOOKED_INTO, Section, Table
from mien.report.pictures import AtOnce
from mien.report.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor, Future

    from mien.report.measured import Measured
    from mien.runs.manner import Manner
    from mien.runs.run import Run
    from mien.stats.diffs import Diff
    from mien.stats.diffs.adjustment import Adjusted

#: Responses of each run that a page counts: all of them would take longer than everything else.
RESPONSES: Final = 600


def sections(measured: Measured, executor: Executor) -> Future[list[Section]]:
    """What the responses of one run are like, or what changed in them; none of more runs, or of sides.

    What tells languages apart takes 100 MB, which are the executor's.
    """
    if len(measured.choosing) > LOOKED_INTO or measured.sides is not None:
        return AtOnce().submit(list[Section])
    return executor.submit(_sections, measured.choosing, measured.fdr, measured.confidence_level)


def _sections(runs: Sequence[Run], fdr: float, confidence_level: float) -> list[Section]:
    try:
        found = told(runs, fdr=fdr, confidence_level=confidence_level)
    except (UsageError, NotIdentified):  # of an imported table, of which nothing is known but verdicts
        return []
    table = Table(found.heads, found.words, found.rows)
    return [Section("manner", "Manner that can be counted", found.said, table)]


def told(runs: Sequence[Run], *, fdr: float, confidence_level: float) -> Told:
    """Count the manner of one run or two.

    Raises:
        UsageError: a run has no responses.
        NotIdentified: see `mien.runs.manner.manner`.
    """
    from mien.runs.manner import at_equal_length, manner
    from mien.stats import diffs

    found = manner(runs, most=RESPONSES)
    said = [
        f"Counted without a judge, in {' and '.join(f'{one.responses:,}' for one in found)} responses: means "
        "over prompts, with their intervals. mien manner counts all of them, and says what is counted.",
        *left_out(found),
        *warnings(found),
    ]
    if len(found) == 1:
        (only,) = found
        cells = zip(only.estimates.names, only.estimates.shown(confidence_level), strict=True)
        heads = ("feature", "mean", f"{confidence_level:.0%} interval")
        return Told(said, heads, ("feature",), [(name, *shown) for name, shown in cells])
    before, after = (one.estimates for one in found)
    changed = diffs.diff(before, after, fdr=fdr, confidence_level=confidence_level)
    beside = at_equal_length(*found, confidence_level=confidence_level)
    heads, cells = changed_rows(changed, beside)
    return Told([*said, *length_told(beside)], heads, (heads[0], ""), cells)


def changed_rows(
    diff: Diff, at_equal_length: Sequence[Adjusted]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Heads and rows of what changed, and beside it what would have at equal length, with its q."""
    heads = changes.columns(diff)
    rows = [changes.cells(change) for change in diff.changes]
    if not at_equal_length:
        return heads, rows
    beside = {
        one.quantity.name: (one.quantity.unit.change(one.delta), p_value(one.q)) for one in at_equal_length
    }
    found = (*heads[:-1], "at equal length", "q", heads[-1])
    return found, [(*row[:-1], *beside.get(row[0], ("", "")), row[-1]) for row in rows]


def rows_at_equal_length(at_equal_length: Sequence[Adjusted], names: Sequence[str]) -> list[tuple[str, ...]]:
    """The change of each feature at equal length, its interval, p and q, in the order of names."""
    by_name = {one.quantity.name: one for one in at_equal_length}
    return [
        (
            name,
            one.quantity.unit.change(one.delta),
            f"{one.quantity.unit.change(one.low)} … {one.quantity.unit.change(one.high)}",
            p_value(one.p),
            p_value(one.q),
        )
        for name, one in ((name, by_name[name]) for name in names if name in by_name)
    ]


def length_told(at_equal_length: Sequence[Adjusted]) -> list[str]:
    """What the columns of `changed_rows` are."""
    if not at_equal_length:
        return []
    return [
        "At equal length: what is left of a change where the two answers to a prompt are as long as each "
        "other, by regression on the words that they differ by."
    ]


def rows(found: Sequence[Manner], confidence_level: float) -> list[tuple[str, ...]]:
    """A row a feature: its name, and its mean with its interval in each run."""
    cells = [one.estimates.shown(confidence_level) for one in found]
    shown = ([f"{mean}  {interval}".rstrip() for mean, interval in of_one] for of_one in cells)
    return list(zip(found[0].estimates.names, *shown, strict=True))


def warnings(found: Sequence[Manner]) -> list[str]:
    """What the figures of runs suffer from."""
    lacking = [one.estimates.made.lacking(one.estimates.label) for one in found]
    cut = [
        f"{one.cut_off:,} of {one.responses:,} responses of {one.estimates.label} were cut off at their "
        "longest: their length is the limit's, and how they end cannot be seen"
        for one in found
        if one.cut_off
    ]
    return [line for line in lacking if line] + cut


def left_out(found: Sequence[Manner]) -> list[str]:
    """Which features are not among the rows, and why."""
    lines: list[str] = []
    if found[0].never:
        lines.append(f"Never seen: {', '.join(found[0].never)}")
    if absent := [*dict.fromkeys(name for one in found for name in one.absent)]:
        lines.append(f"Not told, for want of responses of which it can be: {', '.join(absent)}")
    return lines
