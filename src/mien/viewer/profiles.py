"""Fitted profiles of a store's runs, made before they are asked for, kept until verdicts are added."""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mien.errors import MienError
from mien.runs.run import Run, default_judge
from mien.store.store import Store
from mien.types import OWN_ANSWER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mien.stats.diffs import Diff
    from mien.stats.inventories import Inventory
    from mien.stats.profiles.profile import Profile
    from mien.stats.sides import Sides

_KEPT = 64
_LOCK_TIMEOUT = 5.0
_AHEAD = 16  # newest runs that are fitted before anybody asks
_CALM = 0.5  # seconds
_PATIENCE = 0.1  # seconds; what takes longer to fit is fitted anew behind the reader's back

_Key = tuple[int, float, str]  # a run's number, when it was made, and the judge


class _Fitted(NamedTuple):
    profile: Profile
    verdicts: int
    seconds: float


class Profiles:
    """Fits profiles, in a thread of its own from `start` until `close`, or at once where none is known.

    Args:
        store: the file that the runs are in.
        prepare: told of each profile that is fitted before anybody asks.
    """

    def __init__(self, store: Path, prepare: Callable[[Profile], None]) -> None:
        #: What else is made of the newest run before anybody asks.
        self.ahead: list[Callable[[str], None]] = []
        self._store = store
        self._show = prepare
        self._kept: dict[_Key, _Fitted] = {}
        self._locks: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
        self._wanted: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self.diff = lru_cache(maxsize=32)(_diff)
        self.sides = lru_cache(maxsize=8)(_sides)
        self._inventory = lru_cache(maxsize=16)(self._rated)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mien-profiles", daemon=True)

    def start(self) -> None:
        """Begin to fit the newest runs, and to draw them."""
        self._thread.start()

    def close(self) -> None:
        """Fit no more. What is being fitted is let go with the process."""
        self._stopped.set()
        self._wanted.put(None)

    def profile(self, name: str, judge: str = "") -> Profile:
        """The profile of a run by a judge, or by its default (`mien.runs.run.default_judge`).

        Of a run that takes long to fit and has new verdicts, the profile before them is given once more; it
        says of how many verdicts it is.
        """
        key, judge, verdicts = self._state(name, judge)
        known = self._kept.get(key)
        if known and known.verdicts != verdicts and known.seconds > _PATIENCE:
            self._wanted.put((name, judge))
            return known.profile
        return self._fit(key, name, judge, verdicts)

    def inventory(self, name: str) -> Inventory | None:
        """What a model rates itself in a run by an inventory; None of any other run."""
        with self._reading() as store:
            run = store.run(name)
            if run.instrument != "inventory":
                return None
            return self._inventory(name, run.created, store.count_verdicts(run.id, OWN_ANSWER))

    def _rated(self, name: str, *_: float) -> Inventory:
        return Run(name, self._store).inventory()

    def _reading(self) -> Store:
        return Store(self._store, read_only=True, lock_timeout=_LOCK_TIMEOUT)

    def _state(self, name: str, judge: str) -> tuple[_Key, str, int]:
        with self._reading() as store:
            run = store.run(name)
            judge = judge or default_judge(run, store.judges(run.id))
            return (run.id, run.created, judge), judge, store.count_verdicts(run.id, judge)

    def _fit(self, key: _Key, name: str, judge: str, verdicts: int) -> Profile:
        with self._locks[key]:  # whoever comes second finds it done
            known = self._kept.get(key)
            if known and known.verdicts == verdicts:
                return known.profile
            start = time.perf_counter()
            profile = Run(name, self._store).profile(judge or None)
            self._kept[key] = _Fitted(profile, verdicts, time.perf_counter() - start)
        while len(self._kept) > _KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        return profile

    def _work(self) -> None:
        self._stopped.wait(_CALM)  # the first page comes first
        with self._reading() as store:
            newest = [run.name for run in store.runs()][: -_AHEAD - 1 : -1]
        for name in newest:
            self._prepare(name, "")
        for make in self.ahead:
            for name in newest[:1]:
                make(name)
        while (wanted := self._wanted.get()) and not self._stopped.is_set():
            self._prepare(*wanted)

    def _prepare(self, name: str, judge: str) -> None:
        if self._stopped.is_set():
            return
        try:
            key, judge, verdicts = self._state(name, judge)
            self._show(self._fit(key, name, judge, verdicts))
        except MienError:
            pass  # whoever asks for this profile is told


def _diff(before: Profile, after: Profile) -> Diff:
    """What changed from one profile to another."""
    from mien.stats import diffs

    return diffs.diff(before, after)


def _sides(*profiles: Profile | Inventory) -> Sides:
    """One model from the sides of these profiles and inventories."""
    from mien.stats.sides import sides

    return sides(profiles)
