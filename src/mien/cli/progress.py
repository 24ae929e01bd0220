"""Progress of long work: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from mien.cli.output import console, counted, write_err
from mien.formatting import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.progress import Progress as Bar

    from mien.measurement.calls import Progress

LINE_SECONDS = 10.0  # between two plain lines
SHORTEST_WAIT = 2.0  # seconds: a wait that is told
MOST_REASONS = 10  # that are told of failures


class ProgressReport:
    """Shows a `Progress` on standard error; use as a context manager and as the callback."""

    def __init__(self) -> None:
        self.last: Progress | None = None
        self._began = time.monotonic()
        self._next_line = self._began + LINE_SECONDS
        self._batches = set[str]()
        self._line: str = ""
        self._bar = _bar() if sys.stderr.isatty() else None
        self._task = self._bar.add_task("", total=None, status="") if self._bar else None

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show how far it is; another `Progress` than the one before tells of another stage."""
        if self.last is not None and self.last is not progress:
            self._began = time.monotonic()
        self.last = progress
        if self._bar and self._task is not None:
            self._bar.update(
                self._task, total=progress.total, completed=progress.done, status=self._status(progress)
            )
        elif progress.batches:
            self._tell_batches(progress)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_SECONDS
            total = counted(progress.total, progress.unit)
            line = f"{progress.done:,}/{total}, {self._status(progress)}{self._left(progress)}"
            write_err(line + "\n")

    def _tell_batches(self, progress: Progress) -> None:
        """Say what is waited for: at once where that is another batch, else where it has come further."""
        line = f"{progress.done:,}/{counted(progress.total, progress.unit)}, {_batches(progress)}\n"
        if self._batches != set(progress.batches) or (
            time.monotonic() >= self._next_line and line != self._line
        ):
            self._next_line = time.monotonic() + LINE_SECONDS
            self._batches, self._line = set(progress.batches), line
            write_err(line)

    def _rate(self, progress: Progress) -> float:
        return progress.done / max(time.monotonic() - self._began, 1e-9)

    def _left(self, progress: Progress) -> str:
        rate = self._rate(progress)
        return f", {(progress.total - progress.done) / rate:,.0f} s left" if rate else ""

    def _status(self, progress: Progress) -> str:
        tally = progress.tally
        parts = [
            f"{self._rate(progress):,.1f}/s",
            f"{tally.tokens_in + tally.tokens_out + tally.written:,} tokens",
        ]
        if tally.cost:
            parts.append(f"${tally.cost:,.4f}")
        if tally.throttled:
            parts.append(f"{tally.throttled} throttled")
        if tally.retries:
            parts.append(f"{tally.retries} retried")
        if progress.failed:
            parts.append(f"{progress.failed} failed")
        if progress.check:
            parts.append(str(progress.check))
        if tally.refusal and tally.on_their_way:
            parts.append(f"stopping: waits for {counted(tally.on_their_way, 'answer')} on the way")
        parts += waits(progress)
        return ", ".join(parts)


def _batches(progress: Progress) -> str:
    """The batches that are waited for, and how far they are."""
    told = [
        f"{name} ({one.state}, {one.done:,} of {counted(one.total, 'request')})"
        for name, one in progress.batches.items()
    ]
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return visible(f"waits for {', '.join(told[:3])}{more}")


def waits(progress: Progress) -> list[str]:
    """What is waited for, and why; waits too short to be read are left out."""
    now = time.monotonic()
    waits = {name: (wait.until - now, wait.why) for name, wait in progress.tally.waits.items()}
    batches = [_batches(progress)] if progress.batches else []
    return batches + [
        visible(f"{name} waits {left:.0f} s ({why})")
        for name, (left, why) in waits.items()
        if left >= SHORTEST_WAIT
    ]


def print_outcome(progress: Progress) -> None:
    """Say on standard error what a run did not do, why, and how to go on; and what it did otherwise."""
    for name, departed in progress.tally.adapted.items():
        sys.stderr.write(f"{name}: {departed}, since the endpoint takes it no other way.\n")
    if progress.stopped:
        write_err(
            f"Stopped: {progress.stopped}. {progress.done:,} of {counted(progress.total, progress.unit)} are "
            "through; the same command goes on, and its limits count anew.\n"
        )
    if progress.failed:
        lack = "ended without a verdict" if progress.unit == "trial" else "ended short of answers"
        write_err(f"{counted(progress.failed, progress.unit)} {lack}; the same command tries again:\n")
        for reason, count in progress.reasons.most_common(MOST_REASONS):
            write_err(f"  {count:,} × {reason}\n")


def print_notes(notes: Iterable[object]) -> None:
    """Say on standard error what to know of a run that is not seen in its ratings, a line each."""
    for note in notes:
        write_err(f"Note: {note}.\n")


def _bar() -> Bar:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        MofNCompleteColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[status]}", markup=False),
        TimeRemainingColumn(compact=True),
        console=console(err=True),
        transient=True,
    )
