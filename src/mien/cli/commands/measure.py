"""``mien measure``."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.output import console, counted, duration, print_json, print_table, tell, write_err
from mien.cli.progress import ProgressReport, print_notes, print_outcome
from mien.cli.resuming import INCOMPLETE, require_complete, resumable
from mien.errors import MienError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.materials.prompts import Choice
    from mien.materials.protocols import Protocol
    from mien.measurement.calls import Progress
    from mien.measurement.cost import Estimate
    from mien.measurement.run_plan import RunPlan
    from mien.measurement.session import Session
    from mien.runs.run import Run
    from mien.stats.consistency.persistence import Persistence
    from mien.stats.design.stopping import Check
    from mien.stats.proportions import Proportion
    from mien.types import Prompt

_WHAT, _HOW = "What is measured", "How the model is sampled"


_Model = Annotated[
    str,
    typer.Argument(
        help="The model under test: provider/name, http://host/v1#name, hf/FOLDER or organism/NAME."
    ),
]
_Instrument = Annotated[
    str,
    typer.Option(
        help="stated or inventory, revealed, exhibited, instructed: what the model says, chooses, does, can.",
        rich_help_panel=_WHAT,
    ),
]
_Judge = Annotated[
    str | None,
    typer.Option("--judge", help="The model that reads the responses; not under stated and inventory."),
]
_InContext = Annotated[
    bool,
    typer.Option(
        "--in-context",
        help="Under stated, ask about a user's prompt each time; else about nothing but the model.",
        rich_help_panel=_WHAT,
    ),
]
_Condition = Annotated[
    str | None,
    typer.Option(
        help="feel, like or random: by what the model is to choose.",
        show_default="the protocol's",
        rich_help_panel=_WHAT,
    ),
]
_UntilReliability = Annotated[
    float | None,
    typer.Option(
        help="Go on until the ratings are so reliable, 0 to 1, instead of a number of rounds.",
        rich_help_panel=_WHAT,
    ),
]
_UntilStderr = Annotated[
    float | None,
    typer.Option(
        help="Go on until their standard errors are so small: root mean square over traits, points.",
        rich_help_panel=_WHAT,
    ),
]
_MaxTrials = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Most trials to make for such a target.",
        show_default="every pair once, or about 2,000 if that is more",
        rich_help_panel=_WHAT,
    ),
]
_Design = Annotated[
    Path | None,
    typer.Option(
        help="A file of mien design, instead of traits, prompts and a length.", rich_help_panel=_WHAT
    ),
]
_Turns = Annotated[
    int, typer.Option(min=1, help="Turns of each conversation; see --pressure.", rich_help_panel=_WHAT)
]
_Pressure = Annotated[
    str,
    typer.Option(
        help="What the user wants in later turns. none: something else; neutral: more of the same; stay, "
        "drop: that the character stays, or goes.",
        rich_help_panel=_WHAT,
    ),
]
_User = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="A model that writes what the user says in later turns, in place of scripts.",
        rich_help_panel=_WHAT,
    ),
]
_Name = Annotated[
    str | None,
    typer.Option(help="The run's name.", show_default="MODEL-INSTRUMENT", rich_help_panel=_WHAT),
]
_Temperature = Annotated[float | None, typer.Option(show_default="the protocol's", rich_help_panel=_HOW)]
_TopP = Annotated[float | None, typer.Option(show_default="the protocol's", rich_help_panel=_HOW)]
_MaxTokens = Annotated[int | None, typer.Option(show_default="the protocol's", rich_help_panel=_HOW)]
_ReasoningEffort = Annotated[str | None, typer.Option(show_default="the protocol's", rich_help_panel=_HOW)]
_SystemRole = Annotated[
    str | None,
    typer.Option(
        help="keep or merge: send the system message as such, or as part of the user's first.",
        show_default="the protocol's",
        rich_help_panel=_HOW,
    ),
]
_Extra = Annotated[
    str | None,
    typer.Option(
        help="""Further members of the request body, as JSON: '{"provider": {…}}'.""",
        rich_help_panel=_HOW,
    ),
]
_JudgeMaxTokens = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Longest answer of the judge, reasoning included.",
        show_default="the protocol's, or 8,192",
    ),
]


@calling()
def command(
    model: _Model,
    judge: _Judge = None,
    instrument: _Instrument = "revealed",
    in_context: _InContext = False,
    protocol: options.ProtocolOption = "default",
    condition: _Condition = None,
    traits: options.TraitsOption = None,
    n_options: options.OptionsOption = None,
    prompts: options.PromptsOption = "everyday",
    language: options.LanguageOption = None,
    category: options.CategoryOption = None,
    max_chars: options.MaxCharsOption = None,
    max_prompts: options.MaxPromptsOption = None,
    text_column: options.TextColumnOption = "",
    id_column: options.IdColumnOption = "",
    category_column: options.CategoryColumnOption = "",
    where: options.WhereOption = None,
    rounds: options.RoundsOption = None,
    trials: options.TrialsOption = None,
    full: options.FullOption = False,
    until_reliability: _UntilReliability = None,
    until_stderr: _UntilStderr = None,
    max_trials: _MaxTrials = None,
    design: _Design = None,
    seed: options.SeedOption = 0,
    turns: _Turns = 1,
    pressure: _Pressure = "none",
    user: _User = None,
    name: _Name = None,
    temperature: _Temperature = None,
    top_p: _TopP = None,
    max_tokens: _MaxTokens = None,
    reasoning_effort: _ReasoningEffort = None,
    system_role: _SystemRole = None,
    system: options.SystemOption = "",
    system_file: options.SystemFileOption = None,
    extra: _Extra = None,
    shard: options.ShardOption = None,
    own_limits: options.OwnLimitsOption = False,
    judge_max_tokens: _JudgeMaxTokens = None,
    check_judge: options.CheckJudgeOption = None,
    batch: options.BatchOption = False,
    wait: options.WaitOption = True,
    *,
    session: Session,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Measure a model's character: make a run, or go on with it.

    Calls that the store holds already are not made again: after a stop, the same command goes on; with more
    rounds, a run grows.
    """
    from mien.materials.multiturn import Conversation
    from mien.materials.prompts import Choice
    from mien.materials.protocols import load_protocol
    from mien.measurement.cost import estimate
    from mien.measurement.length import Length
    from mien.measurement.measure import require_free, told_apart
    from mien.measurement.run_plan import Materials, plan
    from mien.measurement.sharding import read_shard, share
    from mien.types import SELF_REPORTS

    part = read_shard(shard, os.environ)
    session.batching = options.batching(batch=batch, wait=wait)
    if not own_limits:
        session.limits = share(session.limits, part)
    sampling = {
        "temperature": temperature,
        "top_p": top_p,
        "max_tokens": max_tokens,
        "reasoning_effort": reasoning_effort,
        "system_role": system_role,
        "extra": options.extra_members(extra),
    }
    chosen: Protocol = load_protocol(protocol).override(
        condition=condition,
        options=n_options,
        sampling=sampling,
        in_context=in_context or None,
        judge_sampling={"max_tokens": judge_max_tokens},
    )
    if in_context and instrument != "stated":
        raise UsageError(f"--in-context is for the instrument stated, not {instrument}")
    choice = Choice(
        languages=language or (),
        categories=category or (),
        max_chars=max_chars,
        max_prompts=max_prompts,
        seed=seed,
        reading=options.reading(text_column, id_column, category_column, where),
    )
    planned = plan(
        model,
        judge,
        materials=Materials(
            instrument=instrument,  # pyright: ignore[reportArgumentType]  # Materials checks it
            protocol=chosen,
            traits=traits,
            prompts=_prompts(prompts, choice, design, asks_none=instrument)
            if instrument in SELF_REPORTS and not chosen.in_context
            else _prompts(prompts, choice, design),
            design=design,
            system=options.system_prompt(system, system_file),
        ),
        length=Length(
            rounds=rounds,
            trials=trials,
            full=full,
            until_reliability=until_reliability,
            until_stderr=until_stderr,
            max_trials=max_trials,
            shard=part,
        ),
        conversation=Conversation(
            turns=turns,
            pressure=pressure,  # pyright: ignore[reportArgumentType]  # plan() checks it
            user=user or "",
        ),
        seed=seed,
        name=name,
    )
    session.served.require_used(planned.models)
    if name is None:
        planned = told_apart(planned, session.path)
    if dry_run:
        require_free(planned, session.path)
        found = estimate(planned, session.limits, session.served, batch=batch, store=session.path)
        _print_estimate(planned, found, session, as_json=as_json)
    else:
        _require_rateable(planned)
        _carry_out(planned, session, check_judge, as_json=as_json)


