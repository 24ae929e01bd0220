"""A study's shards, made by workers on any machines, and brought together in one store.

A worker keeps its shard on its own machine's disk, and a copy of it in a folder that all machines see.
Whoever comes after a worker that was lost begins with the copy.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import MienError, UsageError
from mien.measurement.session import Session
from mien.measurement.sharding import share
from mien.measurement.study.study import load_study
from mien.measurement.study.work import carry_out
from mien.models.http.providers import resolve
from mien.models.inprocess.loading import runs_here
from mien.models.prefixes import bare
from mien.models.usage import Tally
from mien.stats.design.shards import Shard
from mien.stats.design.stopping import FLOOR
from mien.store.copies import Copies, copy
from mien.store.machines import is_local
from mien.store.schema import connect_read_only, explained, is_store
from mien.store.store import LOCK_TIMEOUT, Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mien.measurement.study.study import Study
    from mien.models.http.served import Served
    from mien.models.inprocess.loading import Hardware
    from mien.models.usage import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What a worker is told, wherever it is.

    Attributes:
        source: the study's file, which every machine can read, or a shipped study.
        shard: its part of each run.
        copies: where its store is copied to, which every machine can write, and how often.
        limits: of the whole study; the rates and the budget are dealt out.
        hardware: where and how models in the worker's process run.
        served: where models are that go by their names.
        check_judge: as for `mien.measure`.
        rounds: how many to make of which runs, by label; None for whole runs, as the file has them.
    """

    source: str
    shard: Shard
    copies: Copies
    limits: Limits
    hardware: Hardware
    served: Served
    check_judge: int | None = None
    rounds: dict[str, int] | None = None

    @property
    def store(self) -> Path:
        """The worker's store, the same for whoever makes this shard on this machine."""
        place = hashlib.blake2b(str(self.copies.path).encode(), digest_size=8).hexdigest()
        return Path(tempfile.gettempdir()) / f"mien-shard-{place}" / self.copies.path.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardEnd:
    """How a worker ended.

    Attributes:
        shard: which it was.
        through: the runs, by label, of which it came to the end of its trials.
        failures: why it, or a run of it, could not go on; and which runs.
        spent: what it asked.
    """

    shard: Shard
    through: frozenset[str] = frozenset()
    failures: dict[str, list[str]] = field(default_factory=dict[str, "list[str]"])
    spent: Tally = field(default_factory=Tally)


def make_shard(posting: Posting) -> ShardEnd:
    """Make a shard, or go on with it: what a worker does. What goes wrong is told by what it returns."""
    shard = posting.shard
    try:
        study = load_study(posting.source)
        study = (study if posting.rounds is None else study.at(posting.rounds)).part(shard)
        posting.store.parent.mkdir(mode=0o700, exist_ok=True)
        session = Session(
            posting.store,
            limits=share(posting.limits, shard),
            hardware=posting.hardware,
            served=posting.served,
            copies=posting.copies,
        )
        progress = carry_out(study, session, check_judge=posting.check_judge)
    except (MienError, OSError) as error:
        return ShardEnd(shard=shard, failures={str(error): []})
    shutil.rmtree(posting.store.parent, ignore_errors=True)  # the copy holds all of it by now
    return ShardEnd(
        shard=shard,
        through=frozenset(run.label for run in progress.runs if run.state == "done"),
        failures=progress.failures,
        spent=Tally(requests=progress.tally.requests, cost=progress.tally.cost),
    )


def postings(
    study: Study, session: Session, n: int, *, far: bool, check_judge: int | None = None
) -> list[Posting]:
    """What to tell n workers. Each begins with what the merged store has of the study.

    Args:
        study: laid out.
        session: on the merged store, not open. Its copies, if any, say how often a worker copies its store,
            and into which folder; by default that lies beside the merged store.
        n: how many shards.
        far: whether workers may be on other machines.
        check_judge: as for `mien.measure`.

    Raises:
        UsageError: the study cannot be dealt out so, or its shards of another number are there.
    """
    if far:
        _require_one_place(study, session.served)
    shards = [Shard(number, n) for number in range(1, Shard(1, n).of + 1)]
    floor = {cell.label: FLOOR for cell in study.cells if cell.planned.until}
    (study.at(floor) if floor else study).part(shards[0])
    copies = session.copies or Copies(session.path.with_name(f"{session.path.name}.shards"))
    folder = copies.path.absolute()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"the copies of shards go into a folder, and {folder} is a file")
    files = [folder / f"{shard.number}-of-{n}.db" for shard in shards]
    if other := sorted(set(folder.glob("*-of-*.db")) - set(files)):
        raise UsageError(
            f"{other[0]} is a shard of another number: give the same --shards, or bring those together, by "
            f"mien merge {session.path} {folder}/*.db --partial, and delete them"
        )
    folder.mkdir(parents=True, exist_ok=True)
    if _begun(study, session.path):
        for file in files:
            if not file.exists():
                copy(session.path, file)
    source = Path(study.file.source)
    return [
        Posting(
            source=str(source.absolute()) if source.is_file() else study.file.source,
            shard=shard,
            copies=Copies(file, copies.every),
            limits=session.limits,
            hardware=session.hardware,
            served=session.served,
            check_judge=check_judge,
        )
        for shard, file in zip(shards, files, strict=True)
    ]


def count_read(copies: Iterable[Path]) -> int:
    """Verdicts in the copies of shards, as far as they were made."""
    found = 0
    for path in copies:
        if path.exists():
            with explained(path), closing(connect_read_only(path, lock_timeout=LOCK_TIMEOUT)) as db:
                found += db.execute("SELECT count(*) FROM verdict").fetchone()[0]
    return found


def _require_one_place(study: Study, served: Served) -> None:
    """Refuse addresses that are another server on each machine."""
    for spec in study.specs:
        if served.servers(bare(spec)) or runs_here(bare(spec)):
            continue
        if is_local(url := resolve(bare(spec))[0].url):
            raise UsageError(
                f"{spec} is at {url}, which is another server on each machine: give its address on the "
                "network; or name the model in the study and say where it is by --served-by"
            )


def _begun(study: Study, store: Path) -> bool:
    if not is_store(store):
        return False
    names = {cell.planned.name for cell in study.cells}
    with Store(store, read_only=True) as opened:
        return any(run.name in names for run in opened.runs())
