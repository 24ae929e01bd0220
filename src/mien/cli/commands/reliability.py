"""``mien reliability``."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, fraction, print_json, print_table
from mien.cli.run_names import completed, matching
from mien.errors import NotIdentified, UsageError, require_each_once
from mien.formatting import p_value
from mien.report.diagnostics import one_strength
from mien.types import NON_CHOICES, TIE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.runs.judge_forms import JudgeForm
    from mien.runs.judge_positions import JudgePositions
    from mien.runs.run import Run
    from mien.stats.agreement.functioning import Functioning, TraitFunctioning
    from mien.stats.agreement.inter_rater import Agreement, Rate
    from mien.stats.agreement.parallel_forms import FormPair
    from mien.stats.profiles.first_place import Position
    from mien.stats.profiles.goodness_of_fit import GoodnessOfFit
    from mien.stats.profiles.profile import Profile

DEPARTING = 5  # pairs to print of each rater


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="The runs' names, or patterns ('m*'): several of one model and trait set, or one alone.",
            autocompletion=completed,
        ),
    ],
    seed: Annotated[int, typer.Option(help="Of the bootstrap of Krippendorff's α.")] = 0,
    confidence_level: options.ConfidenceOption = 0.95,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Say how far judges, people and protocols agree, which place is preferred, and whether scores fit."""
    from mien.runs.judge_forms import judge_forms
    from mien.runs.run import Run
    from mien.stats.agreement.parallel_forms import parallel_forms

    require_each_once(runs := matching(runs, store))
    opened = [Run(run, store) for run in runs]
    found = [run.raters(confidence_level=confidence_level, seed=seed) for run in opened]
    means = [run.functionings(confidence_level=confidence_level) for run in opened]
    places = [run.positions(confidence_level=confidence_level) for run in opened]
    fits = [_fits(run, seed) for run in opened]
    told = [judge_forms(run, confidence_level=confidence_level) for run in opened]
    forms, unrated = _forms(opened, confidence_level)
    pairs = parallel_forms(forms, confidence_level=confidence_level)
    if as_json:
        each = zip(runs, found, means, places, fits, told, strict=True)
        print_json(
            {
                "runs": [
                    {
                        "run": run,
                        **agreed.to_dict(),
                        "functioning": [pair.to_dict() for pair in by_trait],
                        "positions": [place.to_dict() for place in positions],
                        "fit": [{"rater": rater, **fit.to_dict()} for rater, fit in fit_by.items()],
                        "told": [form.to_dict() for form in judges],
                    }
                    for run, agreed, by_trait, positions, fit_by, judges in each
                ],
                "correlations": [dict(pair) for pair in pairs],
                "unrated": unrated,
                "confidence_level": confidence_level,
            }
        )
        return
    out = console()
    each = zip(runs, found, means, places, fits, told, strict=True)
    for run, agreed, by_trait, positions, fit_by, judges in each:
        if len(runs) > 1:
            out.print(f"{run}\n", style="bold", markup=False)
        _print_agreement(agreed)
        _print_judges(judges)
        _print_functioning(by_trait)
        _print_positions(positions)
        _print_fits(fit_by)
        _print_rates(agreed, groups=len(runs) == 1)
        if len(runs) > 1:
            out.print()
    _print_forms(forms, pairs, unrated)


def _forms(runs: Sequence[Run], confidence_level: float) -> tuple[list[Profile], list[dict[str, str]]]:
    """Every run as every judge of it rates it, and why some are not rated; none where there is one alone."""
    read = [(run, judge.name) for run in runs for judge in run.judges if not judge.perturbed]
    rated: list[Profile] = []
    unrated: list[dict[str, str]] = []
    if len(read) < 2:
        return rated, unrated
    for run, judge in read:
        try:
            rated.append(run.profile(judge, confidence_level=confidence_level))
        except (NotIdentified, UsageError) as error:
            unrated.append({"run": run.name, "judge": judge, "reason": str(error)})
    return rated, unrated


