"""``mien profile``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, fraction, p_value, print_json, print_table

if TYPE_CHECKING:
    from mien.ratings import Profile, TraitRow


FLAT = 0.05  # p below which a profile is called not flat


def command(
    run: Annotated[str, typer.Argument(help="The run's name.")],
    judge: options.JudgeNameOption = None,
    top: Annotated[int, typer.Option(min=1, help="How many traits to print from each end.")] = 10,
    everything: Annotated[bool, typer.Option("--all", help="Print all traits.")] = False,
    alpha: options.AlphaOption = None,
    prior: Annotated[
        str,
        typer.Option(help="flat: this run alone. pooled: lean on four or more other models in the store."),
    ] = "flat",
    confidence_level: options.ConfidenceOption = 0.95,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Rate a run's traits, with intervals, position effect and reliability."""
    from mien.runs import Run

    settings = {} if alpha is None else {"alpha": alpha}
    profile = Run(run, store).profile(
        judge,
        prior=prior,  # pyright: ignore[reportArgumentType]  # profile() checks it
        confidence_level=confidence_level,
        **settings,
    )
    if as_json:
        print_json(profile.to_dict())
    else:
        print_profile(profile, top=None if everything else top)


def print_profile(profile: Profile, *, top: int | None) -> None:
    """Print the instrument's health, then the ratings: ``top`` from each end, or all."""
    out = console()
    out.print(
        f"[bold]{profile.run}[/bold]: {profile.model or 'a model without a name'}, {profile.instrument}, "
        f"protocol {profile.protocol}"
    )
    for label, text in health(profile):
        out.print(f"  {label:<13} {text}", markup=False)
    out.print()
    columns = ("rank", "trait", "rating", f"{profile.confidence_level:.0%} interval")
    if profile.fit.prior is not None:
        columns += ("flat", "prior")
    columns += ("Elo", "shown", "chosen")
    cells = [_cells(row) for row in profile.rows]
    if top is not None and 2 * top < len(cells):
        cells = [*cells[:top], ("…",) + ("",) * (len(columns) - 1), *cells[-top:]]
    print_table(columns, cells, left=("trait",))


def _cells(row: TraitRow) -> tuple[object, ...]:
    pooled = ()
    if "flat_rating" in row and "shrinkage" in row:
        pooled = (f"{row['flat_rating']:.0f}", f"{row['shrinkage']:.0%}")
    return (
        row["rank"],
        row["trait"],
        f"{row['rating']:.0f}",
        f"{row['low']:.0f} … {row['high']:.0f}",
        *pooled,
        f"{row['elo']:.0f}",
        row["shown"],
        row["chosen"],
    )


def health(profile: Profile) -> list[tuple[str, str]]:
    """What to know of a measurement before its ratings are read."""
    verdicts = profile.verdicts
    others = ", ".join(f"{n:,} {word}" for word, n in verdicts.items() if n and word != "chosen")
    position, reliable = profile.position, profile.reliability
    n_options = len(profile.fit.positions)
    by_chance = f", {1 / n_options:.0%} by chance" if n_options > 2 else ""
    halves = "" if profile.fit.prior else f", {fraction(reliable['split_half'])} from split halves"
    lines = [
        ("judge", profile.judge),
        ("trials", f"{profile.n_trials:,}: {verdicts['chosen']:,} chosen{', ' + others if others else ''}"),
        (
            "first option",
            f"chosen {position['first']:.0%} of the time between equals "
            f"({position['low']:.0%} … {position['high']:.0%}){by_chance}",
        ),
        ("reliability", f"{fraction(reliable['model_based'])} from the standard errors{halves}"),
    ]
    if (shrinkage := profile.fit.shrinkage) is not None and profile.fit.prior:
        names = profile.fit.prior.runs
        listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        lines += [
            ("prior", f"pooled from {counted(len(names), 'run')}: {listed}"),
            (
                "",
                f"with {shrinkage.min():.0%} to {shrinkage.max():.0%} of the weight; without it: column flat",
            ),
        ]
    if profile.accuracy:
        share = profile.accuracy
        worst = ", ".join(f"{row['trait']} {row['accuracy']:.0%}" for row in share["traits"][:3])
        lines.append(
            (
                "accuracy",
                f"{share['accuracy']:.1%} ({share['low']:.1%} … {share['high']:.1%}) of the traits asked for "
                f"were read; least: {worst}",
            )
        )
    lines.append(("flat?", _flatness(profile)))
    return lines


def _flatness(profile: Profile) -> str:
    p = profile.flat["p"]
    if p is None:
        return f"not tested: {counted(profile.fit.n_clusters, 'prompt')} are too few"
    tested = f"(all ratings equal: p {p_value(p)})"
    if profile.condition != "random":
        return f"{'not flat' if p < FLAT else 'no sign of a preference'} {tested}"
    if p < FLAT:
        return f"NOT FLAT {tested}, though told to choose at random: what shows here is no preference"
    return f"flat, as it should be under the condition random {tested}"
