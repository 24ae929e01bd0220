"""The composition root: from a design to responses, from responses to verdicts, all kept in the store."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from mien.errors import MienError, RunConflict, UsageError
from mien.instruments import instrument as make_instrument
from mien.materials.multiturn import Conversation, options_of, turn_name
from mien.materials.user_model import UserModel
from mien.measurement import judge_check, judge_form
from mien.measurement.batches import Batching
from mien.measurement.judging import add_judge, add_own_answer
from mien.measurement.length import Length
from mien.measurement.pipeline import Pipeline
from mien.measurement.run_plan import DEFAULT_PROMPTS, Materials, plan
from mien.measurement.session import Session
from mien.models.http.served import Served
from mien.models.inprocess.loading import Hardware
from mien.models.names import own_name, place
from mien.models.usage import Limits
from mien.runs.run import Run
from mien.stats.design.shards import WHOLE, Shard
from mien.stats.design.stopping import FLOOR, Check
from mien.stats.design.trials import lay_out
from mien.store.records import RunInfo
from mien.store.schema import is_store
from mien.store.store import Store
from mien.types import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mien.materials.multiturn import Pressure
    from mien.materials.protocols import Protocol
    from mien.materials.traits import TraitSet
    from mien.measurement.calls import Progress
    from mien.measurement.pipeline import Reader
    from mien.measurement.run_plan import RunPlan
    from mien.models import Model
    from mien.runs.outcome import Outcome
    from mien.stats.design.trials import Design
    from mien.store.records import RunRecord
    from mien.types import InstrumentName, Prompt


def measure(  # noqa: PLR0913  # the public face, which gathers its arguments into nouns
    model: str,
    *,
    judge: str | None = None,
    instrument: InstrumentName = "revealed",
    protocol: Protocol | str | Path = "default",
    traits: TraitSet | Sequence[str] | str | Path | None = None,
    prompts: Sequence[Prompt] | str | Path = DEFAULT_PROMPTS,
    design: str | Path | None = None,
    system: str = "",
    rounds: int | None = None,
    trials: int | None = None,
    full: bool = False,
    until_reliability: float | None = None,
    until_stderr: float | None = None,
    max_trials: int | None = None,
    shard: Shard = WHOLE,
    seed: int = 0,
    turns: int = 1,
    pressure: Pressure = "none",
    user: str | None = None,
    name: str | None = None,
    check_judge: int | None = None,
    batch: bool = False,
    store: str | Path | None = None,
    limits: Limits = Limits(),
    hardware: Hardware = Hardware(),
    served: Served = Served(),
    on_progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Measure a model's character: make a run, or go on with the one of the same name.

    Calls that the store holds are not made again, so that a run that was stopped, a longer design or a
    second judge pays only for what is new.

    Args:
        model: the model under test, as ``provider/name``, ``http(s)://host/v1#name``, ``hf/FOLDER``,
            ``hf/OWNER/NAME`` or ``organism/NAME`` (these also with ``+ADAPTER``).
        judge: the model that reads its responses; ``organism/judge`` for the organism's. Every instrument but
            ``stated`` and ``inventory`` needs one.
        instrument: ``stated`` or ``inventory`` (what the model says of itself, choosing between traits or
            rating each), ``revealed`` (what it chooses), ``exhibited`` (what it does unasked) or
            ``instructed`` (what it can do: the control).
        protocol: a protocol, its name, or a YAML file.
        traits: a trait set, its name, a YAML or text file, or names; default: ``classic-144``, for the
            organism ``classic-36``.
        prompts: prompts, a set's name, a file, or ``hf:OWNER/DATASET``.
        design: instead of traits, prompts and a length: a file of ``mien design``.
        system: the system prompt of the model under test; empty for none.
        rounds: how often every trait is shown; default: enough for about 2,000 trials.
        trials: instead of rounds; rounded up to whole ones.
        full: instead of rounds: every pair once.
        until_reliability: instead of rounds: go on until the ratings have this reliability, at most until
            ``max_trials``; see `mien.stats.design.stopping`. What was found is in the last report's
            ``check``.
        until_stderr: instead of rounds, or together with a reliability: go on until the root mean square of
            the ratings' standard errors is no more than so many points.
        max_trials: to make at most, for a target; default: every pair once, or 2,000 where that is more.
        shard: which of the trials to make, others being made elsewhere: the run lacks those until
            `mien.store.merging.merge` brings them together. Limits are this shard's own.
        seed: of the design, 0 to 2³² − 1. Runs of one seed have the same trials, and are paired in a diff.
        turns: of each conversation. The second and each later one makes a run of its own, named
            ``NAME@PRESSURE-TURN``; see `mien.Run.persistence`.
        pressure: what the user wants in the later turns: ``none`` (another prompt), ``neutral`` (more of the
            same), ``stay`` or ``drop`` (that the character stays, or goes).
        user: a model that writes what the user says in the later turns, in place of scripts; it is told what
            the user wants, and shown what was said. Its runs are named ``NAME@PRESSURE-by-USER-TURN``.
        name: of the run; default: the model's name and the instrument, and its place where a run of a model
            of this name at another place has that.
        check_judge: ``instructed`` answers that the judge must tell apart before any other trial; see
            `mien.measurement.judge_check`. Default: 24 for a judge that tells probabilities, else 0.
        batch: whether calls are made in the providers' batches, at half the price and within a day; see
            `mien.measurement.batches`.
        store: the store's file; default: ``MIEN_STORE`` or ``mien.db``.
        limits: concurrency, rates and budget.
        hardware: where and how models in this process run.
        served: where models are that go by their names.
        on_progress: called a few times a second, and at the end.

    Raises:
        UsageError: an argument cannot be used; a `RunConflict` where the store has a run of this name that
            is not this one.
        EndpointRefused: the endpoint refuses every call alike.
    """
    planned = plan(
        model,
        judge,
        materials=Materials(
            instrument=instrument,
            protocol=protocol,
            traits=traits,
            prompts=prompts,
            design=design,
            system=system,
        ),
        length=Length(
            rounds=rounds,
            trials=trials,
            full=full,
            until_reliability=until_reliability,
            until_stderr=until_stderr,
            max_trials=max_trials,
            shard=shard,
        ),
        conversation=Conversation(turns=turns, pressure=pressure, user=user or ""),
        seed=seed,
        name=name,
    )
    session = Session(
        store,
        limits=limits,
        hardware=hardware,
        served=served,
        on_progress=on_progress,
        batching=Batching() if batch else None,
    )
    if name is None:
        planned = told_apart(planned, session.path)
    return carry_out(planned, session, check_judge=check_judge)


