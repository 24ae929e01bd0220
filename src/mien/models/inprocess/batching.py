"""The asyncio side of a model in this process: jobs that wait are done together, on one thread."""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import threading
from collections import deque
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.models.engine import Engine, Job, Output

# A batch that is not full waits for more as long as each tick brings some: those who ask again on getting
# their answers do not all come back in the same moment.
_TICK = 0.002
_MOST_TICKS = 10

#: The name of the threads on which engines run.
THREAD = "mien-engine"

_LEAVE = 2.0  # seconds for an engine's thread to end when Python does


class Batcher:
    """Takes single jobs and hands them to an engine in batches; used on one event loop.

    While a batch is being done, the next one gathers. Jobs are taken in the order in which they came.

    Args:
        engine: what does the jobs, always on the same thread.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: deque[tuple[Job, asyncio.Future[Output]]] = deque()
        self._arrived = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._worker: _Worker | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def submit(self, job: Job) -> Output:
        """Have a job done; one that is cancelled before its batch begins is never run.

        Raises:
            RuntimeError: the batcher is closed.
            Exception: what the engine raised; all jobs of the batch get it.
        """
        if self._closed:
            raise RuntimeError("this batcher is closed")
        loop = asyncio.get_running_loop()
        if self._worker is None:
            self._worker = _Worker(self._engine)
            self._pump = loop.create_task(self._run(self._worker))
        done: asyncio.Future[Output] = loop.create_future()
        self._waiting.append((job, done))
        self._arrived.set()
        return await done

    async def aclose(self, grace: float = 2.0) -> None:
        """Cancel all jobs that wait and end the thread.

        Args:
            grace: seconds that a batch under way is given to end; its jobs are cancelled after that, and the
                thread is given as long again to leave the engine. One that then still hangs keeps no program
                from ending.
        """
        self._closed = True
        for _, done in self._waiting:
            done.cancel()
        self._arrived.set()
        if self._pump is None or self._worker is None:
            return
        try:
            _, late = await asyncio.wait([self._pump], timeout=grace)
        finally:
            self._pump.cancel()
            self._worker.stop()
        if late:
            await asyncio.wait([self._pump])  # a moment: its jobs are cancelled
            self._worker.interrupt()
        await asyncio.to_thread(self._worker.thread.join, grace)

    async def _run(self, worker: _Worker) -> None:
        """Hand over one batch after another until closed."""
        while True:
            await self._arrived.wait()
            await self._gather()
            if batch := self._take():
                await _settle(worker, batch)
            if not self._waiting:
                if self._closed:
                    return
                self._arrived.clear()

    async def _gather(self) -> None:
        """Wait until a batch is full or no more jobs come."""
        for _ in range(_MOST_TICKS):
            before = len(self._waiting)
            if before >= self._engine.batch_size or self._closed:
                return
            await asyncio.sleep(_TICK)
            if len(self._waiting) == before:
                return

    def _take(self) -> list[tuple[Job, asyncio.Future[Output]]]:
        batch: list[tuple[Job, asyncio.Future[Output]]] = []
        while self._waiting and len(batch) < max(1, self._engine.batch_size):
            job, done = self._waiting.popleft()
            if not done.done():  # cancelled while it waited
                batch.append((job, done))
        return batch


async def _settle(worker: _Worker, batch: Sequence[tuple[Job, asyncio.Future[Output]]]) -> None:
    """Have a batch done and tell all who wait for it what came of it."""
    try:
        outputs = await asyncio.wrap_future(worker.do([job for job, _ in batch]))
        if len(outputs) != len(batch):
            raise RuntimeError(f"the engine gave {len(outputs)} outputs for {len(batch)} jobs")
        for (_, done), output in zip(batch, outputs, strict=True):
            if not done.done():
                done.set_result(output)
    except Exception as problem:
        for _, done in batch:
            if not done.done():
                done.set_exception(problem)
    finally:
        for _, done in batch:
            done.cancel()  # only where this coroutine was cancelled itself: the others are settled


class _Worker:
    """The thread on which an engine runs.

    A daemon, not an executor's thread: Python waits for those when it ends, and an engine may hang.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._work: SimpleQueue[tuple[Sequence[Job], Future[list[Output]]] | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._serve, name=THREAD, daemon=True)
        self.thread.start()
        atexit.register(self._leave)  # for whoever did not close: a loop that was given up, a notebook

    def do(self, jobs: Sequence[Job]) -> Future[list[Output]]:
        """Do jobs on the thread."""
        done: Future[list[Output]] = Future()
        self._work.put((jobs, done))
        return done

    def stop(self) -> None:
        """End the thread when it has done what it was given."""
        self._work.put(None)

    def interrupt(self) -> None:
        """Have the thread leave the engine before the next step of Python that it takes there.

        Python takes a daemon's thread down, when it ends, at the moment in which it comes back from compiled
        code; where that is C++ such as torch, the whole process is aborted. So the thread has to be gone.
        """
        thread = self.thread
        if thread.ident is not None and thread.is_alive():
            # What `threading` passes over in silence where the thread is not in the engine any more.
            raised = ctypes.py_object(SystemExit)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), raised)

    def _leave(self) -> None:
        """End the thread, when Python ends."""
        self.stop()
        self.interrupt()
        self.thread.join(_LEAVE)

    def _serve(self) -> None:
        try:
            self._do_all()
        finally:
            atexit.unregister(self._leave)

    def _do_all(self) -> None:
        while work := self._work.get():
            jobs, done = work
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(self._engine.run(jobs))
            except StopIteration as stray:  # it would end a coroutine as if all were well
                done.set_exception(RuntimeError(f"the engine raised {stray!r}"))
            except Exception as problem:
                done.set_exception(problem)
            except BaseException as stray:  # such as SystemExit: whoever waits must hear of it all the same
                done.set_exception(RuntimeError(f"the engine raised {stray!r}"))
