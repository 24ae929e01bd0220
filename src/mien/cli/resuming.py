"""What is said where a command that can be resumed goes on, or stops before its end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from mien.cli.output import write_err
from mien.errors import BudgetReached, Unfinished

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from mien.runs.outcome import Outcome

INCOMPLETE: Final = 3  # the exit status of a command that stopped before its end, or that lacks trials


@contextmanager
def resumable(store: Path) -> Generator[None]:
    """Say how to go on after Ctrl-C or SIGTERM (exit status 130 or 143) or a limit (3)."""
    try:
        yield
    except KeyboardInterrupt:
        write_err(
            f"\nStopped. All that was answered is kept in {store}; "
            "the same command goes on where this one stopped.\n"
        )
        raise typer.Exit(130) from None
    except (BudgetReached, Unfinished) as stopped:
        write_err(f"Stopped: {stopped}.\n")
        raise typer.Exit(INCOMPLETE) from None


def require_complete(outcomes: Iterable[Outcome], way_on: str) -> None:
    """End a command with status 3 where a run of its lacks trials, saying which and how to go on."""
    lacking = [outcome for outcome in outcomes if not outcome.complete]
    for outcome in lacking:
        way = "mien merge brings its shards together" if outcome.elsewhere else way_on
        write_err(f"Incomplete: {outcome}; {way}.\n")
    if lacking:
        raise typer.Exit(INCOMPLETE)


def say(stage: str) -> None:
    """Name on standard error what comes next."""
    write_err(f"{stage}\n")