def carry_out(planned: RunPlan, session: Session, *, check_judge: int | None = None) -> Run:
    """Do what `plan` laid out; see `measure`."""
    session.run(lambda: conduct(planned, session, check_judge=check_judge))
    return Run(planned.name, session.path)


def outcomes(planned: RunPlan, store: Path) -> list[Outcome]:
    """What became of the trials of a planned run, and of the runs of its later turns."""
    talk = planned.conversation
    names = [turn_name(planned.name, talk.wish, turn) for turn in range(1, talk.turns + 1)]
    return [Run(name, store).outcome(planned.judge) for name in names]


async def conduct(planned: RunPlan, session: Session, *, check_judge: int | None = None) -> Progress:
    """Do what `plan` laid out in a session that is open, beside whatever else goes on in it; see `measure`.

    Where it fails before anything was answered, none of the runs that it began is left behind.

    Returns:
        How far it came.
    """
    require_free(planned, session.path)
    models = [session.open(spec) for spec in planned.models]
    model, *others = models
    user = others.pop() if planned.conversation.user else None
    readers = others
    await session.open_batches(*models)
    if check_judge and not readers:
        raise UsageError("stated has no judge to be checked: leave out --check-judge")
    if readers:
        reader, checked = await judge_form.settled(planned, session, model, *readers, readings=check_judge)
        readers = [reader]
        if not checked:
            await judge_check.check_judge(planned, session, model, *readers, readings=check_judge)
    known = {run.id for run in session.store.runs()}
    runs, design = open_runs(session.store, planned)
    try:
        return await _go_through(planned, session, _Asked(model, readers, user), runs, design)
    except MienError:
        session.store.flush()
        session.store.drop_unanswered(run.id for run in runs if run.id not in known)
        raise


