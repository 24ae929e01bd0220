"""``mien compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mien.cli import options
from mien.cli.commands.consistency import print_consistency
from mien.cli.output import console, fraction, p_value, print_json, print_table
from mien.cli.run_names import completed, matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.runs.run import Run
    from mien.stats.panels import Panel

_MATRIX = 8  # runs of which all pairs are printed; of more, the most and the least alike


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="The runs' names, 2 to 1,000 (with --by, from 1), or patterns: 'm*'.",
            autocompletion=completed,
        ),
    ],
    by: Annotated[
        Literal["category", "language", "length", "phrasing"] | None,
        typer.Option(help="Instead, compare each run with itself over kinds of prompts, or over phrasings."),
    ] = None,
    judge: options.JudgeNameOption = None,
    fdr: Annotated[float, typer.Option(min=0.0, max=1.0, help="False-discovery rate.")] = 0.05,
    top: Annotated[int, typer.Option(min=1, help="How many traits to print of each list.")] = 5,
    n_resamples: Annotated[
        int | None,
        typer.Option(
            "--n-resamples",
            min=20,
            help="Of the models, and draws of the errors; with --by, of the tests.",
            show_default="500; with --by, 4999",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the resamples.")] = 0,
    ties: options.TiesOption = "half",
    confidence_level: options.ConfidenceOption = 0.95,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Compare many models: how alike they are, along what they differ, what sets each apart.

    With --by: whether each run's character holds across kinds of prompts.
    """
    from mien.errors import NotIdentified, UsageError
    from mien.runs.run import Run
    from mien.stats import panels
    from mien.stats.profiles.profile import Profile

    runs = matching(runs, store)
    resamples = {} if n_resamples is None else {"n_resamples": n_resamples}
    if by is not None:
        if ties != "half":
            raise UsageError("with --by a tie is half a choice of each option; leave --ties out")
        shared = {"fdr": fdr, "confidence_level": confidence_level, "seed": seed, **resamples}
        held = [run.consistency(by, judge, **shared) for run in _each_once(runs, store)]
        if as_json:
            print_json({"by": by, "runs": [found.to_dict() for found in held]})
        else:
            for i, found in enumerate(held):
                console().print("\n" if i else "", end="")
                print_consistency(found, top)
        return
    profiles: list[Profile] = []
    for name in runs:
        try:
            run = Run(name, store)
            profiles.append(run.profile(judge, confidence_level=confidence_level, ties=ties, in_full=False))
        except NotIdentified as error:
            raise UsageError(f"run {name!r} cannot be rated: {error}") from error
    panel = panels.compare(profiles, fdr=fdr, confidence_level=confidence_level, seed=seed, **resamples)
    if as_json:
        print_json(panel.told())
    else:
        _print(panel, top)


def _each_once(names: Sequence[str], store: options.Path) -> list[Run]:
    from mien.errors import UsageError, require_each_once
    from mien.runs.run import Run
    from mien.stats.panels.panel import MAX_RUNS

    if len(names) > MAX_RUNS:
        raise UsageError(f"compare takes 1 to {MAX_RUNS:,} runs, not {len(names)}")
    require_each_once(names)
    return [Run(name, store) for name in names]


def _print(panel: Panel, top: int) -> None:
    out = console()
    out.print(f"[bold]{len(panel.names)} runs[/bold], {len(panel.traits)} traits")
    for warning in panel.warnings:
        out.print(f"Warning: {warning}", markup=False, soft_wrap=True)
    for title, show in (
        ("How alike: Spearman's ρ, and corrected for unreliability", _print_pairs),
        ("Convergence: mean standard deviation of a trait's rank over the runs", _print_tiers),
        ("Principal components of what differs", _print_components),
        ("Clusters", _print_clusters),
        ("What sets each apart: rating less the mean of the others", _print_distinct),
        ("Consensus: mean rating over the runs", _print_consensus),
    ):
        out.print(f"\n[bold]{title}[/bold]")
        show(panel, top)


