"""A study's runs carried out side by side, each endpoint within its own limits, one budget over all."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mien.errors import EndpointRefused, RunConflict, StoreError, UsageError
from mien.measurement.batches import Batching
from mien.measurement.measure import conduct, require_same
from mien.measurement.rejudge import reread
from mien.measurement.study.file import address_of, members_given
from mien.measurement.study.forecast import given_prices
from mien.measurement.study.progress import RunProgress, StudyProgress
from mien.models.http.served import Served
from mien.models.inprocess.loading import runs_here
from mien.models.prefixes import bare
from mien.models.usage import Speed, Tally, on_account_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from mien.measurement.calls import Progress
    from mien.measurement.session import Session
    from mien.measurement.study.cells import Cell
    from mien.measurement.study.document import Document, JudgeEntry, ModelEntry
    from mien.measurement.study.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Something that is carried out beside a study's runs, as an evaluation is.

    Attributes:
        label: what it is called in the study.
        model: the model under test, whose turn it is where that runs in this process.
        models: all that are asked.
        items: how many it has.
        conduct: carries it out in a session that is open.
    """

    label: str
    model: str
    models: tuple[str, ...]
    items: int
    conduct: Callable[[Session], Awaitable[Progress]]


def prepare(study: Study, session: Session) -> None:
    """Have a session that is not open yet ask as a study's file says, in batches where it says so.

    The file's budget counts where the session has none; where models are served is taken from the file for
    those of which the session does not know it.
    """
    document = study.document
    limits = session.limits
    if limits.max_calls is None and limits.max_cost is None:
        limits = replace(limits, max_calls=document.max_calls, max_cost=document.max_cost)
    usual = Speed(limits.max_concurrency, limits.rpm, limits.tpm)
    speeds = {
        address_of(name): usual._replace(**members_given(entry)) for name, entry in document.endpoints.items()
    }
    session.limits = replace(limits, speeds={**limits.speeds, **speeds})
    told = [f"{one.model}={','.join(one.served_by)}" for one in _entries(document) if one.served_by]
    served = Served.read(dict.fromkeys(told))
    session.served = Served({**served.named, **session.served.named}, session.served.others)
    session.served.require_used([one.model for one in _entries(document)])
    if document.batch and session.batching is None:
        session.batching = Batching(required=False)


def _entries(document: Document) -> tuple[ModelEntry | JudgeEntry, ...]:
    return (*document.models, *document.judge)


def carry_out(
    study: Study,
    session: Session,
    *,
    beside: Sequence[Beside] = (),
    check_judge: int | None = None,
    on_progress: Callable[[StudyProgress], None] | None = None,
) -> StudyProgress:
    """Make a study's runs, or go on with them; calls that the store holds are not made again.

    Runs whose models live behind endpoints go on side by side. Models in this process take turns, for few
    machines have room for several. A run whose endpoint gives up ends alone.

    Args:
        study: laid out.
        session: prepared; its budget holds over all runs.
        beside: what else is carried out.
        check_judge: as for `mien.measure`.
        on_progress: called a few times a second, and at the end of each stage of a run.

    Raises:
        UsageError: a key is missing, or the store has another run of a name; before the first call.
    """
    work = _Work(study, session, beside, check_judge, on_progress)
    session.run(work.all)
    return work.progress


