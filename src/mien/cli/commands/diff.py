"""``mien diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from mien.cli import options
from mien.cli.output import bold, console, print_facts, print_json, print_table, write, write_err
from mien.cli.run_names import completed
from mien.errors import NotIdentified, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.evaluation import Evaluation
    from mien.runs.manner import Counted
    from mien.runs.run import Run
    from mien.stats.diffs import Diff
    from mien.stats.diffs.adjustment import Adjusted
    from mien.stats.diffs.gates import Outcome
    from mien.stats.estimates import Estimates
    from mien.stats.profiles.profile import Profile

_GATES = "Release gates"
_ADJUSTED = ("delta", "low", "high", "p", "q")


def command(
    a: Annotated[str, typer.Argument(help="The run or evaluation before.", autocompletion=completed)],
    b: Annotated[str, typer.Argument(help="The run or evaluation after.", autocompletion=completed)],
    judge: options.JudgeNameOption = None,
    soft: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            autocompletion=completed,
            help="Rate by the judge's probabilities, calibrated on an instructed run; twice: one for each.",
        ),
    ] = None,
    fdr: Annotated[float, typer.Option(min=0.0, max=1.0, help="False-discovery rate.")] = 0.05,
    margin: Annotated[
        float | None,
        typer.Option(help="Points; a trait whose interval lies within ± this is called unchanged."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many traits to print.")] = 15,
    everything: Annotated[bool, typer.Option("--all", help="Print all traits.")] = False,
    manner: Annotated[
        bool,
        typer.Option(
            "--manner", help="What can be counted in the responses, in place of traits; see mien manner."
        ),
    ] = False,
    per: Annotated[
        Literal["response", "words", "arena"] | None,
        typer.Option(
            help="With --manner: what counts are told by; see mien manner.", show_default="response"
        ),
    ] = None,
    ties: options.TiesOption = "half",
    confidence_level: options.ConfidenceOption = 0.95,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GATE",
            help="Exit with 1 where this holds: any, 'warm > +50', '|warm| > 50', 'rms > 80', "
            "'rank(warm) > 20'. Repeatable.",
            rich_help_panel=_GATES,
        ),
    ] = None,
    fail_when: Annotated[
        Literal["certain", "likely"],
        typer.Option(
            help="certain: the whole interval lies beyond the bound. likely: the estimate does.",
            rich_help_panel=_GATES,
        ),
    ] = "certain",
    allow_incomplete: Annotated[
        bool,
        typer.Option(
            "--allow-incomplete",
            help="Judge a run that lacks trials by those that are there; else its gates are undecided.",
            rich_help_panel=_GATES,
        ),
    ] = False,
    junit: Annotated[
        options.Path | None,
        typer.Option(metavar="FILE", help="Write the gates as JUnit XML.", rich_help_panel=_GATES),
    ] = None,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, fit for a pull request.")
    ] = False,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Say what changed from one run to another, trait by trait and as a whole, or between two evaluations.

    With gates, exit with 1 where one fails, or is undecided since a run lacks trials.
    """
    from mien.stats import diffs
    from mien.stats.diffs import gates

    problems = {
        "choose one of --json and --markdown": as_json and as_markdown,
        "--junit writes a test case for each gate; give one with --fail-on": junit and not fail_on,
        "--per is for what is counted: add --manner": per and not manner,
    }
    if problem := next((told for told, there in problems.items() if there), None):
        raise UsageError(problem)
    bounds = [gates.parse(text) for text in fail_on or ()]
    if evaluations := _evaluations((a, b), store):
        if judge or soft or manner:
            raise UsageError("evaluations hold their own readings: leave out --judge, --soft and --manner")
        held = _evaluated(evaluations, [bound.trait for bound in bounds], confidence_level)
    elif manner:
        if judge or soft:
            raise UsageError("--manner asks no judge: leave out --judge and --soft")
        held = _counted(_runs((a, b), store), per or "response", confidence_level)
    else:
        rated = _runs((a, b), store)
        held = _rated(rated, soft or [], judge, confidence_level=confidence_level, ties=ties)
    diff = diffs.diff(held.before, held.after, fdr=fdr, confidence_level=confidence_level, margin=margin)
    outcomes = gates.check(diff, bounds, fail_when=fail_when, allow_incomplete=allow_incomplete)
    if as_json:
        applied = {"fail_when": fail_when, "allow_incomplete": allow_incomplete}
        print_json(to_dict(diff, outcomes, held) | applied)
    else:
        _write(diff, outcomes, held, top=None if everything else top, as_markdown=as_markdown)
    if junit is not None:
        from mien.report.junit import junit as as_junit

        junit.write_text(as_junit(diff, outcomes), encoding="utf-8")
    if any(outcome["incomplete"] for outcome in outcomes):
        _tell_incomplete(held)
    if not gates.holds(outcomes):
        raise typer.Exit(1)


