"""Single jobs become batches, and everybody hears what came of theirs."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from mien.models.engine import Job, Output
from mien.models.inprocess.batching import Batcher
from tests.processes import LIMIT, ended

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Engine:
    """Answers with the prompt; `hold` keeps it from ending a batch until it is set."""

    name, digest, notes = "fake", "0", ()

    def __init__(self, batch_size: int = 4, problem: BaseException | None = None) -> None:
        self.batch_size = batch_size
        self.problem = problem
        self.hold = threading.Event()
        self.hold.set()
        self.begun = threading.Event()
        self.batches: list[list[str]] = []
        self.threads: set[int] = set()

    @property
    def written(self) -> int:
        return 0

    def run(self, jobs: Sequence[Job]) -> list[Output]:
        self.batches.append([str(job.prompt) for job in jobs])
        self.threads.add(threading.get_ident())
        self.begun.set()
        self.hold.wait(LIMIT)
        if self.problem:
            raise self.problem
        return [Output(text=str(job.prompt)) for job in jobs]


def job(name: object) -> Job:
    return Job(prompt=str(name))


def engine_threads() -> int:
    return sum(thread.name == "mien-engine" for thread in threading.enumerate())


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


def test_jobs_submitted_together_are_done_together_and_in_order() -> None:
    engine = Engine(batch_size=4)

    async def main() -> list[Output]:
        async with Batcher(engine) as batcher:
            return await asyncio.gather(*(batcher.submit(job(i)) for i in range(10)))

    assert [output.text for output in asyncio.run(main())] == [str(i) for i in range(10)]
    assert engine.batches == [list("0123"), list("4567"), list("89")]
    assert len(engine.threads) == 1
    assert threading.get_ident() not in engine.threads


def test_jobs_that_come_a_moment_later_join() -> None:
    engine = Engine(batch_size=100)

    async def late(batcher: Batcher, i: int) -> Output:
        for _ in range(i):
            await asyncio.sleep(0)
        return await batcher.submit(job(i))

    async def main() -> None:
        async with Batcher(engine) as batcher:
            await asyncio.gather(*(late(batcher, i) for i in range(20)))

    asyncio.run(main())
    assert len(engine.batches) <= 2  # one, but for a loop that is held up between two ticks


def test_while_a_batch_runs_the_next_one_gathers() -> None:
    engine = Engine(batch_size=8)
    engine.hold.clear()

    async def main() -> None:
        async with Batcher(engine) as batcher:
            first = asyncio.create_task(batcher.submit(job("a")))
            await until(engine.begun.is_set)
            others: list[asyncio.Task[Output]] = []
            for name in "bcd":
                others.append(asyncio.create_task(batcher.submit(job(name))))
                await asyncio.sleep(0.01)
            assert not first.done()
            engine.hold.set()
            await asyncio.gather(first, *others)

    asyncio.run(main())
    assert engine.batches == [["a"], ["b", "c", "d"]]


@pytest.mark.parametrize(
    ("problem", "kind"),
    [(ValueError("broken"), ValueError), (StopIteration(), RuntimeError), (SystemExit(3), RuntimeError)],
)
def test_an_exception_reaches_every_job_of_its_batch_and_the_next_batch_runs(
    problem: BaseException, kind: type[Exception]
) -> None:
    engine = Engine(batch_size=2, problem=problem)

    async def main() -> None:
        async with Batcher(engine) as batcher:
            came = await asyncio.gather(*(batcher.submit(job(i)) for i in range(3)), return_exceptions=True)
            assert [type(problem) for problem in came] == [kind] * 3
            engine.problem = None
            assert (await batcher.submit(job("after"))).text == "after"

    asyncio.run(main())
    assert len(engine.batches) == 3


def test_an_engine_that_loses_a_job_is_told_of() -> None:
    class Lossy(Engine):
        @property
        def written(self) -> int:
            return 0

        def run(self, jobs: Sequence[Job]) -> list[Output]:
            return super().run(jobs)[1:]

    async def main() -> None:
        async with Batcher(Lossy()) as batcher:
            await asyncio.gather(*(batcher.submit(job(i)) for i in range(2)))

    with pytest.raises(RuntimeError, match="1 outputs for 2 jobs"):
        asyncio.run(main())


def test_a_job_cancelled_while_it_waits_is_not_run() -> None:
    engine = Engine()
    engine.hold.clear()

    async def main() -> None:
        async with Batcher(engine) as batcher:
            running = asyncio.create_task(batcher.submit(job("running")))
            await until(engine.begun.is_set)
            waiting = [asyncio.create_task(batcher.submit(job(name))) for name in ("left", "kept")]
            await asyncio.sleep(0)
            waiting[0].cancel()
            running.cancel()  # too late: it is on its way, and nobody waits for what comes of it
            engine.hold.set()
            assert (await waiting[1]).text == "kept"
            assert waiting[0].cancelled()
            assert running.cancelled()

    asyncio.run(main())
    assert engine.batches == [["running"], ["kept"]]


def test_closing_cancels_what_waits_and_lets_the_batch_under_way_end() -> None:
    engine = Engine(batch_size=1)
    engine.hold.clear()

    async def main() -> None:
        batcher = Batcher(engine)
        running, waiting = (asyncio.create_task(batcher.submit(job(name))) for name in ("running", "waiting"))
        await until(engine.begun.is_set)
        closing = asyncio.create_task(batcher.aclose())
        await asyncio.sleep(0.01)
        engine.hold.set()
        await closing
        assert (await running).text == "running"
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(RuntimeError, match="closed"):
            await batcher.submit(job("more"))
        assert engine_threads() == 0
        await batcher.aclose()

    asyncio.run(main())
    assert engine.batches == [["running"]]


def test_closing_does_not_wait_long_for_the_engine() -> None:
    engine = Engine()
    engine.hold.clear()

    async def main() -> None:
        batcher = Batcher(engine)
        running = asyncio.create_task(batcher.submit(job("long")))
        await until(engine.begun.is_set)
        await batcher.aclose(grace=0.05)
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())
    assert engine_threads() == 1  # it still runs
    engine.hold.set()
    asyncio.run(until(lambda: engine_threads() == 0))


def test_a_batcher_that_was_never_used_closes() -> None:
    async def main() -> None:
        async with Batcher(Engine()):
            pass

    asyncio.run(main())
    assert engine_threads() == 0


def test_an_engine_that_hangs_does_not_keep_python_from_ending() -> None:
    code = (
        "import asyncio, time\n"
        "from mien.models.inprocess.batching import Batcher\n"
        "from mien.models.engine import Job\n"
        "class Engine:\n"
        "    batch_size = 1\n"
        "    def run(self, jobs): time.sleep(1000)\n"
        "async def main():\n"
        "    batcher = Batcher(Engine())\n"
        "    task = asyncio.create_task(batcher.submit(Job(prompt='')))\n"
        "    await asyncio.sleep(0.05)\n"
        "    await batcher.aclose(grace=0.05)\n"
        "asyncio.run(main())\n"
    )
    done = ended([sys.executable, "-c", code])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("close", [True, False])
def test_a_batch_under_way_in_torch_does_not_abort_python_when_it_ends(close: bool) -> None:
    pytest.importorskip("torch", reason="needs the extra local")
    # The thread is nearly always inside C++, where Python would abort the process for taking it down.
    code = (
        "import asyncio, sys, threading\n"
        "import torch\n"
        "from mien.models.inprocess.batching import Batcher\n"
        "from mien.models.engine import Job\n"
        "begun = threading.Event()\n"
        "class Engine:\n"
        "    batch_size = 1\n"
        "    def run(self, jobs):\n"
        "        numbers = torch.ones(400, 400)\n"
        "        while True:\n"
        "            torch.matmul(numbers, numbers)\n"
        "            begun.set()\n"
        "async def main():\n"
        "    batcher = Batcher(Engine())\n"
        "    task = asyncio.create_task(batcher.submit(Job(prompt='')))\n"
        "    await asyncio.to_thread(begun.wait)\n"
        f"    if {close}:\n"
        "        await batcher.aclose(grace=0.05)\n"
        "        assert not any(thread.name == 'mien-engine' for thread in threading.enumerate())\n"
        "asyncio.run(main())\n"
        "sys.exit(2)\n"
    )
    done = ended([sys.executable, "-c", code])
    assert (done.returncode, done.stderr) == (2, "")
