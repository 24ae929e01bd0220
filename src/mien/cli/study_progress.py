"""Progress of a study: a live table on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Self

from mien.cli.output import console, counted, write_err
from mien.cli.progress import LINE_SECONDS, MOST_REASONS, waits
from mien.formatting import visible

if TYPE_CHECKING:
    from collections import Counter

    from rich.live import Live
    from rich.table import Table

    from mien.measurement.study.progress import RunProgress, StudyProgress

_ROWS: Final = 30  # runs that the live table shows at most: those under way go first
_NAMED: Final = 4  # runs that a plain line names
_FRAME: Final = 0.5  # seconds between two live tables


class StudyReport:
    """Shows a `StudyProgress` on standard error; use as a context manager and as the callback."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._live = _live() if sys.stderr.isatty() else None
        self._every = _FRAME if self._live else LINE_SECONDS
        self._next = self._began + self._every

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, progress: StudyProgress) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._every
        if self._live:
            self._live.update(self.table(progress), refresh=True)
        else:
            write_err(self.line(progress) + "\n")

    def line(self, progress: StudyProgress) -> str:
        """How far it is, in all and of the runs that are furthest behind."""
        running = sorted(
            (run for run in progress.runs if run.state == "running"),
            key=lambda run: run.done / max(run.total, 1),
        )
        named = ", ".join(f"{run.label} {_share(run)}" for run in running[:_NAMED])
        done = sum(run.state == "done" for run in progress.runs)
        parts = [
            f"{progress.done:,}/{counted(progress.total, 'trial')}",
            *self._status(progress),
            f"{done} of {counted(len(progress.runs), 'run')} done",
        ]
        return visible(", ".join(parts) + (f"; {named}" if named else ""))

    def _status(self, progress: StudyProgress) -> list[str]:
        tally = progress.tally
        seconds = max(time.monotonic() - self._began, 1e-9)
        parts = [f"{tally.requests / seconds:,.0f} calls/s", f"{tally.tokens_in + tally.tokens_out:,} tokens"]
        if tally.cost:
            parts.append(f"${tally.cost:,.4f}")
        if failed := sum(run.failed for run in progress.runs):
            parts.append(f"{failed:,} failed")
        rate = progress.done / seconds
        if rate and progress.done < progress.total:
            parts.append(f"{(progress.total - progress.done) / rate:,.0f} s left")
        return parts

    def table(self, progress: StudyProgress) -> Table:
        """A row a run, those under way first."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column("run")
        for column in ("trials", "tokens", "cost"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("")
        order = ("running", "failed", "stopped", "waiting", "done")
        runs = sorted(progress.runs, key=lambda run: order.index(run.state))[:_ROWS]
        for run in runs:
            tally = run.tally
            cells = (
                run.label,
                f"{run.done:,}/{run.total:,}",
                f"{tally.tokens_in + tally.tokens_out:,}",
                f"${tally.cost:,.4f}" if tally.cost else "",
                _state(run),
            )
            table.add_row(*(Text(visible(cell)) for cell in cells))
        if rest := len(progress.runs) - len(runs):
            table.add_row(f"… {rest} more")
        whole = ", ".join(self._status(progress))
        table.add_row(Text(f"{len(progress.runs)} runs"), Text(f"{progress.done:,}/{progress.total:,}"))
        table.caption = visible(whole)
        table.caption_justify = "left"
        return table


def print_study_outcome(progress: StudyProgress) -> None:
    """Say on standard error what a study's runs did not do, why, and how to go on."""
    for failure, labels in progress.failures.items():
        write_err(f"Gave up {', '.join(labels)}: {failure}\n")
    adapted = {name: told for run in progress.runs for name, told in run.tally.adapted.items()}
    for name, departed in adapted.items():
        write_err(f"{name}: {departed}, since the endpoint takes it no other way.\n")
    stages = [(run, stage) for run in progress.runs for stage in run.ended]
    if stopped := next((stage.stopped for _, stage in stages if stage.stopped), ""):  # one budget for all
        write_err(
            f"Stopped: {stopped}. {progress.done:,} of {counted(progress.total, 'trial')} are through; the "
            "same command goes on, and its limits count anew.\n"
        )
    for run, stage in stages:
        if stage.failed:
            write_err(f"{run.label}: {counted(stage.failed, run.unit)} ended without a verdict:\n")
            _print_reasons(stage.reasons)


def _print_reasons(reasons: Counter[str]) -> None:
    for reason, count in reasons.most_common(MOST_REASONS):
        write_err(f"  {count:,} × {reason}\n")


def _share(run: RunProgress) -> str:
    return f"{run.done / max(run.total, 1):.0%}" + (f" (read by {run.stage})" if run.stage else "")


def _state(run: RunProgress) -> str:
    if run.failure:
        return f"gave up: {run.failure}"
    parts = [run.state if run.state != "running" else ""]
    if run.state == "running" and run.progress:
        if run.progress.unit != run.unit:
            parts.append("checking the judge")
        if run.stage:
            parts.append(f"read by {run.stage}: {run.progress.done:,}/{run.progress.total:,}")
        parts += waits(run.progress)
    if run.failed:
        parts.append(f"{run.failed:,} failed")
    return ", ".join(part for part in parts if part)


def _live() -> Live:
    from rich.live import Live

    return Live(console=console(err=True), transient=True, auto_refresh=False)
