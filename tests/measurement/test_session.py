"""A session opens what is needed, keeps what was learnt, and closes everything, however the work ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import BudgetReached, EndpointRefused, StoreError, UnknownName
from mien.measurement.session import Session
from mien.models.usage import Limits, Tally, on_account_of
from mien.store import schema
from mien.store.store import Store
from mien.testing import ScriptedServer
from mien.types import Message, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mien.measurement.calls import Progress


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_API_KEY", raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mien.db"


def request(n: int = 0) -> Request:
    return Request((Message(role="user", content="Hello"),), replicate=n)


def quirk(path: Path, server: ScriptedServer) -> str | None:
    with Store(path, read_only=True) as store:
        return store.quirk(server.url, "judge", "json_schema")


def learn(session: Session, server: ScriptedServer) -> Any:
    """Find out that a judge's endpoint takes no schema, as a judge does."""
    model = session.open(server.judge)
    session.calls(1)
    model.supports_schema = False
    return model


@pytest.mark.parametrize("problem", [KeyError("gone"), KeyboardInterrupt(), asyncio.CancelledError()])
def test_what_was_learnt_outlives_work_that_raises_and_all_is_closed(
    path: Path, server: ScriptedServer, problem: BaseException
) -> None:
    session = Session(path)
    opened: list[Any] = []

    async def work() -> None:
        learn(session, server)
        opened.extend((session.store, session.transport))
        raise problem

    with pytest.raises(type(problem)):
        session.run(work)
    assert quirk(path, server) == "no"
    store, transport = opened
    with pytest.raises(Exception, match="closed"):
        store.runs()
    with pytest.raises(RuntimeError, match="inside `async with`"):
        transport.chat(f"{server.url}#another")
    with pytest.raises(RuntimeError, match="a Session is used inside `async with`"):
        session.open(server.judge)
    with pytest.raises(RuntimeError, match="a Session is used inside `async with`"):
        session.calls(1)


def test_what_the_store_knows_is_told_to_every_model_whenever_it_is_opened(
    path: Path, server: ScriptedServer
) -> None:
    first = Session(path)

    async def find_out() -> None:
        learn(first, server)

    first.run(find_out)
    before, after = Session(path), Session(path)

    async def model_first() -> None:
        model = before.open(server.judge)
        assert model.supports_schema is None
        before.calls(1)
        assert model.supports_schema is False

    async def store_first() -> None:
        after.calls(1)
        assert after.open(server.judge).supports_schema is False
        assert after.open(server.judge) is after.open(server.judge)

    before.run(model_first)
    after.run(store_first)


def test_what_is_known_beforehand_is_not_kept_as_learnt(path: Path) -> None:
    session = Session(path)

    async def work() -> None:
        model = session.open("organism/v1")
        assert model.supports_schema is False
        session.calls(1)

    session.run(work)
    with Store(path, read_only=True) as store:
        assert store.quirk("organism", "v1", "json_schema") is None


def test_a_wrong_name_leaves_no_store_behind(path: Path, server: ScriptedServer) -> None:
    session = Session(path)

    async def work() -> None:
        session.open(server.model)
        session.open("organism/nobody")

    with pytest.raises(UnknownName):
        session.run(work)
    assert not path.exists()


def test_a_store_of_an_older_mien_can_be_read_from_the_beginning(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:-1])
        Store(path).close()
    with pytest.raises(StoreError, match="older schema"):
        Store(path, read_only=True)
    Session(path)
    with Store(path, read_only=True) as store:
        assert store.runs() == []


def test_what_is_no_store_is_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"a letter")
    Session(path)
    assert path.read_bytes() == b"a letter"


def test_the_budget_holds_over_all_that_is_done_through_a_session(path: Path, server: ScriptedServer) -> None:
    limits = Limits(max_calls=5, max_cost=1.0, price_in=1e4, price_out=0.0, max_concurrency=7)
    session = Session(path, limits=limits)

    async def work() -> int:
        model, calls = session.open(server.model), session.calls(2)
        await calls.ask(model, request(0))
        await calls.ask(model, request(1))
        return session.transport.tally.tokens_in

    tokens = session.run(work)
    assert session.limits.max_calls == 3
    assert session.limits.max_cost == pytest.approx(1.0 - tokens / 100)
    assert session.limits.max_concurrency == 7
    session.run(work)  # the store has both
    assert session.limits.max_calls == 3

    async def more() -> None:
        model, calls = session.open(server.model), session.calls(4)
        for n in range(2, 6):
            await calls.ask(model, request(n))

    session.limits = replace(session.limits, max_cost=None)
    with pytest.raises(
        BudgetReached, match="the limit of 5 calls is reached"
    ):  # as it was given, not the rest
        session.run(more)


def test_progress_is_told_and_kept(path: Path, server: ScriptedServer) -> None:
    told: list[tuple[int, str]] = []

    def note(progress: Progress) -> None:
        told.append((progress.done, progress.unit))

    session = Session(path, on_progress=note)
    assert session.progress is None

    async def work() -> None:
        model, calls = session.open(server.model), session.calls(3, "egg")

        async def step(n: int) -> bool:
            return (await calls.ask(model, request(n))).answered

        await calls.carry_out(step, range(3), workers=session.workers(model))

    session.run(work)
    assert told[-1] == (3, "egg")
    assert session.progress is not None
    assert (session.progress.done, session.progress.total, session.progress.failed) == (3, 3, 0)


def test_workers_keep_every_address_busy(path: Path, server: ScriptedServer) -> None:
    session = Session(path, limits=Limits(max_concurrency=100))

    async def work() -> None:
        model, judge = session.open(server.model), session.open(server.judge)
        organism = session.open("organism/v1")
        assert session.workers(model, judge) == 111  # one address
        assert session.workers(model, judge, organism) == 221

    session.run(work)


def test_what_is_done_inside_a_running_loop_is_returned(path: Path) -> None:
    async def notebook() -> int:
        async def work() -> int:
            return 42

        return Session(path).run(work)

    assert asyncio.run(notebook()) == 42


def test_works_side_by_side_are_counted_apart_and_together(path: Path, server: ScriptedServer) -> None:
    session = Session(path, limits=Limits(max_calls=5))
    parts: list[Tally] = []
    stopped: list[str] = []

    async def work(n: int) -> None:
        part = Tally(whole=session.transport.tally)
        parts.append(part)
        with on_account_of(part):
            calls = session.calls(3)
            assert calls.progress.tally is part
            model = session.open(server.model)

            async def one(i: int) -> bool:
                return (await calls.ask(model, request(10 * n + i))).answered

            await calls.carry_out(one, range(3), workers=2)
            stopped.append(calls.progress.stopped)

    async def both() -> None:
        await asyncio.gather(work(1), work(2))
        whole = session.transport.tally
        assert whole.requests == whole.answered == 5
        assert whole.tokens_in == sum(part.tokens_in for part in parts) > 0
        assert session.calls(1).progress.tally is whole

    session.run(both)
    assert sorted(part.requests for part in parts) in ([2, 3],)
    assert sorted(map(bool, stopped)) == [False, True]
    assert session.limits.max_calls == 0


def test_a_part_that_is_refused_leaves_the_others_alone() -> None:
    whole = Tally()
    one, other = Tally(whole=whole, refusal="gone"), Tally(whole=whole)
    with pytest.raises(EndpointRefused, match="gone"):
        one.begin()
    other.begin()
    other.drop(throttled=True)
    assert (whole.in_flight, whole.throttled, other.throttled) == (0, 1, 1)