def _fits(run: Run, seed: int) -> dict[str, GoodnessOfFit]:
    """How well scores explain the choices that each judge read, where it read enough to rate all traits."""
    found: dict[str, GoodnessOfFit] = {}
    for judge in run.judges:
        if judge.perturbed:
            continue
        with suppress(NotIdentified, UsageError):
            found[judge.name] = run.goodness_of_fit(judge.name, seed=seed)
    return found


def _print_agreement(found: Agreement) -> None:
    out = console()
    if not found.pairs:
        names = " and ".join(found.raters)
        out.print(
            f"Only {names} has read the run: nobody to agree with."
            if len(found.raters) == 1
            else f"{names} have read no trial in common.",
            markup=False,
        )
        return
    print_table(
        ("rater", "with", "κ", "alike", "n"),
        (
            (
                pair.a,
                f"itself: {pair.b}" if pair.itself else pair.b,
                _interval(pair.kappa, pair.kappa_low, pair.kappa_high),
                f"{pair.agreement:.1%} ({pair.agreement_low:.1%} … {pair.agreement_high:.1%})",
                f"{pair.n:,}",
            )
            for pair in found.pairs
        ),
        left=("rater", "with"),
    )
    if found.alpha is not None:
        alpha = _interval(found.alpha.alpha, found.alpha.low, found.alpha.high)
        trials = counted(found.alpha.n, "trial")
        number = len(found.raters) - len(found.repeats)
        without = ", without repeats" if found.repeats else ""
        out.print(f"Krippendorff's α of all {number}{without}: {alpha}, {trials}", markup=False)


def _print_judges(judges: Sequence[JudgeForm]) -> None:
    """Judges beside what the model was told, where that is known."""
    if not judges:
        return
    out = console()
    out.print("\nJudges beside what the model was told; calibration error and Brier score before → after")
    print_table(
        ("judge", "it", "right, %", "n", "temperature", "calibration error", "Brier score"),
        ((form.judge, form.reads, *_right(form), *_sureness(form)) for form in judges),
        left=("judge", "it"),
    )
    for form in judges:
        if form.reason:
            out.print(f"{form.judge}: {form.reason}", markup=False, soft_wrap=True)


def _right(form: JudgeForm) -> tuple[str, str]:
    share = form.right
    low, high = 100 * share["low"], 100 * share["high"]
    return f"{100 * share['accuracy']:.0f} ({low:.0f} … {high:.0f})", f"{share['n']:,}"


def _sureness(form: JudgeForm) -> tuple[str, str, str]:
    if form.soft is None:
        return "–", "–", "–"
    before, after = form.soft.before, form.soft.after
    return (
        f"{form.soft.temperature:.2f}",
        f"{before.ece:.3f} → {after.ece:.3f}",
        f"{before.brier:.3f} → {after.brier:.3f}",
    )


def _print_functioning(found: Sequence[Functioning]) -> None:
    """The traits by which two raters do not mean the same; how many were tested of the others."""
    if not found:
        return
    out = console()
    out.print("\nDo they mean the same traits? Told by the trials in which they name different ones")
    rows = [
        (
            pair.a,
            pair.b,
            row["trait"],
            row["a_alone"],
            row["b_alone"],
            _leaning(row),
            p_value(row["q"]),
        )
        for pair in found
        for row in pair.differing
    ]
    if rows:
        columns = ("rater", "with", "trait", "rater alone", "the other alone", "leaning, points", "q")
        print_table(columns, rows, left=("rater", "with", "trait"))
    for pair in found:
        told = pair.reason or f"{len(pair.differing)} of {counted(pair.n_tested, 'trait')} tested differ"
        out.print(
            f"{pair.a} and {pair.b}: {told}; different ones in {pair.n_apart:,} of {pair.n:,} trials",
            markup=False,
            soft_wrap=True,
        )