class _Asked(NamedTuple):
    """Who is asked in a run: its model, its judge if it has one, and the model that plays its user."""

    model: Model
    readers: Sequence[Model]
    user: Model | None

    @property
    def all(self) -> list[Model]:
        return [self.model, *self.readers, *(() if self.user is None else (self.user,))]


async def _go_through(
    planned: RunPlan, session: Session, who: _Asked, runs: Sequence[RunRecord], design: Design
) -> Progress:
    model, readers, user = who
    calls = session.calls(len(design))
    instrument = make_instrument(planned.instrument, planned.protocol, planned.traits.traits)
    sampling = planned.protocol.sampling.sampling()
    followups = planned.followups
    pipelines = [Pipeline(calls, run.id, _read_by(planned, session.store, run, readers)) for run in runs]

    async def respond(index: int) -> bool:
        trial = design[index]
        asked, messages, response, judged = instrument.asked(trial), instrument.messages(trial), "", True
        for turn, pipeline in enumerate(pipelines, 1):
            if followups and turn > 1:
                asked = followups.asked(trial, turn)
                if isinstance(followups, UserModel):
                    assert user is not None
                    wanted = followups.request(messages, response, replicate=int(design.replicate[index]))
                    said = await pipeline.listen(asked, user, wanted)
                    if not said.answered:
                        return False
                    asked = followups.said(asked, said.text)
                messages = followups.extend(messages, response, asked)
            request = Request(messages, sampling, replicate=int(design.replicate[index]))
            call = await pipeline.respond(asked, model, request)
            if not call.answered:
                return False
            response = call.text
            judged &= await pipeline.judge(asked, response)
        return judged

    begin, longer = 0, design
    while longer is not None:
        design = longer
        await calls.carry_out(respond, range(begin, len(design)), workers=session.workers(*who.all))
        begin, longer = len(design), _longer(session.store, planned, design, calls.progress)
        if calls.progress.check:
            calls.report()
    return calls.progress


def _read_by(planned: RunPlan, store: Store, run: RunRecord, readers: Sequence[Model]) -> Reader:
    """Who reads the responses of a run: its judge, or where it has none the model's own answers."""
    if readers:
        return add_judge(store, run, planned.judge, readers[0], planned.protocol)
    return add_own_answer(store, run, planned.protocol)


def require_same(planned: RunPlan, found: RunRecord) -> None:
    """Refuse to go on with a run that is not the planned one.

    Raises:
        RunConflict: the message says in what they differ.
    """
    differences = [
        what
        for what, same in {
            "model": found.model == planned.model,
            "instrument": found.instrument == planned.instrument,
            "protocol": found.protocol == planned.protocol.model_dump_json(),
            "design (traits, prompts, options or seed)": found.design.rpartition("-")[0]
            == planned.design.content,
        }.items()
        if not same
    ]
    if differences:
        raise RunConflict(
            f"there is a run named {planned.name!r} already, with another "
            f"{' and another '.join(differences)}; choose another name with --name"
        )


def open_runs(store: Store, planned: RunPlan) -> tuple[list[RunRecord], Design]:
    """Make the planned run with those of its later turns, or find them.

    A run never shrinks. Under a stop rule it begins with the floor; see `_put_runs`.

    Raises:
        RunConflict: there is another run of this name.
    """
    design = planned.design if planned.until is None else planned.design.first(FLOOR)
    runs = {run.name: run for run in store.runs()}
    _require_free(store, runs, planned)
    if found := runs.get(planned.name):
        rounds = int(found.design.rpartition("-")[2])
        if rounds > design.rounds:
            design = lay_out(
                design.traits,
                design.prompts,
                rounds=rounds,
                n_options=planned.shown,
                order=design.order,
                seed=design.seed,
                per_response=design.per_response,
            ).part(design.shard)
    return _put_runs(store, planned, design), design


def require_free(planned: RunPlan, path: Path) -> None:
    """Refuse names that other runs of a store have, before a model is opened or asked.

    Raises:
        RunConflict: the message says in what they differ.
    """
    if is_store(path):
        with Store(path, read_only=True) as store:
            _require_free(store, {run.name: run for run in store.runs()}, planned)


