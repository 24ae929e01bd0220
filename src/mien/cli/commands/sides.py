"""``mien sides``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.output import bold, console, fraction, p_value, print_json, print_table
from mien.cli.run_names import completed, matching
from mien.report.sides import claims, gap_cells, likeness_cells, side_cells, strength_row

if TYPE_CHECKING:
    from mien.stats.diffs import Diff
    from mien.stats.inventories import Inventory
    from mien.stats.profiles.profile import Profile
    from mien.stats.sides import Sides


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Two to five runs of one model, one an instrument, or patterns: 'm*'.",
            autocompletion=completed,
        ),
    ],
    judge: options.JudgeNameOption = None,
    fdr: Annotated[float, typer.Option(min=0.0, max=1.0, help="False-discovery rate of the gaps.")] = 0.05,
    top: Annotated[int, typer.Option(min=1, help="How many gaps to print of each pair.")] = 8,
    ties: options.TiesOption = "half",
    confidence_level: options.ConfidenceOption = 0.95,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Set beside each other what a model says, chooses, does and can, and name the traits that are apart."""
    from mien.errors import UsageError, require_each_once
    from mien.runs.run import Run
    from mien.runs.strength import strength
    from mien.stats.sides import sides
    from mien.types import OWN_ANSWER

    require_each_once(runs := matching(runs, store))
    of: list[Profile | Inventory] = []
    for run in (Run(name, store) for name in runs):
        if run.record.instrument == "inventory":
            of.append(run.inventory(confidence_level=confidence_level))
            continue
        own = any(known.name == OWN_ANSWER for known in run.judges)  # whoever reads the others
        reader = None if own else judge
        of.append(run.profile(reader, confidence_level=confidence_level, ties=ties))
    found = sides(of, fdr=fdr, confidence_level=confidence_level)
    by_side = {name: Run(side.run, store) for name, side in found.by_side.items()}
    shown, why_not = None, ""
    if {"does", "can"} <= by_side.keys():
        try:
            shown = strength(
                by_side["can"], by_side["does"], judge=judge, fdr=fdr, confidence_level=confidence_level
            )
        except UsageError as error:
            why_not = str(error)
    if as_json:
        told = None if shown is None else [strength_row(change) for change in shown.changes]
        print_json(found.to_dict() | {"strength": told, "strength_why_not": why_not})
        return
    _print(found, top)
    if shown is not None:
        _print_strength(shown, top)
    elif why_not:
        console().print(f"\nTold against told nothing: {why_not}", markup=False, soft_wrap=True)


def _print_strength(shown: Diff, top: int) -> None:
    """Told A against told nothing, the weakest first."""
    out = console()
    out.print("\n[bold]How strongly it shows what it is told[/bold]: share of readings, the weakest first")
    rows = sorted(map(strength_row, shown.changes), key=lambda row: row["strength"])
    print_table(
        ("trait", "told", "told nothing", "strength", f"{shown.confidence_level:.0%} interval", "q"),
        (
            (
                row["trait"],
                fraction(row["told"]),
                fraction(row["nothing"]),
                f"{row['strength']:+.2f}",
                f"{row['low']:+.2f} … {row['high']:+.2f}",
                p_value(row["q"]),
            )
            for row in rows[:top]
        ),
        left=("trait",),
    )
    more = sum(row["shown"] for row in rows)
    out.print(f"{more} of {len(rows)} traits are read more often when asked for (q < {shown.fdr:g})")


def _print(found: Sides, top: int) -> None:
    out = console()
    out.print(f"{bold(found.model)} from {len(found.by_side)} sides, {len(found.traits)} traits")
    print_table(
        ("side", "run", "judge", "choices", "reliability"), side_cells(found), left=("side", "run", "judge")
    )
    if found.left_out:
        out.print(f"left out, since a side does not rate them: {', '.join(found.left_out)}", markup=False)
    out.print("\n[bold]How alike[/bold]")
    level = f"{found.confidence_level:.0%} interval"
    print_table(("", "", "r", level, "without noise", level), likeness_cells(found), left=("",))
    for pair in found.pairs:
        out.print(
            f"\n[bold]What it {pair.a} less what it {pair.b}[/bold], in true standard deviations of each"
        )
        if pair.gaps is None:
            out.print(f"not known: {pair.why_not}", markup=False, soft_wrap=True)
            continue
        print_table(
            ("trait", pair.a, pair.b, "gap", level, "q"),
            (gap_cells(row) for row in pair.rows[:top]),
            left=("trait",),
        )
        apart = sum(row["apart"] for row in pair.rows)
        out.print(f"{apart} of {len(pair.rows)} traits apart (q < {found.fdr:g})")
    if said := claims(found):
        out.print()
    for line in said:
        out.print(line, markup=False, soft_wrap=True)