class _Work:
    def __init__(
        self,
        study: Study,
        session: Session,
        beside: Sequence[Beside],
        check_judge: int | None,
        on_progress: Callable[[StudyProgress], None] | None,
    ) -> None:
        self._study = study
        self._beside = beside
        self._session = session
        self._check_judge = check_judge
        self._on_progress = on_progress
        self._turns: dict[str, int] = {}  # runs that a model in this process has still to make
        self.progress = StudyProgress(runs=(), tally=Tally())

    async def all(self) -> None:
        """All runs, to their end."""
        session, study = self._session, self._study
        whole = session.transport.tally
        runs = [
            RunProgress(label=cell.label, trials=len(cell.planned.design), tally=Tally(whole=whole), ended=[])
            for cell in study.cells
        ]
        others = [
            RunProgress(label=one.label, trials=one.items, tally=Tally(whole=whole), ended=[], unit="item")
            for one in self._beside
        ]
        self.progress = StudyProgress(runs=[*runs, *others], tally=whole)
        self._require_usable()
        session.on_progress = self._heed
        self._one_at_a_time = asyncio.Lock()
        for model in (*(cell.planned.model for cell in study.cells), *(one.model for one in self._beside)):
            if self._here(model):
                self._turns[model] = self._turns.get(model, 0) + 1
        try:
            async with asyncio.TaskGroup() as group:
                for cell, run in zip(study.cells, runs, strict=True):
                    group.create_task(self._one(cell.planned.model, run, partial(self._stages, cell, run)))
                for one, run in zip(self._beside, others, strict=True):
                    group.create_task(self._one(one.model, run, partial(self._whole, one, run)))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            self._report()

    def _require_usable(self) -> None:
        """Find out before the first call what would stop a run: a missing key, a name that is taken."""
        study, session = self._study, self._session
        for spec, price in given_prices(study).items():
            if not self._here(spec):
                session.transport.chat(spec, price=price)
        for cell in study.cells:
            judges = (opinion.judge for opinion in cell.opinions)
            for spec in (*cell.planned.models, *judges):
                if not self._here(spec):
                    session.open(spec)
        for spec in (spec for one in self._beside for spec in one.models):
            if not self._here(spec):
                session.open(spec)
        known = {run.name: run for run in session.store.runs()}
        for cell in study.cells:
            if found := known.get(cell.planned.name):
                try:
                    require_same(cell.planned, found)
                except RunConflict as error:
                    told = str(error).rpartition(";")[0]
                    raise study.file.fault(f"{told}; give the study another name:", "name") from error

    async def _one(self, model: str, run: RunProgress, work: Callable[[], Awaitable[None]]) -> None:
        """A run, and whoever reads it afterwards, or what is carried out beside the runs."""
        async with self._turn(model):
            run.state = "running"
            try:
                with on_account_of(run.tally):
                    await work()
            except StoreError:
                raise
            except (EndpointRefused, UsageError) as error:
                run.state, run.failure = "failed", str(error)
            self._report()

    async def _stages(self, cell: Cell, run: RunProgress) -> None:
        session = self._session
        run.ended.append(await conduct(cell.planned, session, check_judge=self._check_judge))
        for opinion in cell.opinions:
            if run.ended[-1].stopped:
                break
            run.stage = opinion.label
            made = self._study.run(cell, session.path)
            run.ended.append(await reread(made, opinion, session, check_judge=self._check_judge))
        run.state = "stopped" if run.ended[-1].stopped else "done"

    async def _whole(self, one: Beside, run: RunProgress) -> None:
        run.ended.append(await one.conduct(self._session))
        run.state = "stopped" if run.ended[-1].stopped else "done"

    @asynccontextmanager
    async def _turn(self, spec: str) -> AsyncGenerator[None]:
        """Wait for a model's turn, where it runs in this process, and let go of it after its last run."""
        if not self._here(spec):
            yield
            return
        async with self._one_at_a_time:
            yield
            self._turns[spec] -= 1
            if not self._turns[spec] and spec not in self._judges:
                await self._session.release(spec)

    def _here(self, spec: str) -> bool:
        """Whether a model runs in this process."""
        return runs_here(spec) and not self._session.served.servers(spec)

    @property
    def _judges(self) -> set[str]:
        cells = self._study.cells
        readers = {bare(opinion.judge) for cell in cells for opinion in cell.opinions}
        beside = {bare(spec) for one in self._beside for spec in one.models if spec != one.model}
        return {bare(spec) for cell in cells for spec in cell.planned.models[1:]} | readers | beside

    def _heed(self, progress: Progress) -> None:
        self.progress.heed(progress)
        self._report()

    def _report(self) -> None:
        if self._on_progress:
            self._on_progress(self.progress)