def _leaning(row: TraitFunctioning) -> str:
    if row["leaning"] is None or row["low"] is None or row["high"] is None:
        return "–"
    return f"{row['leaning']:+.0f} ({row['low']:+.0f} … {row['high']:+.0f})"


def _print_positions(positions: Sequence[JudgePositions]) -> None:
    out = console()
    if any(place.model or place.judge for place in positions):
        out.print("\nPosition effects: how probably the first of equals is read, %")
        print_table(
            ("rater", "first to the model", "first to the judge", "n"),
            ((p.rater, _first(p.model), _first(p.judge), f"{p.n:,}") for p in positions),
            left=("rater",),
        )
    elif positions:
        out.print("\nPosition effects: none can be told")
    for place in positions:
        for reason in place.reasons:
            out.print(f"{place.rater}: {reason}", markup=False, soft_wrap=True)


def _first(place: Position | None) -> str:
    if place is None:
        return "–"
    return f"{100 * place['first']:.1f} ({100 * place['low']:.1f} … {100 * place['high']:.1f})"


def _print_fits(fits: Mapping[str, GoodnessOfFit]) -> None:
    if not fits:
        return
    out = console()
    out.print("\nDoes one strength a trait explain the choices?")
    for rater, fit in fits.items():
        for label, text in one_strength(fit):
            out.print(f"{rater}: {label}: {text}", markup=False, soft_wrap=True)
    pairs = [(rater, row) for rater, fit in fits.items() for row in fit.departing[:DEPARTING]]
    if pairs:
        print_table(
            ("rater", "pair", "n", "first chosen", "expected", "residual", "q"),
            (
                (
                    rater,
                    f"{row['a']}, {row['b']}",
                    row["n"],
                    row["chosen"],
                    f"{row['expected']:.1f}",
                    f"{row['residual']:+.1f}",
                    p_value(row["q"]),
                )
                for rater, row in pairs
            ),
            left=("rater", "pair"),
        )


def _print_rates(found: Agreement, *, groups: bool) -> None:
    """Those of all trials, and of each category and length; of one run alone, or the list would be long."""
    console().print()
    rows = {(rate.rater, rate.by, rate.group): rate.n for rate in found.rates if groups or rate.by == "all"}
    shares = {(rate.rater, rate.by, rate.group, rate.verdict): _percent(rate) for rate in found.rates}
    # People tie; models are not asked to.
    tied = any(rate.verdict == TIE and rate.share for rate in found.rates)
    kinds = ("chosen", *(kind for kind in NON_CHOICES if kind != TIE or tied))
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


def _print_forms(
    forms: Sequence[Profile], pairs: Sequence[FormPair], unrated: Sequence[dict[str, str]]
) -> None:
    out = console()
    if pairs:
        out.print("\nRatings: Spearman's ρ below the diagonal, corrected for error above")
        cells = {(i, i): "" for i in range(len(forms))}
        places = [(i, j) for i in range(len(forms)) for j in range(i + 1, len(forms))]
        for (i, j), pair in zip(places, pairs, strict=True):
            cells[j, i], cells[i, j] = fraction(pair["spearman"]), fraction(pair["disattenuated"])
        numbers = [str(i + 1) for i in range(len(forms))]
        print_table(
            ("", "run", "judge", *numbers),
            (
                (numbers[i], form.run, form.judge, *(cells[i, j] for j in range(len(forms))))
                for i, form in enumerate(forms)
            ),
            left=("", "run", "judge"),
        )
        out.print()
        print_table(
            ("pair", "ρ", "corrected"),
            (
                (
                    f"{i + 1}, {j + 1}",
                    _interval(pair["spearman"], pair["low"], pair["high"]),
                    _interval(pair["disattenuated"], pair["disattenuated_low"], pair["disattenuated_high"]),
                )
                for (i, j), pair in zip(places, pairs, strict=True)
            ),
            left=("pair",),
        )
    for form in unrated:
        out.print(
            f"not rated: {form['run']} by {form['judge']}: {form['reason']}", markup=False, soft_wrap=True
        )


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} … {high:.2f})"
