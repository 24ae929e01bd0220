"""Which trials of which run an address asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mien.errors import UnknownName
from mien.store.filter import Filter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.store.records import RunRecord
    from mien.store.store import Store


def read_filter(store: Store, query: Mapping[str, str]) -> tuple[RunRecord, Filter, list[str]]:
    """The run and the filter of an address, and the names of the run's judges.

    Raises:
        UnknownName: there is no such run, or it has no such judge.
    """
    wanted = Filter.read(query)
    run = store.run(wanted.run)
    judges = [judge.name for judge in store.judges(run.id)]
    if wanted.judge and wanted.judge not in judges:
        raise UnknownName(f"judge of run {run.name!r}", wanted.judge, judges)
    return run, replace(wanted, judge=wanted.judge or (judges[0] if judges else "")), judges
