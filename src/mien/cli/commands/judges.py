"""``mien judges``."""

from __future__ import annotations

import dataclasses
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.commands.measure import stored, takes
from mien.cli.output import console, counted, fraction, p_value, print_json, print_table
from mien.cli.progress import ProgressReport, print_outcome
from mien.cli.resuming import INCOMPLETE, require_complete, resumable
from mien.cli.run_names import RunArgument, completed
from mien.errors import UsageError
from mien.formatting import enumerated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mien.measurement.cost import Estimate
    from mien.measurement.run_plan import RunPlan
    from mien.measurement.session import Session
    from mien.runs.judge_ablation import Changed, JudgeAblation
    from mien.runs.jury import JuryProfile
    from mien.runs.outcome import Outcome
    from mien.runs.soft_jury import SoftJury

app = typer.Typer(help="Whether judges can be trusted.", no_args_is_help=True)

TRAITS = 4  # to name of those that a change moves

_Models = Annotated[
    list[str],
    typer.Option("--model", help="The model under test; repeatable.", show_default=False),
]
_Judges = Annotated[
    list[str],
    typer.Option("--judge", help="The judge to check; repeatable.", show_default=False),
]
_Jurors = Annotated[
    list[str],
    typer.Option("--judge", help="One of the jury, two or more; repeatable.", show_default=False),
]
_Only = Annotated[
    list[str] | None,
    typer.Option(
        help="One thing to change: temperature, order, wording, synonyms, no-prompt, half, padded or "
        "language; repeatable.",
        show_default="all; language with --translator",
    ),
]
_Families = Annotated[
    list[str] | None,
    typer.Option(
        "--family",
        metavar="SPEC,SPEC…",
        help="Models and judges of one maker, to see whether a judge favours its own; repeatable.",
        show_default="a judge that is the model",
    ),
]
_Translator = Annotated[
    str | None,
    typer.Option(metavar="MODEL", help="Show responses in another language, too, as this model puts them."),
]
_Into = Annotated[str | None, typer.Option(help="The language, with --translator.", show_default="French")]
_Name = Annotated[str | None, typer.Option(help="The run's name.", show_default="MODEL-revealed")]


