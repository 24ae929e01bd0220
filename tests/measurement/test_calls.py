"""Calls under way: many at a time, each made once, and every end a clean one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mien.errors import BudgetReached, EndpointRefused
from mien.measurement import calls as calls_module
from mien.measurement.calls import Calls, Progress
from mien.models.usage import Tally
from tests.measurement.scripted import Scripted, request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from mien.store.store import Store
    from mien.types import Call


def calls(store: Store, total: int = 6, on_progress: Callable[[Progress], None] | None = None) -> Calls:
    return Calls(store, Progress(total=total, tally=Tally()), on_progress)


def test_a_call_that_was_answered_is_not_made_again(store: Store) -> None:
    model = Scripted("m", lambda request: f"You said {request.messages[0]['content']}")
    line = calls(store)

    async def main() -> None:
        first = await line.ask(model, request("hello"))
        store.flush()
        again = await line.ask(model, request("hello"))
        other = await line.ask(model, request("goodbye"))
        assert (first.text, again.text, other.text) == (
            "You said hello",
            "You said hello",
            "You said goodbye",
        )

    asyncio.run(main())
    assert len(model.asked) == 2
    assert line.progress.reused == 1


def test_a_call_that_failed_is_made_again(store: Store) -> None:
    answers = iter(["", "", "At last."])
    model = Scripted("m", lambda _: next(answers))
    line = calls(store)

    async def main() -> list[str]:
        found = []
        for _ in range(4):
            found.append((await line.ask(model, request("hello"))).text)
            store.flush()
        return found

    assert asyncio.run(main()) == ["", "", "At last.", "At last."]
    assert len(model.asked) == 3
    assert line.progress.reused == 1


# -- many at a time ------------------------------------------------------------------------------------------


def carry_out(line: Calls, step: Callable[[int], Awaitable[bool]], n: int, workers: int = 4) -> None:
    asyncio.run(line.carry_out(step, range(n), workers=workers))


@pytest.mark.parametrize("workers", [1, 4, 50])
def test_every_item_is_taken_once_and_so_many_at_a_time(store: Store, workers: int) -> None:
    taken: list[int] = []
    now = most = 0

    async def step(item: int) -> bool:
        nonlocal now, most
        now += 1
        most = max(most, now)
        taken.append(item)
        await asyncio.sleep(0)
        now -= 1
        return item % 3 != 0

    line = calls(store, total=20)
    carry_out(line, step, 20, workers)
    assert sorted(taken) == list(range(20))
    assert most == min(workers, 20)
    assert (line.progress.done, line.progress.failed, line.progress.stopped) == (20, 7, "")


def test_items_are_drawn_only_as_they_are_needed(store: Store) -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            drawn.append(item)
            yield item

    async def step(item: int) -> bool:
        await asyncio.sleep(0)
        assert len(drawn) <= item + 3
        return True

    asyncio.run(calls(store).carry_out(step, items(), workers=3))
    assert drawn == list(range(10))


def test_where_an_endpoint_is_given_up_what_is_on_its_way_is_awaited_and_nothing_else(store: Store) -> None:
    line = calls(store, total=100)
    tally, came = line.progress.tally, list[int]()

    async def step(item: int) -> bool:
        if item == 3:
            raise EndpointRefused("the account is spent")
        if item == 2:
            await asyncio.sleep(1000)  # for its turn
        tally.begin()
        tally.on_their_way += 1
        for _ in range(3):
            await asyncio.sleep(0.01)
        tally.on_their_way -= 1
        tally.end(1, 1, None, answered=True)
        came.append(item)
        tally.begin()  # such as the judge's
        raise AssertionError

    with pytest.raises(EndpointRefused, match="the account is spent"):
        carry_out(line, step, 100)
    assert came == [0, 1]
    tally.begin()  # who asks again may


def test_a_budget_ends_a_run_cleanly_with_what_is_under_way(store: Store) -> None:
    ended: list[int] = []

    async def step(item: int) -> bool:
        await asyncio.sleep(0)
        if item == 5:
            raise BudgetReached("the limit of 5 calls is reached")
        for _ in range(3):
            await asyncio.sleep(0)
        ended.append(item)
        return True

    line = calls(store, total=100)
    carry_out(line, step, 100, workers=8)
    assert line.progress.stopped == "the limit of 5 calls is reached"
    assert ended == [0, 1, 2, 3, 4, 6, 7]
    assert (line.progress.done, line.progress.failed) == (7, 0)


def test_an_error_ends_a_run_at_once_and_is_raised_as_it_is(store: Store) -> None:
    cancelled: list[int] = []

    async def step(item: int) -> bool:
        try:
            await asyncio.sleep(0)
            if item == 2:
                raise EndpointRefused("no such model")
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(item)
            raise
        return True

    reports: list[int] = []
    with pytest.raises(EndpointRefused, match="no such model") as caught:
        carry_out(calls(store, 100, lambda progress: reports.append(progress.done)), step, 100)
    assert sorted(cancelled) == [0, 1, 3]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert reports[-1] == 0


def test_progress_is_told_on_the_way_and_at_the_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "TICK", 0.001)
    reports: list[tuple[int, int]] = []
    line = calls(store, 30, lambda p: reports.append((p.done, p.total)))

    async def step(item: int) -> bool:
        await asyncio.sleep(0.002)
        return True

    carry_out(line, step, 30)
    assert reports[0] == (0, 30)
    assert reports[-1] == (30, 30)
    assert len(reports) > 4
    assert reports == sorted(reports)


def test_nothing_to_do(store: Store) -> None:
    async def step(item: int) -> bool:
        raise AssertionError(item)

    reports: list[int] = []
    carry_out(calls(store, 0, lambda p: reports.append(p.done)), step, 0)
    assert reports[-1] == 0


def test_what_is_on_its_way_already_is_not_asked_again(store: Store) -> None:
    model = Scripted("m", lambda _: "yes")
    under_way: dict[str, asyncio.Future[None]] = {}
    lines = [Calls(store, Progress(total=3, tally=Tally()), under_way=under_way) for _ in range(2)]

    async def both() -> None:
        await asyncio.gather(*(line.ask(model, request(f"{i}")) for i in range(3) for line in lines))

    asyncio.run(both())
    assert len(model.asked) == 3
    assert [line.progress.reused for line in lines] == [0, 3]
    assert not under_way


def test_who_waited_for_a_call_that_failed_asks_again(store: Store) -> None:
    answers = iter(("", "yes"))
    model = Scripted("m", lambda _: next(answers))
    line = calls(store)

    async def both() -> list[Call]:
        return await asyncio.gather(*(line.ask(model, request("x")) for _ in range(2)))

    assert [call.text for call in asyncio.run(both())] == ["", "yes"]
