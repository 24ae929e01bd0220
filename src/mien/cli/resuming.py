"""What is said where a command that can be resumed goes on, or stops before its end."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from mien.errors import BudgetReached, Unfinished

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def resumable(store: Path) -> Generator[None]:
    """Say how to go on after Ctrl-C or SIGTERM (exit status 130 or 143) or a limit (1)."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(
            f"\nStopped. All that was answered is kept in {store}; "
            "the same command goes on where this one stopped.\n"
        )
        raise typer.Exit(130) from None
    except (BudgetReached, Unfinished) as stopped:
        sys.stderr.write(f"Stopped: {stopped}.\n")
        raise typer.Exit(1) from None


def say(stage: str) -> None:
    """Name on standard error what comes next."""
    sys.stderr.write(f"{stage}\n")
    sys.stderr.flush()
