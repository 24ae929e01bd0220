"""Another judge for a run that is there, or the same one again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mien.errors import UsageError
from mien.materials.protocols import Protocol, load_protocol
from mien.measurement.batches import Batching
from mien.measurement.judge_check import check_on_run
from mien.measurement.judge_form import settled_on_run
from mien.measurement.judging import add_judge
from mien.measurement.pipeline import Pipeline
from mien.measurement.session import Session
from mien.models.inprocess.loading import Hardware
from mien.models.usage import Limits
from mien.names import require_visible
from mien.types import OWN_ANSWER, SELF_REPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mien.instruments.judges.perturbed import Perturbation
    from mien.measurement.calls import Progress
    from mien.runs.run import Run
    from mien.store.records import RunRecord, TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """Who is to read the responses of a run besides its own judge; see `second_opinion`.

    Under a ``perturbation`` the judge is asked otherwise: see `mien.measurement.judges_check`.
    """

    judge: str
    name: str | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict[str, Any])
    repeat: int = 0
    perturbation: Perturbation | None = None

    def __post_init__(self) -> None:
        if self.repeat < 0:
            raise UsageError(f"a repeat is 1 or more, not {self.repeat}")
        require_visible(self.name or self.judge, "name of a judge")
        if OWN_ANSWER in (self.name, self.judge):
            raise UsageError(f"no judge may be called {OWN_ANSWER!r}: it stands for the model's own answer")

    @property
    def label(self) -> str:
        """The name that the verdicts go by."""
        if self.name or not self.perturbation:
            return self.name or (f"{self.judge}#{self.repeat}" if self.repeat else self.judge)
        return f"{self.judge}@{self.perturbation.name}"


def second_opinion(  # noqa: PLR0913  # the public face, which opens the session
    run: Run,
    judge: str,
    *,
    name: str | None = None,
    sampling: dict[str, Any] | None = None,
    repeat: int = 0,
    check_judge: int | None = None,
    batch: bool = False,
    limits: Limits = Limits(),
    hardware: Hardware = Hardware(),
    on_progress: Callable[[Progress], None] | None = None,
) -> str:
    """Have another judge read the responses of a run; nothing is generated again.

    Args:
        run: what is to be read.
        judge: the judge's model.
        name: what its verdicts go by; default: the model, of a repeat with ``#`` and its number.
        sampling: members of `SamplingSettings` laid over the protocol's for judges.
        repeat: 1, 2, … has a judge of the run read it again: the same questions, with calls of their own, to
            see how far it agrees with itself.
        check_judge: ``instructed`` answers of the same model in the store that it must tell apart first; see
            `mien.measurement.judge_check`. Default: 24 for a judge that tells probabilities, else 0.
        batch: whether the judge is asked in its provider's batches; see `mien.measurement.batches`.
        limits: concurrency, rates and budget.
        hardware: where and how models in this process run.
        on_progress: called a few times a second, and at the end.

    Returns:
        The name that the verdicts go by.

    Raises:
        UsageError: the run has no responses; a repeat of a judge that has not read the run, or of one that
            reads alike each time; a `RunConflict` where it has a judge of this name that was asked otherwise.
    """
    session = Session(
        run.path,
        limits=limits,
        hardware=hardware,
        on_progress=on_progress,
        batching=Batching() if batch else None,
    )
    return rejudge(run, judge, session, name=name, sampling=sampling, repeat=repeat, check_judge=check_judge)


def rejudge(
    run: Run,
    judge: str,
    session: Session,
    *,
    name: str | None = None,
    sampling: Mapping[str, Any] | None = None,
    repeat: int = 0,
    check_judge: int | None = None,
) -> str:
    """See `second_opinion`; the session is one on the run's store."""
    opinion = Opinion(judge=judge, name=name, sampling=sampling or {}, repeat=repeat)
    session.run(lambda: reread(run, opinion, session, check_judge=check_judge))
    return opinion.label


async def reread(run: Run, opinion: Opinion, session: Session, *, check_judge: int | None = None) -> Progress:
    """Have another judge read a run in a session that is open, beside whatever else goes on in it.

    Returns:
        How far it came.
    """
    reader = session.open(opinion.judge)
    store = session.store
    store.flush()  # the run may just have been made in this session
    record = store.run(run.name)
    if record.instrument in SELF_REPORTS:
        raise UsageError(
            f"run {run.name!r} is {record.instrument}: the model's own answers are its verdicts, and there "
            "is nothing for a judge to read"
        )
    total = store.count_responses(record.id)
    if not total:
        raise UsageError(f"run {run.name!r} holds no responses to judge")
    await session.open_batches(reader)
    reader, checked = await settled_on_run(record, session, reader, readings=check_judge)
    if not checked:
        await check_on_run(record, session, reader, readings=check_judge)
    protocol = _protocol(record, opinion.sampling)
    judge = add_judge(
        store,
        record,
        opinion.label,
        reader,
        protocol,
        repeat=opinion.repeat,
        perturbation=opinion.perturbation,
    )
    calls = session.calls(total)
    pipeline = Pipeline(calls, record.id, judge)

    async def read(row: TrialRecord) -> bool:
        return await pipeline.judge(row.trial, row.response)

    responses = (row for row in store.rows(record.id, judge.name) if row.response)
    await calls.carry_out(read, responses, workers=session.workers(reader))
    return calls.progress


def _protocol(run: RunRecord, judge_sampling: Mapping[str, Any]) -> Protocol:
    """The protocol of a run, with the judge's sampling laid over; the default one for imported runs."""
    imported = not run.design
    protocol = load_protocol() if imported else Protocol.model_validate_json(run.protocol)
    return protocol.override(judge_sampling=judge_sampling)
