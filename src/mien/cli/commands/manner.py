"""``mien manner``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mien.cli import options
from mien.cli.output import bold, console, print_json, print_table
from mien.cli.run_names import RunsArgument, matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.runs.manner import Counted, Manner


def command(
    runs: RunsArgument,
    counted: Annotated[
        Literal["response", "words", "arena"],
        typer.Option(
            "--per",
            help="response: counts are told per response. words: per 100 words. arena: the marks that the "
            "chatbot arena's style control counts, as it counts them.",
        ),
    ] = "response",
    confidence_level: options.ConfidenceOption = 0.95,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Count what responses are like, without a judge: length, layout, emoji, hedges, praise and more.

    Means over prompts, with intervals. What changed from one run to another: mien diff A B --manner.
    """
    from mien.runs.manner import manner
    from mien.runs.run import Run

    found = manner([Run(name, store) for name in matching(runs, store)], counted)
    if as_json:
        print_json([to_dict(one, counted, confidence_level) for one in found])
        return
    _print(found, confidence_level)


def to_dict(found: Manner, counted: Counted, confidence_level: float) -> dict[str, Any]:
    """A run's manner, as ``--json`` has it."""
    estimates = found.estimates
    low, high = (ends.tolist() for ends in estimates.intervals(confidence_level))
    return {
        "run": estimates.label,
        "per": counted,
        "responses": found.responses,
        "prompts": estimates.n_clusters,
        "cut_off": found.cut_off,
        "missing": estimates.made.missing,
        "confidence_level": confidence_level,
        "features": [
            {
                "feature": name,
                "mean": value,
                "low": low[i] if low[i] < high[i] else None,
                "high": high[i] if low[i] < high[i] else None,
                "prompts": int(n),
            }
            for i, (name, value, n) in enumerate(
                zip(estimates.names, estimates.values.tolist(), estimates.clusters_per_quantity, strict=True)
            )
        ],
        "never": found.never,
        "absent": found.absent,
    }


def _print(found: Sequence[Manner], confidence_level: float) -> None:
    from mien.report.manner import left_out, rows, warnings

    out = console()
    for one in found:
        prompts = one.estimates.n_clusters
        out.print(f"{bold(one.estimates.label)}: {one.responses:,} responses to {prompts:,} prompts")
    out.print()
    heads = ("feature", *(one.estimates.label for one in found))
    print_table(heads, rows(found, confidence_level), left=("feature",))
    for line in (*left_out(found), *(f"Warning: {line}" for line in warnings(found))):
        out.print(line, markup=False, soft_wrap=True)
