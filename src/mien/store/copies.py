"""A copy of a store, renewed while the store is written: a shared folder outlives a machine."""

from __future__ import annotations

import os
import platform
import shutil
import threading
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.errors import MienError, UsageError, notify
from mien.store.merging import merge
from mien.store.schema import connect_read_only, explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Copies:
    """Where a store is copied to, and how often.

    Attributes:
        path: the copy's file.
        every: seconds from one copy to the next: so much can be lost with the machine.

    Raises:
        UsageError: copies would be made without a pause.
    """

    path: Path
    every: float = 60.0

    def __post_init__(self) -> None:
        if not self.every > 0:
            raise UsageError(f"a copy is made every so many seconds, more than 0, not every {self.every:g}")


class Copier:
    """Copies a store again and again until it is closed, and then once more.

    It begins with what the copy has and the store lacks, as where the machine is another one now.

    Args:
        store: the store's file; made of the copy if there is none.
        copies: where to, and how often.

    Raises:
        UsageError: the copy is the store itself, or of another measurement.
    """

    def __init__(self, store: Path, copies: Copies) -> None:
        self._store, self._copies = store, copies
        if copies.path.resolve() == store.resolve():
            raise UsageError(f"{store} is to be copied to itself; name another file")
        for left in _unfinished(store, copies.path):  # of a process that was killed while it copied
            left.unlink(missing_ok=True)
        _restore(store, copies.path)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mien-copier", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Copy the store for the last time; it is no longer written."""
        self._ended.set()
        self._thread.join()
        copy(self._store, self._copies.path)

    def _run(self) -> None:
        while not self._ended.wait(self._copies.every):
            try:
                copy(self._store, self._copies.path)
            except (MienError, OSError) as error:  # the next may succeed, and the last must
                notify(str(self._copies.path), [f"the copy was not made: {error}"])


def copy(store: Path, to: Path) -> None:
    """Copy a store as it is now, also while it is written. Who reads the copy finds the old one or the new.

    Raises:
        StoreError: it cannot be read.
        OSError: the copy cannot be written.
    """
    # Beside the store first: a bucket that is mounted as a folder takes whole files, not a database's writes.
    here = store.with_name(f"{_begins(store)}{os.getpid()}")
    # Whoever else copies to the same place, on whatever machine, has another name for it.
    unfinished = to.with_name(f"{_begins(to)}{os.getpid()}")
    try:
        here.unlink(missing_ok=True)
        with explained(store), closing(connect_read_only(store, lock_timeout=_LOCK_TIMEOUT)) as db:
            db.execute("VACUUM INTO ?", (str(here),))
        shutil.copyfile(here, unfinished)
        unfinished.replace(to)
    finally:
        here.unlink(missing_ok=True)


def _begins(path: Path) -> str:
    """How the name begins of what is on its way to a file, from a process of this machine."""
    return f".{path.name}.{platform.node()}-"


def _unfinished(*paths: Path) -> Iterator[Path]:
    for path in paths:
        if path.parent.is_dir():
            yield from (one for one in path.parent.iterdir() if one.name.startswith(_begins(path)))


def _restore(store: Path, copied: Path) -> None:
    if not copied.exists():
        return
    if store.exists():
        merge(store, [copied], partial=True, same_servers=True)
        return
    unfinished = store.with_name(f".{store.name}.unfinished")
    shutil.copyfile(copied, unfinished)
    unfinished.replace(store)