def _require_rateable(planned: RunPlan) -> None:
    """Refuse a run too short for any verdicts to rate its traits, before a call is paid for."""
    design = planned.design
    rated = planned.instrument not in {"instructed", "inventory"} and not planned.until
    if rated and design.shard.whole and not design.connected:
        n, one = len(design.traits), design.rounds == 1
        raise UsageError(
            f"{'1 round is' if one else f'{design.rounds} rounds are'} too few: the {n} traits fall apart "
            "into groups that never meet, so that nothing can rate them all; give more --rounds"
        )


def _prompts(
    source: str, choice: Choice, design: Path | None, *, asks_none: str = ""
) -> Sequence[Prompt] | str:
    """The prompts; ``asks_none`` names an instrument that has no use for any."""
    from mien.materials.prompts import Choice, read_prompts

    if asks_none:
        if source != "everyday" or choice != Choice(seed=choice.seed):
            or_else = ", or add --in-context" if asks_none == "stated" else ""
            raise UsageError(
                f"{asks_none} asks about nothing but the model: leave out the options on prompts{or_else}"
            )
        return source
    if design is None:
        found = read_prompts(source, choice)
        tell(source, found.notes)
        return found.prompts
    if choice != Choice(seed=choice.seed):
        raise UsageError("a design holds its prompts: leave out the options by which some are chosen")
    return source


