"""``mien study``."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.dry_run import HEADS, assumed, numbers
from mien.cli.output import console, counted, print_json, print_table, write_err, write_new, yaml_file
from mien.cli.resuming import INCOMPLETE, resumable, say
from mien.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.rehearsal import Rehearsal
    from mien.evals.study import StudyEvaluation
    from mien.measurement.session import Session
    from mien.measurement.study.forecast import Forecast
    from mien.measurement.study.progress import StudyProgress
    from mien.measurement.study.study import Study
    from mien.models.usage import Limits
    from mien.report.study.results import Results
    from mien.stats.design.shards import Shard
    from mien.stats.design.stopping import Check

app = typer.Typer(
    help="A whole study in one file: many models, one command, one report.", no_args_is_help=True
)

_File = Annotated[
    str, typer.Argument(help="A study's YAML file, or a built-in study's name.", metavar="FILE")
]
_Output = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="DIR", help="The report's folder.", show_default="the study's name"
    ),
]
_ON = "On several machines"
_On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="ray[:ADDRESS]",
        help="Have a Ray cluster make --shards parts, and merge them; without an address, one on this "
        "machine. --copy-to is a folder that all machines see.",
        rich_help_panel=_ON,
    ),
]
_Shards = Annotated[
    int | None, typer.Option("--shards", min=1, help="How many parts --on makes.", rich_help_panel=_ON)
]


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="The study's name; the file is NAME.yaml.")] = "study",
    like: Annotated[
        str | None, typer.Option("--like", help="Begin with this built-in study.", metavar="STUDY")
    ] = None,
) -> None:
    """Write a commented file to begin with."""
    from mien.measurement.study.file import shipped_studies, study_text
    from mien.measurement.study.template import TEMPLATE

    if like is not None and like not in shipped_studies():
        from mien.errors import UnknownName

        raise UnknownName("study", like, shipped_studies())
    write_new(yaml_file(name), TEMPLATE if like is None else study_text(like))


@app.command("list")
def list_(as_json: options.JsonOption = False) -> None:
    """List the built-in studies."""
    from mien.measurement.study.file import read_study, shipped_studies

    found = [(name, read_study(name).document) for name in shipped_studies()]
    if as_json:
        print_json(
            [{"name": name, "models": len(d.models), "description": d.description} for name, d in found]
        )
        return
    rows = ((name, len(d.models), d.description) for name, d in found)
    print_table(("study", "models", "description"), rows, left=("study", "description"))


@app.command("check")
def check(source: _File, as_json: options.JsonOption = False) -> None:
    """Check a study's file, and what it names; status 1 where something is found."""
    from mien.measurement.study.file import Mistake, examine

    _, mistakes = examine(source)
    study = None
    if not mistakes:
        try:
            study = _laid_out(source)
        except InputError as error:
            if error.source != source:
                raise
            mistakes = [Mistake(int(error.where.removeprefix("line ")), error.problem)]
    if as_json:
        found = [{"line": one.line, "problem": one.problem} for one in mistakes]
        size = {} if study is None else {"runs": [cell.planned.name for cell in study.cells]}
        warnings = [] if study is None else study.warnings
        print_json({"source": source, "passed": not mistakes, "findings": found, "warnings": warnings} | size)
    else:
        for one in mistakes:
            console().print(f"{source}, line {one.line}: {one.problem}", markup=False, soft_wrap=True)
        for warning in study.warnings if study else ():
            console().print(f"Warning: {warning}", markup=False, soft_wrap=True)
        told = counted(len(mistakes), "finding") if study is None else f"{_size(study)}; nothing to mend"
        console().print(f"{source}: {told}", markup=False, soft_wrap=True)
    if mistakes:
        raise typer.Exit(1)


