"""Batches in a store: a request is in one at a time, and leaves it when all that came of it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.store.store import Store
from mien.types import BatchRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mien.store.batches import Batches, BatchRecord


@pytest.fixture
def batches(tmp_path: Path) -> Iterator[Batches]:
    with Store(tmp_path / "mien.db") as store:
        yield store.batches


def requests(*keys: str) -> list[BatchRequest]:
    return [BatchRequest(key=key, replicate=0, body=f'{{"{key}":1}}'.encode(), adapted="a") for key in keys]


def added(batches: Batches, *keys: str) -> BatchRecord:
    batch = batches.add("provider/m", requests(*keys))
    assert batch is not None
    return batch


def test_what_is_committed_is_there_for_whoever_opens_the_store_next(tmp_path: Path) -> None:
    with Store(tmp_path / "mien.db") as store:
        name = added(store.batches, "k1", "k2").name
    with Store(tmp_path / "mien.db", read_only=True) as store:
        (batch,) = store.batches.open()
        assert (batch.name, batch.state, batch.requests, batch.spec) == (name, "planned", 2, "provider/m")
        assert list(store.batches.requests(name)) == requests("k1", "k2")
        assert store.batches.request(name, "k2") == requests("k2")[0]
        assert store.batches.request(name, "k3") is None


def test_a_request_is_in_one_batch_at_a_time(batches: Batches) -> None:
    first = added(batches, "k1", "k2")
    second = added(batches, "k2", "k3")
    assert [asked.key for asked in batches.requests(second.name)] == ["k3"]
    assert second.requests == 1
    assert batches.add("provider/m", requests("k1", "k2")) is None
    batches.collected(first.name, "expired", 1)
    assert added(batches, "k1").requests == 1


def test_from_planned_to_collected(batches: Batches) -> None:
    name = added(batches, "k1").name
    batches.begin_sending(name)
    assert batches.awaited("sending", "sent") == {"k1": name}
    batches.sent(name, "batch_1", found=True)
    (batch,) = batches.open()
    assert (batch.state, batch.remote, batch.found, str(batch)) == ("sent", "batch_1", 1, "batch_1")
    batches.plan_again(name)
    (batch,) = batches.open()
    assert (batch.state, batch.remote, batch.found, batch.sent) == ("planned", "", 0, 0)
    batches.collected(name, "completed", 1)
    assert batches.open() == []
    assert batches.awaited("planned", "sending", "sent") == {}
    (batch,) = batches.all()
    assert (batch.state, batch.outcome, batch.answered, batch.requests) == ("collected", "completed", 1, 1)


def test_a_batch_may_be_cut_before_it_is_sent(batches: Batches) -> None:
    name = added(batches, "k3", "k1", "k2").name
    batches.keep(name, 2)
    assert [asked.key for asked in batches.requests(name)] == ["k3", "k1"]
    batches.keep(name, 0)
    assert batches.all() == []
