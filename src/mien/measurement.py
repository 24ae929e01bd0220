"""The composition root: from a design to responses, from responses to verdicts, all kept in the store."""

from __future__ import annotations

import asyncio
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from mien import designs
from mien.errors import RunConflict, UsageError
from mien.instruments import instrument as make_instrument
from mien.judges import AskingJudge, LikelihoodJudge
from mien.models.engines import ORGANISM_JUDGE, Hardware
from mien.models.providers import Price
from mien.models.transport import Transport
from mien.pipeline import Pipeline, Progress
from mien.protocols import Protocol, load_protocol
from mien.runs import Run, store_path
from mien.store import JudgeRecord, RunRecord, Store
from mien.studies import plan
from mien.traits import TraitSet
from mien.types import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from pathlib import Path

    from mien.comparisons import Comparisons
    from mien.designs import Design
    from mien.diffs import Diff
    from mien.judges import Judge
    from mien.models import Model
    from mien.panels import Panel
    from mien.ratings import Profile
    from mien.store import Row
    from mien.studies import Study
    from mien.traits import TraitSet
    from mien.types import InstrumentName, Prompt

QUIRK_SCHEMA = "json_schema"  # the name under which the store remembers what an endpoint takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast, how long and how dear a run may get; see `mien.models.transport.Transport`.

    Attributes:
        price_in: US dollars per million tokens of requests, where the endpoint does not say.
        price_out: US dollars per million tokens of answers.
    """

    max_concurrency: int = 256
    rpm: float | None = None
    tpm: float | None = None
    max_calls: int | None = None
    max_cost: float | None = None
    price_in: float | None = None
    price_out: float | None = None
    timeout: float = 600


def measure(
    model: str,
    *,
    judge: str,
    instrument: InstrumentName = "revealed",
    protocol: Protocol | str | Path = "default",
    traits: TraitSet | Sequence[str] | str | Path | None = None,
    prompts: Sequence[Prompt] | str | Path = "everyday",
    rounds: int | None = None,
    trials: int | None = None,
    full: bool = False,
    seed: int = 0,
    name: str | None = None,
    store: str | Path | None = None,
    limits: Limits = Limits(),
    hardware: Hardware = Hardware(),
    on_progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Measure a model's character: make a run, or go on with the one of the same name.

    Calls that the store holds are not made again, so that a run that was stopped, a longer design or a
    second judge pays only for what is new.

    Args:
        model: the model under test, as ``provider/name``, ``http(s)://host/v1#name``, ``hf/FOLDER``,
            ``hf/OWNER/NAME`` or ``organism/NAME`` (these also with ``+ADAPTER``).
        judge: the model that reads its responses; ``organism/judge`` for the organism's.
        instrument: ``revealed`` (what the model chooses) or ``instructed`` (what it can do: the control).
        protocol: a protocol, its name, or a YAML file.
        traits: a trait set, its name, a YAML or text file, or names; default: ``classic-144``, for the
            organism ``classic-36``.
        prompts: prompts, a set's name, a file, or ``hf:OWNER/DATASET``.
        rounds: how often every trait is shown; default: enough for about 2,000 trials.
        trials: instead of rounds; rounded up to whole ones.
        full: instead of rounds: every pair once.
        seed: of the design, 0 to 2³² − 1. Runs of one seed have the same trials, and are paired in a diff.
        name: of the run; default: the model's name and the instrument.
        store: the store's file; default: ``MIEN_STORE`` or ``mien.db``.
        limits: concurrency, rates and budget.
        hardware: where and how models in this process run.
        on_progress: called a few times a second, and at the end.

    Raises:
        UsageError: an argument cannot be used; a `RunConflict` where the store has a run of this name that
            is not this one.
        EndpointRefused: the endpoint refuses every call alike.
    """
    study = plan(
        model,
        judge=judge,
        instrument=instrument,
        protocol=protocol,
        traits=traits,
        prompts=prompts,
        rounds=rounds,
        trials=trials,
        full=full,
        seed=seed,
        name=name,
    )
    return carry_out(study, store=store, limits=limits, hardware=hardware, on_progress=on_progress)