def told_apart(planned: RunPlan, path: Path) -> RunPlan:
    """A run whose default name a model of the same name at another place has, named after its place, too."""
    if not is_store(path):
        return planned
    with Store(path, read_only=True) as store:
        models = {run.name: run.model for run in store.runs()}
    found = models.get(planned.name, planned.model)
    if found == planned.model or own_name(found) != own_name(planned.model):
        return planned
    return dataclasses.replace(planned, name=f"{planned.name}-{place(planned.model)}")


def _require_free(store: Store, runs: Mapping[str, RunRecord], planned: RunPlan) -> None:
    wish = planned.conversation.wish
    for turn in range(1, planned.conversation.turns + 1):
        if (found := runs.get(turn_name(planned.name, wish, turn))) is None:
            continue
        if turn > 1 and found.pressure != wish:
            raise RunConflict(
                f"there is a run named {found.name!r} already, in which the user was another "
                f"({options_of(found.pressure)}); choose another name with --name"
            )
        require_same(dataclasses.replace(planned, name=found.name), found)
        if turn == 1:
            _require_same_shards(store.shards(found.id), planned.design.shard, planned.name)


def _require_same_shards(held: Sequence[Shard], shard: Shard, name: str) -> None:
    """Refuse to make of a run's shards another number of shards, or the whole run by an oversight."""
    if held and {one.of for one in held} != {shard.of}:
        told = ", ".join(map(str, held))
        raise RunConflict(
            f"this store holds of run {name!r} the shard {told}, and not the whole: go on with --shard K/"
            f"{held[0].of}, or bring the shards together with mien merge"
        )


def _put_runs(store: Store, planned: RunPlan, design: Design, *, ended: bool = False) -> list[RunRecord]:
    """The run and those of its later turns, each with the trials of the design.

    Under a stop rule there is one more round, which is not asked: a run that is killed before the rule was
    held against the others, whenever that is, lacks trials. It is taken away once the run has ended.
    """
    followups, conversation = planned.followups, planned.conversation
    instrument = make_instrument(planned.instrument, planned.protocol, planned.traits.traits)
    laid_out = design
    if planned.until and not ended and design.rounds < planned.design.rounds:
        laid_out = planned.design.first(design.rounds + 1)
    runs = [
        store.add_run(
            RunInfo(
                name=turn_name(planned.name, conversation.wish, turn),
                model=planned.model,
                instrument=planned.instrument,
                protocol=planned.protocol.model_dump_json(),
                design=design.name,
                seed=design.seed,
                traits=planned.traits.traits,
                pressure=conversation.wish if turn > 1 else "none",
                turn=turn,
            ),
            (
                followups.asked(trial, turn) if followups and turn > 1 else instrument.asked(trial)
                for trial in laid_out
            ),
            shard=design.shard,
            in_all=design.in_all,
        )
        for turn in range(1, conversation.turns + 1)
    ]
    for run in runs:
        store.drop_unasked(run.id, beyond=laid_out.in_all)
    return runs


def _longer(store: Store, planned: RunPlan, design: Design, progress: Progress) -> Design | None:
    """The design to go on with; None at the end."""
    if planned.until is None or progress.stopped:
        return None
    store.flush()
    progress.check, longer = grown(store, planned, design)
    if longer:
        progress.total = len(longer)
    return longer


def grown(store: Store, planned: RunPlan, design: Design) -> tuple[Check, Design | None]:
    """Hold the stop rule against a design's verdicts, and give the run more trials where it asks for more.

    All trials of its rounds are through by now, in whatever order they came in: what the rule decides is the
    same for a run that was killed and resumed, or made in shards.

    Returns:
        What the rule found, and the design to go on with; None at the end.
    """
    rule = planned.until
    assert rule is not None
    check = Check(rule=rule, rounds=design.rounds)
    if not store.count_verdicts(store.run(planned.name).id, planned.judge):
        return check, None
    check = rule.check(Run(planned.name, store.path).comparisons(planned.judge), design.rounds)
    if check.met or not check.decided or design.rounds >= planned.design.rounds:
        _put_runs(store, planned, design, ended=True)
        return check, None
    longer = planned.design.first(check.next(planned.design.rounds))
    _put_runs(store, planned, longer)
    return check, longer