def _print_pairs(panel: Panel, top: int) -> None:
    rows = sorted(panel.correlations, key=lambda row: -(row["spearman"] or 0))
    shown = rows if len(panel.names) <= _MATRIX else [*rows[:top], *rows[-top:]]
    print_table(
        ("", "", "ρ", f"{panel.confidence_level:.0%} interval", "corrected", "interval"),
        (
            (
                row["a"],
                row["b"],
                fraction(row["spearman"]),
                _ends(row["low"], row["high"]),
                fraction(row["disattenuated"]),
                _ends(row["disattenuated_low"], row["disattenuated_high"]),
            )
            for row in shown
        ),
        left=("",),
    )
    if len(shown) < len(rows):
        console().print(f"the {top} most alike of {len(rows)} pairs and the {top} least; --json has all")
    console().print(f"concordance of all rankings (Kendall's W): {fraction(panel.concordance)}")


def _print_tiers(panel: Panel, top: int) -> None:
    print_table(
        ("consensus ranks", "spread", "noise alone", "without noise"),
        (
            (
                f"{tier['first']}–{tier['last']}",
                f"{tier['spread']:.1f}",
                f"{tier['noise']:.1f}",
                f"{tier['corrected']:.1f}",
            )
            for tier in panel.tiers
        ),
        left=("consensus ranks",),
    )


def _print_components(panel: Panel, top: int) -> None:
    parts = panel.components
    rows: list[Sequence[object]] = []
    for i, share in enumerate(parts.shares[: max(3, parts.n_kept)]):
        loadings = parts.loadings[:, i]
        order = loadings.argsort().tolist()
        ends = [*order[::-1][: min(top, 3)], *order[: min(top, 3)]]
        rows.append(
            (
                i + 1,
                f"{share:.1%}",
                "–" if parts.low[i] != parts.low[i] else f"{parts.low[i]:.1%} … {parts.high[i]:.1%}",
                f"{parts.chance[i]:.1%}",
                ", ".join(f"{'+' if loadings[j] > 0 else '−'}{panel.traits[j]}" for j in ends),
            )
        )
    print_table(
        ("", "share", f"{panel.confidence_level:.0%} interval", "by chance", "longest loadings"),
        rows,
        left=("longest loadings",),
    )
    console().print(
        f"{parts.n_kept} of {len(parts.shares)} exceed chance; {parts.noise:.0%} of the variance "
        "between runs is measurement error"
    )


def _print_clusters(panel: Panel, top: int) -> None:
    rows = [
        (kind, f"{stability:.2f}", ", ".join(names))
        for kind, tree in (("runs", panel.models), ("traits", panel.tree))
        if tree is not None
        for names, stability in tree.groups()[:top]
    ]
    if not rows:
        console().print("no two runs or traits correlate at .5 or more")
        return
    print_table(
        ("of", "stability", "together at a correlation of .5"),
        rows,
        left=("of", "together at a correlation of .5"),
    )


def _print_distinct(panel: Panel, top: int) -> None:
    rows = [
        (
            row["run"] if i == 0 else "",
            row["trait"],
            f"{row['delta']:+.0f}",
            f"{row['low']:+.0f} … {row['high']:+.0f}",
            p_value(row["q"]),
        )
        for run in panel.names
        for i, row in enumerate([row for row in panel.rows(run) if row["distinct"]][:top])
    ]
    counts = ", ".join(f"{run} {sum(row['distinct'] for row in panel.rows(run))}" for run in panel.names[:10])
    if rows:
        print_table(
            ("run", "trait", "apart by", f"{panel.confidence_level:.0%} interval", "q"),
            rows,
            left=("run", "trait"),
        )
    console().print(f"traits with q < {panel.fdr:g}: {counts}", markup=False, soft_wrap=True)


def _print_consensus(panel: Panel, top: int) -> None:
    rows = [
        (
            row["rank"],
            row["trait"],
            f"{row['rating']:.0f}",
            f"{row['low']:.0f} … {row['high']:.0f}",
            f"{row['mean_rank']:.1f}",
        )
        for row in panel.consensus
    ]
    if 2 * top < len(rows):
        rows = [*rows[:top], ("…", "", "", "", ""), *rows[-top:]]
    print_table(
        ("rank", "trait", "rating", f"{panel.confidence_level:.0%} interval", "mean rank"),
        rows,
        left=("trait",),
    )


def _ends(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{fraction(low)} … {fraction(high)}"