@app.command("check")
@calling()
def check(
    model: _Models,
    judge: _Judges,
    only: _Only = None,
    translator: _Translator = None,
    into: _Into = None,
    family: _Families = None,
    protocol: options.ProtocolOption = "default",
    traits: options.TraitsOption = None,
    prompts: options.PromptsOption = "everyday",
    rounds: options.RoundsOption = None,
    trials: options.TrialsOption = None,
    seed: options.SeedOption = 0,
    name: _Name = None,
    check_judge: options.CheckJudgeOption = None,
    *,
    session: Session,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Say what moves the profile that a judge makes of a model, beside the model's manner.

    The judge reads the same responses again, one thing changed at a time. Readings are kept: the same command
    asks nothing twice.
    """
    from mien.measurement.judge_ablation import Translation, carry_out_check, choose, forecast, lay_out_check
    from mien.measurement.length import Length
    from mien.measurement.run_plan import Materials

    if into and not translator:
        raise UsageError("--into names a language to translate into: give --translator MODEL")
    translation = Translation(translator, into or "French") if translator else None
    choose(only, translation)
    plans = lay_out_check(
        model,
        judge,
        materials=Materials(protocol=protocol, traits=traits, prompts=prompts),
        length=Length(rounds=rounds, trials=trials),
        seed=seed,
        name=name,
    )
    families = [_family(text) for text in family or ()]
    session.served.require_used((*model, *judge, *([translator] if translator else [])))
    if dry_run:
        taken = forecast(plans, judge, session, only=only, translation=translation)
        _print_forecast(plans, judge, taken, session, as_json=as_json)
        return
    with resumable(session.path), ProgressReport() as session.on_progress:
        found = carry_out_check(
            plans,
            judge,
            session,
            only=only,
            translation=translation,
            families=families,
            check_judge=check_judge,
        )
    assert session.progress is not None
    print_outcome(session.progress)
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found)
    _require_complete(plans, found, session)


def _family(text: str) -> tuple[str, ...]:
    specs = tuple(filter(None, (spec.strip() for spec in text.split(","))))
    if len(specs) < 2:
        raise UsageError(f"--family {text!r}: a family is two or more models and judges, with commas between")
    return specs


def _print_forecast(
    plans: Sequence[RunPlan], judges: Sequence[str], found: Estimate, session: Session, *, as_json: bool
) -> None:
    trials = sum(len(planned.design) for planned in plans)
    if as_json:
        print_json({"trials": trials, **dataclasses.asdict(found)})
        return
    cost = "unknown (give --price-in and --price-out)" if found.cost is None else f"${found.cost:,.2f}"
    console().print(
        f"{counted(trials, 'trial')}, read by {counted(len(judges), 'judge')} under all that is changed\n"
        f"  calls       {found.calls:>12,}{stored(found)}\n"
        f"  tokens in   {found.tokens_in:>12,}  (estimated)\n"
        f"  tokens out  {found.tokens_out:>12,}  (estimated)\n"
        f"  cost        {cost:>12}\n"
        f"{takes(found, session)}"
        "No call was made.",
        markup=False,
    )


def _require_complete(plans: Sequence[RunPlan], found: JudgeAblation, session: Session) -> None:
    """End with status 3 where a run, or one of its readings, lacks verdicts."""
    from mien.runs.run import Run

    outcomes: list[Outcome] = []
    for planned in plans:
        run = Run(planned.name, session.path)
        labels = dict.fromkeys([planned.judge, *(row.label for row in found.rows if row.run == run.name)])
        outcomes += [run.outcome(label) for label in labels]
    require_complete(outcomes, "the same command goes on")
    if session.progress is not None and session.progress.stopped:
        raise typer.Exit(INCOMPLETE)  # what it did not come to has no reading yet


def _print(found: JudgeAblation) -> None:
    from mien.models.prefixes import bare

    out = console()
    for (run, judge), rows in groupby(found.rows, key=lambda row: (row.run, row.judge)):
        some = list(rows)
        head = f"{run}: responses of {some[0].model}, read by {judge}\n"
        out.print(head, style="bold", markup=False, soft_wrap=True)
        _print_rows(some, found)
        if bare(judge) == some[0].model:
            told = (
                "WARNING: this judge is the model under test. A second --judge and a second --model tell "
                "whether it reads its own otherwise"
            )
            out.print(told, markup=False, soft_wrap=True)
        out.print()
    for (judge, reason), unfit in groupby(found.unfit, key=lambda one: (one.judge, one.reason)):
        changes = ", ".join(one.change for one in unfit)
        out.print(f"not tried: {changes}, since {judge} {reason}", markup=False, soft_wrap=True)
    for line in _conclusion(found):
        out.print(line, markup=False, soft_wrap=True)


def _print_rows(rows: Sequence[Changed], found: JudgeAblation) -> None:
    out, level = console(), f"{found.confidence_level:.0%}"
    print_table(
        ("changed", "verdicts differ", f"Spearman's ρ ({level})", f"ratings move by ({level})", "q", ""),
        (
            (
                row.told,
                f"{row.found.differing / row.found.n:.1%}",
                *_ratings(row),
                p_value(row.q),
                _finding(row),
            )
            for row in rows
        ),
        left=("changed", ""),
    )
    for row in rows:
        for line in _details(row):
            out.print(line, markup=False, soft_wrap=True)
    for line in _published(rows, found):
        out.print(line, markup=False, soft_wrap=True)


def _ratings(row: Changed) -> tuple[str, str]:
    """The correlation, and the root mean square of the changes without noise, in points."""
    found = row.found.diff
    if found is None or found.correlation is None or found.size is None:
        return "–", "–"
    ranks, size = found.correlation, found.size
    rho = "–"
    if ranks["spearman"] is not None and row.change != "own":  # of which it would correlate differences
        rho = f"{fraction(ranks['spearman'], 3)} ({fraction(ranks['low'])} … {fraction(ranks['high'])})"
    return rho, f"{size['rms']:.0f} ({size['low']:.0f} … {size['high']:.0f})"


def _finding(row: Changed) -> str:
    return {"noise": "noise alone", "moves": "MOVES IT"}.get(row.finding, row.finding)


def _details(row: Changed) -> Iterator[str]:
    """What is to be said of a row beside its numbers."""
    found = row.found
    if found.reason and row.finding == "undecided":
        yield f"{row.told}: undecided, {found.reason}"
    if found.place and row.finding == "moves":
        place = found.place
        yield (
            f"{row.told}: the option that is shown first is named in {100 * place.excess:+.1f} % "
            f"({100 * place.low:+.1f} … {100 * place.high:+.1f}) of the trials more than the last"
        )
    if found.diff is not None and row.finding == "moves" and found.diff.changed.any():
        moved = [change for change in found.diff.changes if change.changed]
        named = [f"{change.name} {change.delta:+.0f}" for change in moved]
        yield (
            f"{row.told}: {counted(len(moved), 'trait')} of {len(found.diff.names)} moved "
            f"(points): {enumerated(named, TRAITS)}"
        )
    endings = None if found.diff is None else found.diff.endings
    if endings is not None and endings.changed.any():
        shares = [
            f"{change.name} in {change.before:.1%} of the trials before, {change.after:.1%} after"
            for change in endings.changes
            if change.changed
        ]
        yield f"{row.told}: {'; '.join(shares)}"
    if row.alone:
        yield f"{row.told}: {counted(row.alone, 'trial')} left out, which one of the two readings lacks"


def _published(rows: Sequence[Changed], found: JudgeAblation) -> Iterator[str]:
    """The ablation of temperature as published studies print it: Spearman's ρ, beside that of a repeat."""
    by = {row.change: row for row in rows}
    hot, again = by.get("temperature"), by.get("again")
    if hot is None or (asked := found.temperatures[hot.judge]) is None:
        return
    floor = (
        "the same asked twice is not known"
        if again is None
        else f"asked twice at {asked:g}: ρ {_ratings(again)[0]}, the noise floor"
    )
    yield f"Temperature {asked:g} against 0.7: ρ {_ratings(hot)[0]}; {floor}"


def _conclusion(found: JudgeAblation) -> Iterator[str]:
    """What the table says, for who has never seen one."""
    tested = [row for row in found.rows if row.change != "again"]
    if not tested:
        return
    moving, undecided = found.moving, [row for row in tested if row.finding == "undecided"]
    q = f"q < {found.fdr:g}"
    if moving:
        yield (
            f"{len(moving)} of {counted(len(tested), 'change')} move the profile ({q} over all of them): "
            "what it says depends on the judge and how it is asked, and not on the model alone."
        )
    else:
        yield (
            f"None of {counted(len(tested), 'change')} is seen to move the profile ({q}). How much may have "
            "been overlooked is the upper end under “ratings move by”."
        )
    if undecided:
        of = "it" if len(undecided) == 1 else "them"
        yield f"{counted(len(undecided), 'change')} undecided: nothing is known of {of}."
    legend = (
        "Each row sets a reading beside the judge's first one of the same responses. “Ratings move by”: root "
        "mean square over traits, points, noise taken out."
    )
    again = " “Asked again” shows what chance alone does."
    yield legend + (again if len(tested) < len(found.rows) else "")


@app.command("jury")
@calling()
def jury(
    run: RunArgument,
    judge: Annotated[
        list[str],
        typer.Option("--judge", help="One of the jury, two or more; repeatable.", show_default=False),
    ],
    calibration: Annotated[
        str,
        typer.Option(
            metavar="RUN",
            autocompletion=completed,
            help="An instructed run of the same traits, which tells how each judge errs.",
        ),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many traits to print from each end.")] = 10,
    everything: Annotated[bool, typer.Option("--all", help="Print all traits.")] = False,
    soft: Annotated[
        bool, typer.Option(help="Pool the judges' probabilities, in place of their verdicts.")
    ] = False,
    confidence_level: options.ConfidenceOption = 0.95,
    *,
    session: Session,
    as_json: options.JsonOption = False,
) -> None:
    """Have several judges read a run, and rate it as they read it together.

    Each reads what it has not read yet, of the run and of the calibration run.
    """
    from mien.measurement.jury import assemble
    from mien.runs.jury import jury as read_by
    from mien.runs.run import Run
    from mien.runs.soft_jury import soft_jury

    session.served.require_used(judge)
    with resumable(session.path), ProgressReport() as session.on_progress:
        outcomes = assemble(run, calibration, judge, session)
    assert session.progress is not None
    print_outcome(session.progress)
    require_complete(outcomes, "the same command goes on")
    if session.progress.stopped:
        raise typer.Exit(INCOMPLETE)
    runs = Run(run, session.path), Run(calibration, session.path)
    if soft:
        pooled = soft_jury(runs[0], judge, runs[1], confidence_level=confidence_level)
        _print_pooled(pooled, top=None if everything else top, as_json=as_json)
        return
    found = read_by(runs[0], judge, runs[1], confidence_level=confidence_level)
    if as_json:
        print_json(found.to_dict())
    else:
        _print_jury(found, top=None if everything else top)


def _print_pooled(found: SoftJury, *, top: int | None, as_json: bool) -> None:
    from mien.cli.commands.profile import print_profile

    if as_json:
        print_json(found.to_dict())
        return
    pool = found.pool
    rows = [
        (name, f"{one.after.accuracy:.1%}", f"{one.after.ece:.3f}", f"{weight:.2f}")
        for name, one, weight in zip(found.judges, pool.judges, pool.weights.tolist(), strict=True)
    ]
    whole = pool.whole.after
    rows.append(("the jury", f"{whole.accuracy:.1%}", f"{whole.ece:.3f}", ""))
    print_table(
        ("judge", f"right in {found.calibration}", "calibration error", "weight"), rows, left=("judge",)
    )
    console().print()
    print_profile(found.profile, top=top)


def _print_jury(found: JuryProfile, *, top: int | None) -> None:
    out, worth = console(), found.together
    out.print(
        f"{found.run}: {found.model}, read by a jury of {len(found.judges)}\n", style="bold", markup=False
    )
    numbers = [str(place) for place in range(1, len(found.judges) + 1)]
    alone = zip(numbers, found.judges, worth.accuracy.tolist(), strict=True)
    print_table(
        ("", "judge", "right", f"in {found.calibration}, where it is known"),
        [
            *((number, name, f"{accuracy:.1%}", "") for number, name, accuracy in alone),
            ("", "the majority", f"{worth.majority:.1%}", ""),
            ("", "the jury", f"{worth.jury:.1%}", f"and is {worth.confidence:.1%} sure on average"),
        ],
        left=("", "judge", f"in {found.calibration}, where it is known"),
    )
    out.print()
    print_table(
        ("judges", f"κ in {found.run}", "alike", f"both wrong in {found.calibration}", "by chance", "of"),
        (
            (
                f"{numbers[one.a]}, {numbers[one.b]}",
                f"{pair['kappa']:.2f} ({pair['low']:.2f} … {pair['high']:.2f})",
                f"{pair['agreement']:.1%}",
                f"{one.both:,}",
                f"{one.expected:.0f}",
                f"{one.n:,}",
            )
            for one, pair in zip(worth.shared, found.agreement, strict=True)
        ),
        left=("judges",),
    )
    for line in _worth(found):
        out.print(line, markup=False, soft_wrap=True)
    out.print()
    rows = [
        (
            row["rank"],
            row["trait"],
            f"{row['rating']:.0f}",
            f"{row['low']:.0f} … {row['high']:.0f}",
            "–" if row["majority"] is None else f"{row['majority']:.0f}",
        )
        for row in found.rows
    ]
    if top is not None and 2 * top < len(rows):
        rows = [*rows[:top], ("…", "", "", "", ""), *rows[-top:]]
    level = f"{found.confidence_level:.0%} interval"
    print_table(("rank", "trait", "rating", level, "by majority"), rows, left=("trait",))


def _worth(found: JuryProfile) -> Iterator[str]:
    """What the judges are worth together, and against the best of them."""
    jury_error, best_error = found.stderrs
    yield (
        f"{len(found.judges)} judges are worth {found.together.effective:.1f} who err by themselves. "
        f"Standard error of a rating: {jury_error:.0f} points by the jury, {best_error:.0f} by "
        f"{found.judges[found.best]} alone, its errors taken out"
    )
    if found.undecided:
        yield f"in {counted(found.undecided, 'trial')} nobody named an option; they are left out"
    for name in found.reads_itself:
        yield f"WARNING: {name} is the model under test"
