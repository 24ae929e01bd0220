"""``mien diff``."""

from __future__ import annotations

from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, fraction, p_value, print_json, print_table


def command(
    a: Annotated[str, typer.Argument(help="The run before.")],
    b: Annotated[str, typer.Argument(help="The run after.")],
    judge: options.JudgeNameOption = None,
    fdr: Annotated[float, typer.Option(min=0.0, max=1.0, help="False-discovery rate.")] = 0.05,
    top: Annotated[int, typer.Option(min=1, help="How many traits to print.")] = 15,
    everything: Annotated[bool, typer.Option("--all", help="Print all traits.")] = False,
    confidence_level: options.ConfidenceOption = 0.95,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Say what changed from one run to another, trait by trait and as a whole."""
    from mien import diffs
    from mien.runs import Run

    before, after = (Run(name, store).profile(judge, confidence_level=confidence_level) for name in (a, b))
    diff = diffs.diff(before, after, fdr=fdr, confidence_level=confidence_level)
    if as_json:
        print_json(diff.to_dict())
        return
    out = console()
    changed = sum(row["changed"] for row in diff.rows)
    out.print(
        f"[bold]{diff.b}[/bold] against [bold]{diff.a}[/bold]: {counted(changed, 'trait')} changed "
        f"of {len(diff.traits)} (q < {fdr:g})"
    )
    omnibus, correlation = diff.omnibus, diff.correlation
    out.print(f"  as a whole   one character, unchanged: p {p_value(omnibus['p'])}")
    out.print(f"  size         {diff.rms:.0f} points root mean square; noise alone gives {diff.rms_null:.0f}")
    if correlation["spearman"] is not None:
        low, high = correlation["low"], correlation["high"]
        interval = "" if low is None or high is None else f" ({fraction(low)} … {fraction(high)})"
        corrected = correlation["disattenuated"]
        true = "" if corrected is None else f", {fraction(corrected)} corrected for unreliability"
        out.print(f"  ranks        Spearman {fraction(correlation['spearman'])}{interval}{true}")
    out.print(f"  pairing      {counted(diff.paired, 'prompt')} shared")
    out.print()
    rows = diff.rows if everything else diff.rows[:top]
    print_table(
        ("trait", "change", f"{confidence_level:.0%} interval", "p", "q", ""),
        (
            (
                row["trait"],
                f"{row['delta']:+.0f}",
                f"{row['low']:+.0f} … {row['high']:+.0f}",
                p_value(row["p"]),
                p_value(row["q"]),
                "changed" if row["changed"] else "",
            )
            for row in rows
        ),
        left=("trait", ""),
    )
