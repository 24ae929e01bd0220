"""Copies of a store that is written: whole at any time, and what a lost store begins with."""

from __future__ import annotations

import platform
import threading
from typing import TYPE_CHECKING

import pytest

from mien.errors import UsageError
from mien.store import copies as copies_module
from mien.store.copies import Copier, Copies, copy
from mien.store.store import Store
from tests.store.test_merging import Contents, N, tables

if TYPE_CHECKING:
    from pathlib import Path

HALF = {i: f"answer {i}" for i in range(N // 2)}


def test_a_copy_is_made_while_the_store_is_written_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, to = tmp_path / "a.db", tmp_path / "shared" / "a.db"
    to.parent.mkdir()
    Contents(texts=HALF).put(store)
    made = threading.Semaphore(0)

    def heeded(store: Path, to: Path) -> None:
        copy(store, to)
        made.release()

    monkeypatch.setattr(copies_module, "copy", heeded)
    copier = Copier(store, Copies(to, every=0.01))
    assert made.acquire(timeout=60)
    assert tables(to) == tables(store)
    with Store(to, read_only=True) as read:
        assert read.count_verdicts(1, "j") == N // 2
    Contents().put(store)
    copier.close()
    assert tables(to) == tables(store)
    assert [path.name for path in to.parent.iterdir()] == ["a.db"]


def test_a_store_that_is_lost_begins_with_its_copy_and_one_that_is_behind_with_both(tmp_path: Path) -> None:
    whole = Contents().put(tmp_path / "whole.db")
    names = (f".{name}.{platform.node()}-7" for name in ("whole.db", "lost.db"))
    killed = [tmp_path / name for name in names]
    for path in killed:
        path.write_bytes(b"half")
    Copier(tmp_path / "lost.db", Copies(whole)).close()
    assert not any(path.exists() for path in killed)
    assert tables(tmp_path / "lost.db") == tables(whole)
    behind = Contents(texts=HALF).put(tmp_path / "behind.db")
    Copier(behind, Copies(whole)).close()
    assert tables(behind) == tables(whole)


def test_what_cannot_be_copied_is_said(tmp_path: Path) -> None:
    store = Contents().put(tmp_path / "a.db")
    with pytest.raises(UsageError, match=r"a\.db is to be copied to itself"):
        Copier(store, Copies(tmp_path / "x" / ".." / "a.db"))
    with pytest.raises(UsageError, match="more than 0, not every 0"):
        Copies(store, every=0)
    with pytest.raises(FileNotFoundError):
        copy(store, tmp_path / "no" / "such" / "folder.db")
    copier = Copier(store, Copies(tmp_path / "no" / "folder.db", every=1000))
    with pytest.raises(FileNotFoundError):
        copier.close()
    assert not [*tmp_path.glob(".*")]
