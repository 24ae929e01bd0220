"""Trials under way: many at a time, each call made once, and every end a clean one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import BudgetReached, EndpointRefused
from mien.instruments.judges.generative import AskingJudge
from mien.materials.protocols import load_protocol
from mien.measurement import session as calls
from mien.measurement.pipeline import Pipeline
from mien.measurement.session import Progress
from mien.models.usage import Tally
from mien.store.store import Store
from mien.types import Call, Message, Prompt, Request, Trait, Trial

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

TRAITS = (Trait("warm"), Trait("blunt"))
TRIALS = [Trial(f"t{i}", 0, ("warm", "blunt"), Prompt(f"p{i}", f"Question {i}?")) for i in range(6)]


class Scripted:
    """A model in this process: it answers by a function of the request, or raises what that returns."""

    supports_schema: bool | None = True

    def __init__(self, name: str, answer: Callable[[Request], str | Exception]) -> None:
        self.name = name
        self.asked: list[Request] = []
        self._answer = answer

    def key(self, request: Request) -> str:
        return f"{self.name} {request.replicate} {request.messages}"

    async def complete(self, request: Request) -> Call:
        self.asked.append(request)
        await asyncio.sleep(0)
        answer = self._answer(request)
        if isinstance(answer, Exception):
            raise answer
        failure = "empty answer" if not answer else ""
        return Call(key=self.key(request), endpoint="e", model=self.name, text=answer, failure=failure)


def request(text: str) -> Request:
    return Request(messages=(Message(role="user", content=text),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "mien.db") as opened:
        opened.add_run(
            name="r", model="m", instrument="revealed", protocol="", design="d-1", seed=0, traits=TRAITS,
            trials=TRIALS,
        )  # fmt: skip
        yield opened


def pipeline(store: Store, judge: Scripted | None = None, total: int = len(TRIALS)) -> Pipeline:
    reader: Any = judge or Scripted("judge", lambda _: '{"choice": "warm"}')
    progress = Progress(total=total, tally=Tally())
    return Pipeline(store, 1, AskingJudge("j", reader, load_protocol(), TRAITS, seed=0), progress)


async def take(line: Pipeline, model: Scripted) -> bool:
    """Have a model respond to the first trial, and the response judged."""
    call = await line.respond(TRIALS[0], model, request("egg?"))
    return await line.judge(TRIALS[0], call.text)


def test_a_call_that_was_answered_is_not_made_again(store: Store) -> None:
    model = Scripted("m", lambda request: f"You said {request.messages[0]['content']}")
    line = pipeline(store)

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
    line = pipeline(store)

    async def main() -> list[str]:
        found = []
        for _ in range(4):
            found.append((await line.ask(model, request("hello"))).text)
            store.flush()
        return found

    assert asyncio.run(main()) == ["", "", "At last.", "At last."]
    assert len(model.asked) == 3
    assert line.progress.reused == 1


def test_a_response_is_judged_and_both_are_kept(store: Store) -> None:
    model = Scripted("m", lambda _: "Boil it.")
    line = pipeline(store)
    assert asyncio.run(take(line, model)) is True
    store.flush()
    row = next(store.rows(1, "j"))
    assert (row.response, row.chosen, row.failure) == ("Boil it.", "warm", "")


def test_a_response_that_failed_is_kept(store: Store) -> None:
    line = pipeline(store)
    call = asyncio.run(line.respond(TRIALS[0], Scripted("m", lambda _: ""), request("egg?")))
    assert not call.answered
    assert line.progress.reasons == {"empty answer": 1}
    store.flush()
    row = next(store.rows(1, "j"))
    assert (row.response, row.chosen, row.failure) == ("", "", "empty answer")


def test_a_judge_that_failed_leaves_the_response_without_a_verdict(store: Store) -> None:
    line = pipeline(store, Scripted("judge", lambda _: ""))
    assert asyncio.run(take(line, Scripted("m", lambda _: "Boil it."))) is False
    store.flush()
    row = next(store.rows(1, "j"))
    assert (row.response, row.chosen) == ("Boil it.", "")


# -- many at a time ------------------------------------------------------------------------------------------


def carry_out(
    line: Pipeline, step: Callable[[int], Awaitable[bool]], n: int, workers: int = 4, **options: Any
) -> None:
    asyncio.run(line.carry_out(step, range(n), workers=workers, **options))


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

    line = pipeline(store, total=20)
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

    asyncio.run(pipeline(store).carry_out(step, items(), workers=3))
    assert drawn == list(range(10))


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

    line = pipeline(store, total=100)
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
        carry_out(pipeline(store), step, 100, on_progress=lambda progress: reports.append(progress.done))
    assert sorted(cancelled) == [0, 1, 3]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert reports[-1] == 0


def test_progress_is_told_on_the_way_and_at_the_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TICK", 0.001)
    reports: list[tuple[int, int]] = []
    line = pipeline(store, total=30)

    async def step(item: int) -> bool:
        await asyncio.sleep(0.002)
        return True

    carry_out(line, step, 30, on_progress=lambda p: reports.append((p.done, p.total)))
    assert reports[0] == (0, 30)
    assert reports[-1] == (30, 30)
    assert len(reports) > 4
    assert reports == sorted(reports)


def test_nothing_to_do(store: Store) -> None:
    async def step(item: int) -> bool:
        raise AssertionError(item)

    reports: list[int] = []
    carry_out(pipeline(store, total=0), step, 0, on_progress=lambda p: reports.append(p.done))
    assert reports[-1] == 0