@app.command("run")
@calling()
def run(
    source: _File,
    output: _Output = None,
    check_judge: options.CheckJudgeOption = None,
    on: _On = None,
    shards: _Shards = None,
    shard: options.ShardOption = None,
    own_limits: options.OwnLimitsOption = False,
    *,
    session: Session,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Carry a study out, or go on with it; then write its report.

    Endpoints work side by side, each within its own limits. Calls that the store holds already are not made
    again: after a stop, the same command goes on. Status 0: complete, and all gates hold; 1: a gate does not;
    3: incomplete.
    """
    from mien.cli.study_progress import StudyReport, print_study_outcome
    from mien.evals.study import evaluated
    from mien.measurement.sharding import read_shard, share
    from mien.measurement.study.forecast import require_priced
    from mien.measurement.study.registration import registered
    from mien.measurement.study.work import carry_out, prepare

    study = _laid_out(source)
    part = read_shard(shard, os.environ)
    cluster = _cluster(on, shards, part)
    folder = _folder(study, output)
    prepare(study, session)
    if not own_limits:
        session.limits = share(session.limits, part)
    for warning in study.warnings:
        write_err(f"Note: {warning}.\n")
    if (found := registered(study, session.path)) and found.changed:
        write_err(f"Note: {source} has {found.difference}; the report will say so.\n")
    if dry_run:
        print_forecast(study, evaluated(study), session, as_json=as_json)
        return
    require_priced(study, session)
    if part.whole and (session.limits.max_calls is not None or session.limits.max_cost is not None):
        _note_shortfall(_forecast(study, evaluated(study), session)[0], session.limits)
    if cluster is not None:
        with resumable(session.path):
            _on_ray(study, session, shards or 1, cluster, check_judge)
    else:
        made = study if part.whole else study.part(part)
        beside = [one.beside for one in evaluated(study)] if part.whole else []
        with resumable(session.path), StudyReport() as report:
            progress = carry_out(made, session, beside=beside, check_judge=check_judge, on_progress=report)
        print_study_outcome(progress)
        if not part.whole:
            _print_part(study, part, progress, as_json=as_json)
            return
    _report(study, session.path, folder, as_json=as_json)


@app.command("status")
def status(
    source: _File, as_json: options.JsonOption = False, store: options.StoreOption = options.DEFAULT_STORE
) -> None:
    """Say how far a study is, run by run; also while it runs elsewhere."""
    from mien.evals.study import evaluated
    from mien.measurement.study.standing import standings
    from mien.measurement.study.study import load_study

    study = load_study(source)
    found = standings(study, store)
    others = [one.standing(store) for one in evaluated(study)]
    complete = all(one.complete for one in (*found, *others))
    if as_json:
        told = {"runs": [one.to_dict() for one in found], "evaluations": [one.to_dict() for one in others]}
        print_json({"study": study.name, "complete": complete, **told})
        return
    rows = (
        (
            one.label,
            one.judge,
            f"{one.answered:,}",
            f"{one.read:,}",
            f"{one.designed:,}",
            f"{one.failed:,}" if one.failed else "",
            "complete" if one.complete else "incomplete" if one.outcome else "not begun",
        )
        for one in found
    )
    asked = ((one.laid_out.label, "", f"{one.done:,}", "", f"{one.items:,}", "", one.state) for one in others)
    heads = ("run", "judge", "answered", "read", "of", "failed", "")
    print_table(heads, (*rows, *asked), left=("run", "judge", ""))
    done = sum(one.complete for one in (*found, *others))
    console().print(f"\n{study.name}: {done} of {len(found) + len(others)} complete", markup=False)


@app.command("report")
def report(
    source: _File,
    output: _Output = None,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Write a study's report from what the store holds, and check its gates; nothing is called.

    The folder gets index.html, which needs nothing beside it, figures and tables as files, and study.json.
    """
    study = _laid_out(source)
    _report(study, store, _folder(study, output), as_json=as_json)


@app.command("register")
def register(
    source: _File, as_json: options.JsonOption = False, store: options.StoreOption = options.DEFAULT_STORE
) -> None:
    """Keep in the store, before the first call, what is expected and how it will be looked for.

    The report says what was registered, what was found of it, and what was looked for afterwards.
    """
    from mien.measurement.study.registration import register as keep

    study = _laid_out(source)
    found, new = keep(study, store)
    if as_json:
        print_json({"study": study.name, "digest": found.digest, "created": found.created, "new": new})
        return
    said = "registered" if new else f"was registered on {found.date}"
    console().print(f"{study.name} {said}: {found.digest}", markup=False)
    if found.exploratory:
        write_err("Note: it expects nothing; hypotheses:, gates: or traits_of_interest: would be kept.\n")


def _cluster(on: str | None, shards: int | None, part: Shard) -> str | None:
    """The address of the cluster to use, empty for one of its own; None for none."""
    from mien.measurement.study.on_ray import NAME

    if on is None:
        if shards is not None:
            raise UsageError("--shards says how many parts --on makes; one part of several is --shard K/N")
        return None
    engine, _, address = on.partition(":")
    if engine != NAME:
        raise UsageError(f"--on takes {NAME} or {NAME}:ADDRESS, not {on!r}")
    if shards is None or not part.whole:
        raise UsageError("--on makes all parts: give their number by --shards, and no --shard")
    return address


def _on_ray(study: Study, session: Session, n: int, address: str, check_judge: int | None) -> None:
    """Have a cluster make the shards, and merge what there is of them."""
    from mien.measurement.study.fleet import postings
    from mien.measurement.study.on_ray import cluster
    from mien.measurement.study.waves import carry_out_in_shards

    told: list[tuple[int, int]] = []

    def report(through: int, read: int) -> None:
        if told[-1:] != [(through, read)]:
            told.append((through, read))
            write_err(f"{through} of {counted(n, 'shard')} through, {read:,} verdicts in the copies\n")

    def look(label: str, check: Check) -> None:
        write_err(f"{label} after {counted(check.rounds, 'round')}: {check}\n")

    posted = postings(study, session, n, far=bool(address), check_judge=check_judge)
    with cluster(address or None, on_progress=report) as make:
        ended = carry_out_in_shards(study, session.path, posted, make, same_servers=not address, on_look=look)
    for one in ended:
        for failure, runs in one.failures.items():
            write_err(f"Shard {one.shard}: {', '.join([*runs, failure])}.\n")


def _print_part(study: Study, part: Shard, progress: StudyProgress, *, as_json: bool) -> None:
    if as_json:
        numbers = {"trials": progress.total, "done": progress.done, "complete": progress.complete}
        print_json({"study": study.name, "shard": str(part), **numbers})
    elif progress.complete:
        console().print(
            f"Shard {part} of {study.name} is through: {counted(progress.done, 'trial')}.\n"
            f"Once all {part.of} are: mien merge OUT SHARD…, and mien study report {study.file.source} "
            "--store OUT",
            markup=False,
            soft_wrap=True,
        )
    if not progress.complete:
        write_err(f"Incomplete: shard {part} of {study.name}; the same command goes on.\n")
        raise typer.Exit(INCOMPLETE)


def _laid_out(source: str) -> Study:
    from mien.evals.study import evaluated
    from mien.measurement.study.study import load_study
    from mien.report.study.results import require_drawable

    study = load_study(source)
    require_drawable(study)
    evaluated(study)  # which refuses what cannot be asked
    return study


def _folder(study: Study, output: Path | None) -> Path:
    folder = output or Path(study.name)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder with -o")
    return folder


def _size(study: Study) -> str:
    trials = sum(len(cell.planned.design) for cell in study.cells)
    most = "at most " if any(cell.planned.until for cell in study.cells) else ""
    return (
        f"{counted(len(study.document.models), 'model')}, {counted(len(study.cells), 'run')}, "
        f"{most}{counted(trials, 'trial')}"
    )


def _forecast(
    study: Study, evaluations: Sequence[StudyEvaluation], session: Session
) -> tuple[Forecast, list[Rehearsal]]:
    """What a study would still take, and its evaluations, gone through."""
    from mien.evals.rehearsal import rehearse
    from mien.measurement.study.forecast import forecast

    rehearsed = [rehearse(one.planned, session.path) for one in evaluations]
    return forecast(study, session, beside=[one.parts for one in rehearsed]), rehearsed


def print_forecast(
    study: Study, evaluations: Sequence[StudyEvaluation], session: Session, *, as_json: bool
) -> None:
    """Print what a study would still take, its runs and its evaluations; nobody is asked."""
    found, rehearsed = _forecast(study, evaluations, session)
    beside = list(zip(evaluations, rehearsed, found.beside, strict=True))
    if as_json:
        told = [
            {
                "evaluation": one.planned.kind,
                "model": one.model,
                "name": one.planned.name,
                "items": len(one.planned.items),
                "done": gone.done,
                **asdict(takes),
            }
            for one, gone, takes in beside
        ]
        print_json({"study": study.name, **found.to_dict(), "evaluations": told})
        return
    rows: list[tuple[str, ...]] = []
    for portion in found.portions:
        standing = portion.standing
        label = standing.label if standing.own else f"{standing.label}, read by {standing.judge}"
        left = standing.designed - standing.read
        rows.append((label, f"{left:,} of {standing.designed:,}", *numbers(portion)))
    for one, gone, takes in beside:
        items = len(one.planned.items)
        rows.append((one.label, f"{items - gone.done:,} of {items:,}", *numbers(takes)))
    rows.append(("in all", "", *numbers(found)))
    left = "trials or items left" if evaluations else "trials left"
    print_table(("run", left, *HEADS), rows, left=("run",))
    size = f"{study.name}: {_size(study)}. " if study.cells else ""
    console().print(f"\n{size}{assumed(session)} No call was made.", markup=False, soft_wrap=True)
    _note_shortfall(found, session.limits)


def _note_shortfall(found: Forecast, limits: Limits) -> None:
    """Say of a budget that the study needs more, and how far it will come."""
    for budget, needed, told in (
        (limits.max_cost, found.cost, "${:,.2f}"),
        (limits.max_calls, found.calls, "{:,.0f} calls"),
    ):
        if budget is not None and needed is not None and needed > budget:
            below = f"{told.format(budget)} is below the {told.format(needed)}"
            write_err(f"Note: the limit of {below} it would take: it stops at about {budget / needed:.0%}.\n")


def _report(study: Study, store: Path, folder: Path, *, as_json: bool) -> None:
    """Write the report, print what came of it, and end with the status that tells it."""
    from mien.report.pictures import renderers
    from mien.report.study.folder import to_dict, write
    from mien.report.study.results import Results

    results = Results(study, store)
    if results.main:
        say("the report")
        with renderers() as executor:
            write(results, folder, executor=executor)
    else:
        write(results, folder)
    if as_json:
        print_json(to_dict(results) | {"folder": str(folder)})
    else:
        _print_results(results, folder)
    for one in (*results.standings, *results.evaluations):
        if not one.complete:
            write_err(f"Incomplete: {one}; mien study run {study.file.source} goes on.\n")
    if not results.complete:
        raise typer.Exit(INCOMPLETE)
    if not results.holds:
        raise typer.Exit(1)


def _print_results(results: Results, folder: Path) -> None:
    out = console()
    for section in _told(results):
        if section.table and section.table.rows:
            out.print(f"\n{section.title}", markup=False, style="bold")
            print_table(section.table.columns, section.table.rows, left=section.table.words)
    page = folder / ("index.html" if results.main else "study.json")
    out.print(f"\n{page}: {_size(results.study)}", markup=False, soft_wrap=True)


def _told(results: Results) -> Any:
    from mien.report.study.sections import sections

    return sections(results, ())