def _print_estimate(planned: RunPlan, found: Estimate, session: Session, *, as_json: bool) -> None:
    design, batch = planned.design, session.batching is not None
    if as_json:
        until = _until(planned, None)
        print_json(
            {
                "run": planned.name,
                "design": design.name,
                "trials": len(design),
                "until": until,
                **dataclasses.asdict(found),
            }
        )
        return
    cost = "unknown (give --price-in and --price-out)" if found.cost is None else f"${found.cost:,.2f}"
    most = "at most " if planned.until else ""
    part = "" if design.shard.whole else f", shard {design.shard} of {design.in_all:,} trials"
    console().print(
        f"{planned.name}: {most}{counted(len(design), 'trial')} in {counted(design.rounds, 'round')} of "
        f"{len(design.traits)} traits, {counted(len(design.prompts), 'prompt')}, design {design.name}{part}\n"
        f"{_stops(planned)}"
        f"  calls       {found.calls:>12,}{stored(found)}\n"
        f"{_shared(planned, found)}"
        f"  tokens in   {found.tokens_in:>12,}  (estimated)\n"
        f"  tokens out  {found.tokens_out:>12,}  (estimated)\n"
        f"  cost        {cost:>12}{'  (in batches)' if batch else ''}\n"
        f"{takes(found, session)}"
        "No call was made.",
        markup=False,
    )


def stored(found: Estimate) -> str:
    """What stands behind the calls that are still to be made."""
    return f"  (and {found.stored:,} that the store has)" if found.stored else ""


def takes(found: Estimate, session: Session) -> str:
    """The line on time; none for models in this process, whose speed is not known, and for batches."""
    if found.seconds is None or session.batching:
        return ""
    how = f"answers of 10 s, verdicts of 2 s, {session.limits.max_concurrency} at once"
    return f"  time        {duration(found.seconds):>12}  ({how})\n"


def _carry_out(planned: RunPlan, session: Session, check_judge: int | None, *, as_json: bool) -> None:
    from mien.measurement.measure import carry_out

    with resumable(session.path), ProgressReport() as session.on_progress:
        run = carry_out(planned, session, check_judge=check_judge)
    progress = session.progress
    assert progress is not None
    print_outcome(progress)
    if planned.design.shard.whole:
        _print_profile(run, planned, session, as_json=as_json)
    else:
        _print_part(planned, progress, as_json=as_json)