def carry_out(
    study: Study,
    *,
    store: str | Path | None = None,
    limits: Limits = Limits(),
    hardware: Hardware = Hardware(),
    on_progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Do what `plan` laid out; see `measure`."""
    path = store_path(store)

    async def main() -> None:
        async with _transport(limits, hardware) as transport:
            model, reader = transport.open(study.model), transport.open(study.judge)
            with Store(path) as opened:
                run, design = _open_run(opened, study)
                judge = _open_judge(opened, run, study.judge, reader, study.protocol)
                progress = Progress(total=len(design), tally=transport.tally)
                pipeline = Pipeline(opened, run.id, judge, progress)
                instrument = make_instrument(study.instrument, study.protocol, study.traits.traits)
                sampling = study.protocol.sampling.sampling()

                async def respond(index: int) -> bool:
                    trial = design[index]
                    messages = instrument.messages(trial)
                    request = Request(messages, sampling, replicate=int(design.replicate[index]))
                    return await pipeline.respond(trial, model, request)

                try:
                    workers = _workers(limits, model, reader)
                    await pipeline.carry_out(
                        respond, range(len(design)), workers=workers, on_progress=on_progress
                    )
                finally:
                    _remember_quirk(opened, reader)

    _run(main)
    return Run(study.name, path)


def profile(of: Run | Comparisons, **settings: Any) -> Profile:
    """Rate the traits of a run, or of a comparison table.

    Args:
        of: what to rate.
        settings: those of `mien.ratings.profile`; for a run also ``judge``, whose verdicts to take, and
            ``prior="pooled"`` for a prior from the other models' runs in its store, and ``correct_judge``, an
            ``instructed`` run by which to take out the errors of the judge.

    Raises:
        UsageError: a pooled prior was asked for, and there are too few runs to pool; or the judge cannot be
            corrected.
        NotIdentified: the verdicts are too few to rate all traits.
    """
    if isinstance(of, Run):
        return of.profile(**settings)
    from mien import ratings

    if settings.get("prior") == "pooled":
        raise UsageError(
            "a comparison table has no other runs to pool; make runs of the tables with mien.import_run, and "
            "profile one of those"
        )
    if settings.get("correct_judge") is not None:
        raise UsageError(
            "a comparison table does not tell how its judge was asked; make a run of it with "
            "mien.import_run, or give the judge's errors as judge_correction (mien.misreading)"
        )
    return ratings.profile(of, **settings)


def diff(a: Run | Comparisons | Profile, b: Run | Comparisons | Profile, **settings: Any) -> Diff:
    """What changed from ``a`` to ``b``; ``settings`` are those of `mien.diffs.diff`.

    Raises:
        UsageError: they rate different traits.
        NotIdentified: the verdicts are too few to rate all traits.
    """
    from mien import diffs
    from mien.ratings import Profile

    first, second = (x if isinstance(x, Profile) else profile(x) for x in (a, b))
    return diffs.diff(first, second, **settings)


def compare(runs: Sequence[Run | Comparisons | Profile], **settings: Any) -> Panel:
    """Several models at once; ``settings`` are those of `mien.panels.panel.compare`.

    Raises:
        UsageError: the runs cannot be compared; the message names those that do not fit.
        NotIdentified: the verdicts of one are too few to rate all traits.
    """
    from mien import panels
    from mien.ratings import Profile

    return panels.compare([run if isinstance(run, Profile) else profile(run) for run in runs], **settings)


def second_opinion(
    run: Run,
    judge: str,
    *,
    name: str | None = None,
    sampling: dict[str, Any] | None = None,
    limits: Limits = Limits(),
    hardware: Hardware = Hardware(),
    on_progress: Callable[[Progress], None] | None = None,
) -> str:
    """Have another judge read the responses of a run; nothing is generated again.

    Args:
        judge: the judge's model.
        name: what its verdicts go by; default: the model.
        sampling: members of `SamplingSettings` laid over the protocol's for judges.

    Returns:
        The name that the verdicts go by.

    Raises:
        UsageError: the run has no responses; a `RunConflict` where it has a judge of this name that was
            asked otherwise.
    """

    async def main() -> None:
        async with _transport(limits, hardware) as transport:
            reader = transport.open(judge)
            with Store(run.path) as opened:
                record = opened.run(run.name)
                total = opened.count_responses(record.id)
                if not total:
                    raise UsageError(f"run {run.name!r} holds no responses to judge")
                protocol = _recorded_protocol(record, sampling or {})
                opinion = _open_judge(opened, record, name or judge, reader, protocol)
                progress = Progress(total=total, tally=transport.tally)
                pipeline = Pipeline(opened, record.id, opinion, progress)

                async def read(row: Row) -> bool:
                    return await pipeline.judge(row.trial, row.response)

                responses = (row for row in opened.rows(record.id, opinion.name) if row.response)
                try:
                    await pipeline.carry_out(
                        read, responses, workers=_workers(limits, reader), on_progress=on_progress
                    )
                finally:
                    _remember_quirk(opened, reader)

    _run(main)
    return name or judge


def _transport(limits: Limits, hardware: Hardware) -> Transport:
    price = None
    if limits.price_in is not None or limits.price_out is not None:
        price = Price(limits.price_in or 0.0, limits.price_out or 0.0)
    return Transport(
        max_concurrency=limits.max_concurrency,
        rpm=limits.rpm,
        tpm=limits.tpm,
        max_calls=limits.max_calls,
        max_cost=limits.max_cost,
        price=price,
        timeout=limits.timeout,
        hardware=hardware,
    )


def _workers(limits: Limits, *models: Model) -> int:
    """How many trials to have under way: enough to keep every address busy, with some in reserve.

    Many more would only wait, and have their responses judged late.
    """
    addresses = {model.address for model in models}
    return math.ceil(1.1 * len(addresses) * limits.max_concurrency)


def _run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run to the end, also where an event loop is running already, as in a notebook."""
    loop_factory = None
    if sys.platform != "win32":
        import uvloop

        loop_factory = uvloop.new_event_loop

    def run() -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(main())

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        run()
        return
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(run).result()


def _open_run(store: Store, study: Study) -> tuple[RunRecord, Design]:
    """Make the study's run, or find it; a run never shrinks.

    Raises:
        RunConflict: there is another run of this name.
    """
    design = study.design
    found = next((run for run in store.runs() if run.name == study.name), None)
    if found:
        content, _, rounds = found.design.rpartition("-")
        differences = [
            what
            for what, same in {
                "model": found.model == study.model,
                "instrument": found.instrument == study.instrument,
                "protocol": found.protocol == study.protocol.model_dump_json(),
                "design (traits, prompts, options or seed)": content == design.content,
            }.items()
            if not same
        ]
        if differences:
            raise RunConflict(
                f"there is a run named {study.name!r} already, with another "
                f"{' and another '.join(differences)}; choose another name with --name"
            )
        if int(rounds) > design.rounds:
            design = designs.design(
                design.traits,
                design.prompts,
                rounds=int(rounds),
                n_options=study.protocol.options,
                order=design.order,
                seed=design.seed,
            )
    run = store.add_run(
        name=study.name,
        model=study.model,
        instrument=study.instrument,
        protocol=study.protocol.model_dump_json(),
        design=design.name,
        seed=design.seed,
        traits=study.traits.traits,
        trials=design,
    )
    return run, design


def _open_judge(store: Store, run: RunRecord, name: str, model: Model, protocol: Protocol) -> Judge:
    """Add a judge to a run, or find it.

    Raises:
        RunConflict: the run has another judge of this name.
    """
    if model.supports_schema is None and store.quirk(model.address, model.model, QUIRK_SCHEMA) == "no":
        model.supports_schema = False
    judge: Judge
    if model.name == ORGANISM_JUDGE:
        judge = LikelihoodJudge(name, model, protocol, run.traits)
    else:
        judge = AskingJudge(name, model, protocol, run.traits, seed=run.seed or 0)
    settings = msgspec.json.encode(judge.settings, order="sorted").decode()
    record = JudgeRecord(name=name, model=model.name, settings=settings)
    found = next((known for known in store.judges(run.id) if known.name == name), None)
    if found and found != record:
        raise RunConflict(
            f"run {run.name!r} has a judge named {name!r} that was asked otherwise; "
            "choose another name for this one with --as"
        )
    store.add_judge(run.id, record)
    return judge


def _remember_quirk(store: Store, model: Model) -> None:
    if model.supports_schema is False:
        store.set_quirk(model.address, model.model, QUIRK_SCHEMA, "no")


def _recorded_protocol(run: RunRecord, judge_sampling: Mapping[str, Any]) -> Protocol:
    """The protocol of a run, with the judge's sampling laid over; the default one for imported runs."""
    imported = not run.design
    protocol = load_protocol() if imported else Protocol.model_validate_json(run.protocol)
    judge = protocol.judge.model_dump()
    judge["sampling"] |= {key: value for key, value in judge_sampling.items() if value is not None}
    return protocol.override(judge=judge)
