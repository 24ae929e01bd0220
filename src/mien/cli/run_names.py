"""Names of runs on the command line: completed by the shell, and found by patterns."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.errors import MienError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.store.store import Store


def completed(ctx: typer.Context, incomplete: str) -> list[str]:
    """The names in the store that begin so; none where it cannot be read: a shell is told no errors."""
    from mien.store.store import Store

    above = ctx.parent.params.get("store") if ctx.parent else None
    path = Path(ctx.params.get("store") or above or os.environ.get("MIEN_STORE") or "mien.db")
    try:
        with Store(path, read_only=True) as store:
            return [name for name in _known(store, evaluations=True) if name.startswith(incomplete)]
    except MienError:
        return []


def matching(given: Sequence[str], path: Path, *, evaluations: bool = False) -> list[str]:
    """The names that names and patterns (``*``, ``?``) stand for, each once, the oldest run first.

    Args:
        given: names stay as they are, whether there is such a run or not.
        path: the store.
        evaluations: take evaluations in place of runs.

    Raises:
        UsageError: a pattern fits none.
        StoreError: there is no store, or it cannot be read.
    """
    from mien.store.store import Store

    if not any(_is_pattern(one) for one in given):
        return [*given]
    with Store(path, read_only=True) as store:
        known = _known(store, runs=not evaluations, evaluations=evaluations)
    found: dict[str, None] = {}
    for one in given:
        fit = [one]
        if _is_pattern(one) and one not in known:
            exact = one.replace("[", "[[]")  # brackets are often part of a name
            fit = [name for name in known if fnmatchcase(name, exact)]
            if not fit:
                noun = "evaluation" if evaluations else "run"
                raise UsageError(f"no {noun} of {path} is named like {one!r}; see mien runs")
            # A run that is named, and fits a pattern too, is meant once.
            fit = [name for name in fit if name not in given]
        found |= dict.fromkeys(fit)
    return [*found]


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _known(store: Store, *, runs: bool = True, evaluations: bool) -> list[str]:
    names = [run.name for run in store.runs()] if runs else []
    return names + ([one.name for one in store.evaluations.all()] if evaluations else [])


RunArgument = Annotated[str, typer.Argument(help="The run's name.", autocompletion=completed)]
RunsArgument = Annotated[
    list[str],
    typer.Argument(metavar="RUN...", help="The runs' names, or patterns: 'm*'.", autocompletion=completed),
]
SoftOption = Annotated[
    str | None,
    typer.Option(
        "--soft",
        metavar="RUN",
        autocompletion=completed,
        help="Rate by the judge's probabilities, calibrated on an instructed run with the same judge; or "
        "uncalibrated.",
    ),
]
