"""``mien profile``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.output import bold, console, print_facts, print_json, print_table
from mien.cli.run_names import RunArgument, SoftOption, completed
from mien.errors import MienError, UsageError
from mien.report.diagnostics import diagnostics, phrasings_told

if TYPE_CHECKING:
    from mien.runs.phrasings import Phrasings
    from mien.runs.run import Run
    from mien.stats.inventories import Inventory
    from mien.stats.profiles.profile import Profile, TraitRow


def command(
    run: RunArgument,
    judge: options.JudgeNameOption = None,
    top: Annotated[int, typer.Option(min=1, help="How many traits to print from each end.")] = 10,
    everything: Annotated[bool, typer.Option("--all", help="Print all traits.")] = False,
    alpha: options.AlphaOption = None,
    prior: Annotated[
        str,
        typer.Option(help="flat: this run alone. pooled: lean on four or more other models in the store."),
    ] = "flat",
    correct_judge: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            autocompletion=completed,
            help="Take out the judge's errors, as an instructed run with the same judge shows them.",
        ),
    ] = None,
    soft: SoftOption = None,
    ties: options.TiesOption = "half",
    simultaneous: Annotated[
        bool,
        typer.Option(
            "--simultaneous",
            help="Widen intervals so that those of all ratings, and of all ranks, hold at once.",
        ),
    ] = False,
    bounds: Annotated[
        bool,
        typer.Option(
            "--bounds",
            help="Show each rating had its trials without a choice gone against it, and for it.",
        ),
    ] = False,
    confidence_level: options.ConfidenceOption = 0.95,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Rate a run's traits, with intervals, position effect and reliability."""
    from mien.runs.run import Run

    of = Run(run, store)
    if of.record.instrument == "inventory":
        _require_no_choices(
            judge=judge,
            alpha=alpha,
            prior=prior != "flat",
            correct_judge=correct_judge,
            soft=soft,
            ties=ties != "half",
            simultaneous=simultaneous,
            bounds=bounds,
        )
        found = of.inventory(confidence_level=confidence_level)
        if as_json:
            print_json(found.to_dict())
        else:
            print_inventory(found, of.record.model, top=None if everything else top)
        return
    settings = {} if alpha is None else {"alpha": alpha}
    profile = of.profile(
        judge,
        prior=prior,  # pyright: ignore[reportArgumentType]  # profile() checks it
        correct_judge=correct_judge,
        soft=soft,
        confidence_level=confidence_level,
        ties=ties,
        bounds=bounds,
        **settings,
    )
    profile = replace(profile, simultaneous=simultaneous)
    phrasings = of.phrasings()
    if as_json:
        print_json(profile.to_dict() | ({} if phrasings is None else {"phrasings": phrasings}))
    else:
        print_profile(profile, top=None if everything else top, phrasings=phrasings)


def _require_no_choices(**given: object) -> None:
    """Refuse what changes how choices are read, of a run that holds none.

    Raises:
        UsageError: it is given.
    """
    if unfit := [f"--{name.replace('_', '-')}" for name, value in given.items() if value]:
        raise UsageError(f"the run is an inventory, and holds no choices: leave out {', '.join(unfit)}")


def print_inventory_of(run: Run, *, as_json: bool, complete: bool) -> None:
    """Print what a run that was just made says of its model, or why it says nothing yet.

    Raises:
        MienError: it says nothing, though all was answered.
    """
    try:
        found = run.inventory()
    except MienError as error:
        if complete:
            raise
        console(err=True).print(f"No ratings yet: {error}", markup=False, soft_wrap=True)
        return
    if as_json:
        print_json(found.to_dict())
        return
    print_inventory(found, run.record.model, top=5)
    console().print(f"\nAll ratings: mien profile {run.name} --all", markup=False)


def print_inventory(found: Inventory, model: str, *, top: int | None) -> None:
    """Print how sound an inventory is, then its ratings: ``top`` from each end, or all."""
    from mien.report.inventories import columns, rating_cells, soundness

    out = console()
    out.print(f"{bold(found.estimates.label)}: {model}, inventory", highlight=False)
    print_facts(soundness(found), indent=16)
    out.print()
    cells = rating_cells(found)
    if top is not None and 2 * top < len(cells):
        cells = [*cells[:top], ("…",) + ("",) * (len(cells[0]) - 1), *cells[-top:]]
    print_table(columns(found), cells, left=("trait",))


def print_profile(profile: Profile, *, top: int | None, phrasings: Phrasings | None = None) -> None:
    """Print the instrument's health, then the ratings: ``top`` from each end, or all."""
    from rich.markup import escape

    out = console()
    out.print(
        f"{bold(profile.run)}: "
        + escape(
            f"{profile.model or 'a model without a name'}, {profile.instrument}, protocol {profile.protocol}"
        )
    )
    print_facts(diagnostics(profile), indent=16)
    if phrasings is not None:
        print_facts([("phrasings", phrasings_told(phrasings))], indent=16)
    out.print()
    kind = "simultaneous" if profile.simultaneous else "interval"
    columns = ("rank", "ranks", "trait", "rating", f"{profile.confidence_level:.0%} {kind}")
    if profile.bounds is not None:
        columns += ("bounds", "no choice")
    if profile.fit.prior is not None:
        columns += ("flat", "prior")
    if profile.foretold is not None:
        columns += ("stands out",)
    if profile.uncorrected_fit is not None:
        columns += ("uncorrected",)
    tied = bool(profile.tied.any())
    unasked = profile.instrument == "exhibited"
    columns += ("Elo", "shown", "chosen", *(("tied",) if tied else ()), *(("neither",) if unasked else ()))
    cells = [_cells(row, tied=tied, unasked=unasked) for row in profile.ranked_rows]
    if top is not None and 2 * top < len(cells):
        cells = [*cells[:top], ("…",) + ("",) * (len(columns) - 1), *cells[-top:]]
    print_table(columns, cells, left=("trait",))


def _cells(row: TraitRow, *, tied: bool, unasked: bool) -> tuple[object, ...]:
    pooled = ()
    bounds = ()
    if "bound_low" in row and "bound_high" in row:
        ended = row["neither"] + row["refused"] + row["unreadable"]
        bounds = (f"{row['bound_low']:.0f} … {row['bound_high']:.0f}", f"{ended} of {row['presented']}")
    if "flat_rating" in row and "shrinkage" in row:
        pooled = (f"{row['flat_rating']:.0f}", f"{row['shrinkage']:.0%}")
    if "departure" in row and "stands_out" in row:
        pooled += (f"{row['departure']:+.1f} s.e." if row["stands_out"] else "",)
    uncorrected = (f"{row['uncorrected_rating']:.0f}",) if "uncorrected_rating" in row else ()
    return (
        row["rank"],
        f"{row['rank_low']} … {row['rank_high']}" if "rank_low" in row and "rank_high" in row else "",
        row["trait"],
        f"{row['rating']:.0f}",
        f"{row['low']:.0f} … {row['high']:.0f}",
        *bounds,
        *pooled,
        *uncorrected,
        f"{row['elo']:.0f}",
        row["shown"],
        row["chosen"],
        *((row["tied"],) if tied else ()),
        *((f"{row['neither'] / row['presented']:.0%}",) if unasked else ()),
    )
