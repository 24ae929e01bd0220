"""What is said of evaluations whose answers a judge reads: how well it reads, and what it could not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from mien.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.evals.answers import Readings
    from mien.stats.estimates import Estimates
    from mien.stats.proportions import Proportion

#: Planted answers of which a judge must read so many right, lest its readings be doubted.
TRUSTED: Final = 0.9


class Read(Protocol):
    """What came out of an evaluation that a judge read."""

    @property
    def estimates(self) -> Estimates: ...

    @property
    def readings(self) -> Mapping[str, Readings]: ...

    @property
    def judges(self) -> Mapping[str, Proportion]: ...

    @property
    def reads_itself(self) -> bool: ...


def notes(one: Read, whose: str) -> list[str]:
    """How well the judge reads, and what it could not; ``whose`` stands before each line."""
    lines: list[str] = []
    if one.judges:
        shares = (
            f"{what} {p.share:.0%} of {p.n} ({p.low:.0%} … {p.high:.0%})" for what, p in one.judges.items()
        )
        lines.append(f"{whose}Planted answers that the judge read right: {'; '.join(shares)}")
    lost = [
        f"{what} {read.refused:,} refused, {read.unreadable:,} unreadable of "
        f"{read.read + read.refused + read.unreadable:,}"
        for what, read in one.readings.items()
        if read.refused or read.unreadable
    ]
    if lost:
        lines.append(f"{whose}Readings that tell nothing, left out: {'; '.join(lost)}")
    return lines


def warnings(one: Read) -> list[str]:
    """What makes the numbers doubtful."""
    label, cut = one.estimates.label, sum(read.cut_off for read in one.readings.values())
    lines = [line for line in [one.estimates.made.lacking(label)] if line]
    lines += [
        f"the judge of {label} read {p.share:.0%} of planted answers to {what} right: its readings are in "
        "doubt, and so is that number"
        for what, p in one.judges.items()
        if p.share < TRUSTED
    ]
    if one.reads_itself:
        lines.append(f"the judge of {label} is the model under test: it may read its own answers kindly")
    if cut:
        lines.append(f"{counted(cut, 'answer')} of {label} were cut off at their longest")
    return lines