class _Held(NamedTuple):
    """What is held against each other, and what is to be told of it.

    Attributes:
        before: of the first.
        after: of the second.
        warnings: to be told.
        lacking: what each lacks that lacks anything, in words.
        prompts: ids of the prompts by the label that estimates have for them, where that is another.
        at_equal_length: of manner, its change at equal length.
    """

    before: Profile | Estimates
    after: Profile | Estimates
    warnings: list[str]
    lacking: list[str]
    prompts: Mapping[str, str]
    at_equal_length: Sequence[Adjusted] = ()


def to_dict(diff: Diff, outcomes: Sequence[Outcome], held: _Held) -> dict[str, Any]:
    """What changed and what became of the gates, as ``--json`` has it."""
    from mien.stats.diffs.influence import influence

    influences = influence(diff)
    for part in (*influences, *(outcome["without"] for outcome in outcomes)):
        part["prompt"] = held.prompts.get(part["prompt"], part["prompt"])
    whole = diff.to_dict() | {"influence": influences, "gates": outcomes}
    if held.at_equal_length:
        whole["at_equal_length"] = [
            {"feature": one.quantity.name, **{key: getattr(one, key) for key in _ADJUSTED}}
            for one in held.at_equal_length
        ]
    return whole


def _write(
    diff: Diff,
    outcomes: Sequence[Outcome],
    held: _Held,
    *,
    top: int | None,
    as_markdown: bool,
) -> None:
    from mien.report import changes
    from mien.stats.diffs.influence import influence

    warnings = [*changes.warnings(diff, influence(diff), outcomes, held.prompts), *held.warnings]
    if as_markdown:
        from mien.report.markdown import markdown

        write(markdown(diff, outcomes, warnings, top=top))
    else:
        _print(diff, outcomes, warnings, held.at_equal_length, top=top)


def _tell_incomplete(held: _Held) -> None:
    for told in held.lacking:
        write_err(
            f"Undecided: {told}; the command that measured it goes on, and --allow-incomplete judges by "
            "what is there.\n"
        )


def _runs(names: Sequence[str], store: options.Path) -> list[Run]:
    from mien.runs.run import Run

    return [Run(name, store) for name in names]


def _of_runs(runs: Sequence[Run], judge: str | None) -> dict[str, Any]:
    """What each run lacks, and its prompts' ids."""
    outcomes = [run.outcome(judge) for run in runs]
    return {
        "lacking": [str(one) for one in outcomes if not one.complete],
        "prompts": {key: prompt for run in runs for key, prompt in run.prompt_ids().items()},
    }


def _rated(
    runs: Sequence[Run], soft: Sequence[str], judge: str | None, *, confidence_level: float, ties: str
) -> _Held:
    """The traits of both runs, rated by what each was measured with."""
    if _inventories(runs):
        if judge or soft:
            raise UsageError("an inventory has no judge: leave out --judge and --soft")
        before, after = (run.inventory(confidence_level=confidence_level).estimates for run in runs)
        return _Held(before, after, [], **_of_runs(runs, judge))
    return _profiles(runs, soft, judge, confidence_level=confidence_level, ties=ties)


def _inventories(runs: Sequence[Run]) -> bool:
    """Whether both runs are inventories.

    Raises:
        UsageError: one alone is.
    """
    kinds = [run.record.instrument == "inventory" for run in runs]
    if any(kinds) and not all(kinds):
        rated, chosen = sorted(runs, key=lambda run: run.record.instrument != "inventory")
        raise UsageError(
            f"{rated.name} is an inventory, with ratings from 1 to 5, and {chosen.name} is not: they are not "
            "on one scale; mien sides sets two sides of one model beside each other"
        )
    return all(kinds)