def _print_part(planned: RunPlan, progress: Progress, *, as_json: bool) -> None:
    """Tell whether a shard is through; of one that is not, the status is that of an incomplete run."""
    part, complete = planned.design.shard, not progress.stopped and not progress.failed
    read = progress.done - progress.failed
    if as_json:
        trials = {"trials": progress.total, "read": read, "in_all": planned.design.in_all}
        print_json({"run": planned.name, "shard": str(part), "complete": complete, **trials})
    elif complete:
        console().print(
            f"Shard {part} of {planned.name} is through: {counted(read, 'trial')} of "
            f"{planned.design.in_all:,}.\nOnce all {part.of} are: mien merge OUT SHARD…",
            markup=False,
            soft_wrap=True,
        )
    if not complete:
        write_err(
            f"Incomplete: {read:,} of {counted(progress.total, 'trial')} of shard {part} of {planned.name} "
            "are there; the same command goes on.\n"
        )
        raise typer.Exit(INCOMPLETE)


def _print_profile(run: Run, planned: RunPlan, session: Session, *, as_json: bool) -> None:
    from mien.cli.commands.profile import print_inventory_of, print_profile
    from mien.measurement.measure import outcomes

    progress, talk, judge = session.progress, planned.conversation, planned.judge
    assert progress is not None
    print_notes([*run.flaws(judge).told(), *run.cut_readings(judge), *run.truncations(judge)])
    found = outcomes(planned, session.path)
    if planned.instrument == "inventory":
        print_inventory_of(run, as_json=as_json, complete=all(one.complete for one in found))
        require_complete(found, "the same command goes on")
        return
    try:
        profile = run.profile(judge)
        held = run.persistence(talk.wish, judge=judge) if talk.turns > 1 else None
    except MienError as error:
        if all(one.complete for one in found):
            raise
        console(err=True).print(f"No profile yet: {error}", markup=False, soft_wrap=True)
    else:
        if as_json:
            beside = {"until": _until(planned, progress.check), "persistence": held and held.to_dict()}
            print_json(profile.to_dict() | beside)
        else:
            if progress.check and not progress.stopped:
                console().print(_found(progress.check) + "\n", markup=False, soft_wrap=True)
            print_profile(profile, top=5, phrasings=run.phrasings())
            if held:
                _print_persistence(held)
            console().print(f"\nAll ratings: mien profile {run.name} --all", markup=False)
    require_complete(found, "the same command goes on")


def _print_persistence(persistence: Persistence) -> None:
    def share(of: Proportion) -> str:
        return f"{of.share:.0%} ({of.low:.0%} … {of.high:.0%})"

    told = "the trait asked for" if persistence.rows[0].turn == 1 else "the trait of the first answer"
    console().print(f"\nHow far {told} holds, by turn; pressure {persistence.pressure}", markup=False)
    rows = [
        (row.turn, row.kind, row.n, share(row.held), share(row.faded), share(row.switched))
        for row in persistence.rows
    ]
    print_table(("turn", "user", "trials", "holds", "fades", "switches"), rows, left=("user",))


def _until(planned: RunPlan, check: Check | None) -> dict[str, Any] | None:
    """The stop rule of a run and what it found last, as JSON has them; None without one."""
    if planned.until is None:
        return None
    from mien.stats.design.stopping import FLOOR

    until = dataclasses.asdict(planned.until) | {"floor": FLOOR, "ceiling": planned.design.rounds}
    if check:
        until |= {"rounds": check.rounds, "reached": check.met}
        until |= {"found_reliability": check.reliability, "found_stderr": check.stderr}
    return until


def _stops(planned: RunPlan) -> str:
    if planned.until is None:
        return ""
    from mien.stats.design.stopping import FLOOR

    least = counted(len(planned.design.first(FLOOR)), "trial")
    return f"  stops at {planned.until}, after {least} at the earliest\n"


def _shared(planned: RunPlan, found: Estimate) -> str:
    """What the model writes, where one response serves several trials."""
    if planned.design.per_response == 1:
        return ""
    a_trial = found.generations / (len(planned.design) * planned.conversation.turns)
    each = "" if found.stored else f"  ({a_trial:.2f} a trial)"
    return f"  generations {found.generations:>12,}{each}\n"


def _found(check: Check) -> str:
    rounds = counted(check.rounds, "round")
    if check.met:
        return f"Target reached in {rounds}: {check}."
    return (
        f"Target NOT reached in {rounds}, the most that were allowed: {check}. "
        "With more --max-trials the same command goes on."
    )
