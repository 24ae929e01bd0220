"""``mien reliability``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json, print_table
from mien.types import NON_CHOICES

if TYPE_CHECKING:
    from mien.agreement import Agreement, Rate


def command(
    run: Annotated[str, typer.Argument(help="The run's name.")],
    seed: Annotated[int, typer.Option(help="Of the bootstrap of Krippendorff's α.")] = 0,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Say how far a run's judges, and the people who labelled it, agree, and what they could not read."""
    from mien.runs import Run

    found = Run(run, store).raters(seed=seed)
    if as_json:
        print_json({"run": run, **found.to_dict()})
        return
    _print_agreement(found)
    console().print()
    rows = {(rate.rater, rate.by, rate.group): rate.n for rate in found.rates}
    shares = {(rate.rater, rate.by, rate.group, rate.verdict): _percent(rate) for rate in found.rates}
    kinds = ("chosen", *NON_CHOICES)
    print_table(
        ("rater", "trials", "n", *(f"{kind}, %" for kind in kinds)),
        (
            (rater, f"{by} {group}".strip(), f"{n:,}", *(shares[rater, by, group, kind] for kind in kinds))
            for (rater, by, group), n in rows.items()
        ),
        left=("rater", "trials"),
    )


def _percent(rate: Rate) -> str:
    return f"{100 * rate.share:.0f} ({100 * rate.low:.0f} … {100 * rate.high:.0f})"


def _print_agreement(found: Agreement) -> None:
    out = console()
    if found.alpha is None:
        out.print(f"Only {found.raters[0]} has read the run: nobody to agree with.", markup=False)
        return
    print_table(
        ("rater", "with", "κ", "alike", "n"),
        (
            (
                pair.a,
                pair.b,
                _interval(pair.kappa, pair.kappa_low, pair.kappa_high),
                f"{pair.agreement:.1%} ({pair.agreement_low:.1%} … {pair.agreement_high:.1%})",
                f"{pair.n:,}",
            )
            for pair in found.pairs
        ),
        left=("rater", "with"),
    )
    alpha = _interval(found.alpha.alpha, found.alpha.low, found.alpha.high)
    trials = counted(found.alpha.n, "trial")
    out.print(f"Krippendorff's α of all {len(found.raters)}: {alpha}, {trials}", markup=False)


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} … {high:.2f})"