def _profiles(runs: Sequence[Run], soft: Sequence[str], judge: str | None, **settings: Any) -> _Held:
    controls = [*(soft or [None])] * (2 if len(soft) < 2 else 1)
    if len(controls) != 2:
        raise UsageError("give --soft once for both runs, or twice, one for each")
    rated: list[Profile] = []
    for run, control in zip(runs, controls, strict=True):
        try:
            rated.append(run.profile(judge, soft=control, **settings))
        except NotIdentified as error:
            raise UsageError(f"run {run.name!r} cannot be rated: {error}") from error
    before, after = rated
    return _Held(before, after, [], **_of_runs(runs, judge))


def _counted(runs: Sequence[Run], per: Counted, confidence_level: float) -> _Held:
    """What the runs' responses are like, and what is to be told of it."""
    from mien.report.manner import warnings
    from mien.runs.manner import at_equal_length, manner

    before, after = found = manner(runs, per)
    beside = at_equal_length(before, after, confidence_level=confidence_level)
    told = _of_runs(runs, None)
    return _Held(before.estimates, after.estimates, warnings(found), **told, at_equal_length=beside)


def _evaluations(names: Sequence[str], store: options.Path) -> list[Evaluation]:
    """Those of these names; none where both are runs.

    Raises:
        UsageError: one is an evaluation and the other a run.
        UnknownName: one is an evaluation, and nothing goes by the name of the other.
    """
    from mien.evals.evaluation import Evaluation
    from mien.store.store import Store

    with Store(store, read_only=True) as opened:
        evaluated = {one.name: one.kind for one in opened.evaluations.all()}
        runs = {run.name for run in opened.runs()}
    if not evaluated.keys() & {*names}:
        return []
    if run := next((name for name in names if name in runs), None):
        other = next(name for name in names if name != run)
        raise UsageError(
            f"{other} is an evaluation of {evaluated[other]}, and {run} is a run: give two of the same"
        )
    return [Evaluation(name, store) for name in names]


def _evaluated(evaluations: Sequence[Evaluation], gated: Sequence[str], confidence_level: float) -> _Held:
    """What two evaluations found: what is compared of their kind, and what gates name."""
    from mien.evals.kinds import found, kind_of
    from mien.report.evaluated import words_of

    kind = kind_of(evaluations)
    before, after = read = found(evaluations, confidence_level=confidence_level)
    made = [(one.name, one.made) for one in evaluations]
    lacking = [told for name, one in made if (told := one.lacking(name))]
    prompts = {key: item.id for one in evaluations for key, item in one.items.items()}
    compared = before.compared(*gated), after.compared(*gated)
    return _Held(*compared, words_of(kind).warnings(read), lacking, prompts)


def _print(
    diff: Diff,
    outcomes: Sequence[Outcome],
    warnings: Sequence[str],
    at_equal_length: Sequence[Adjusted],
    *,
    top: int | None,
) -> None:
    from mien.report.changes import cells, columns, headline, status, summary

    out = console()
    out.print(f"{bold(diff.b)} against {bold(diff.a)}: {headline(diff)}")
    print_facts(summary(diff))
    out.print()
    heads = columns(diff)
    print_table(heads, (cells(change) for change in diff.changes[:top]), left=(heads[0], ""))
    if at_equal_length:
        from mien.report.manner import length_told, rows_at_equal_length

        out.print()
        told = ("at equal length", "change", f"{diff.confidence_level:.0%} interval", "p", "q")
        names = [change.name for change in diff.changes[:top]]
        print_table(told, rows_at_equal_length(at_equal_length, names), left=told[:1])
        for line in length_told(at_equal_length):
            out.print(line, markup=False, soft_wrap=True)
    if warnings:
        out.print()
    for warning in warnings:
        out.print(f"Warning: {warning}", markup=False, soft_wrap=True)
    if outcomes:
        out.print()
        print_table(
            ("gate", "", "why"),
            ((o["gate"], status(o), o["reason"]) for o in outcomes),
            left=("gate", "", "why"),
        )
