"""The clients that benchmarks/engine.py sets side by side, each run in a process of its own.

A job is one trial: a request to the model, then a request to the judge. All clients make the same
requests; mien made them first, and the others are handed its bodies.

Each client is a function that imports what it needs and returns the job as a callable, so that the
time of imports is nobody's. Run by engine.py as

    python -m benchmarks.clients CLIENT < setting.json

which prints a JSON measurement.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Body = dict[str, Any]
Job = tuple[Body, Body]
Run = Callable[[], int]  # returns how many trials came back

THREADS = 5


@dataclass(frozen=True)
class Setting:
    """What a client is to do.

    Attributes:
        jobs_file: JSON list of the jobs; they are made again from the start if there are too few.
    """

    url: str
    trials: int
    concurrency: int
    jobs_file: str

    def jobs(self) -> Iterator[Job]:
        """The jobs; each of them once, if there are enough."""
        known = json.loads(Path(self.jobs_file).read_text())
        return iter([known[i % len(known)] for i in range(self.trials)])


@dataclass(frozen=True)
class Measurement:
    """What a client took; CPU time and memory are those of its own process alone."""

    trials: int
    seconds: float
    cpu_seconds: float
    peak_rss_mb: float


def mien(setting: Setting) -> Run:
    """The whole pipeline: design, store, limiter, retries, strict reading of the verdicts."""
    from mien.measurement.measure import measure
    from mien.models.usage import Limits

    latest: list[Any] = []

    def run() -> int:
        with tempfile.TemporaryDirectory() as folder:
            measure(
                f"{setting.url}#model",
                judge=f"{setting.url}#judge",
                trials=setting.trials,
                store=Path(folder) / "mien.db",
                limits=Limits(max_concurrency=setting.concurrency),
                on_progress=lambda progress: latest.__setitem__(slice(None), [progress]),
            )
        return latest[0].done - latest[0].failed

    return run


def bare(setting: Setting) -> Run:
    """A loop of aiohttp and uvloop that reads the answers and keeps nothing."""
    import aiohttp
    import msgspec
    import uvloop

    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
    address, jobs = f"{setting.url}/chat/completions", setting.jobs()

    async def ask(session: aiohttp.ClientSession, body: Body) -> str:
        async with session.post(address, data=encode(body)) as answer:
            return decode(await answer.read())["choices"][0]["message"]["content"]

    async def work(session: aiohttp.ClientSession) -> int:
        read = 0
        for generation, judgement in jobs:
            await ask(session, generation)
            read += bool(await ask(session, judgement))
        return read

    async def main() -> int:
        headers = {"Content-Type": "application/json"}
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            return sum(await asyncio.gather(*(work(session) for _ in range(setting.concurrency))))

    return lambda: uvloop.run(main())


def openai(setting: Setting) -> Run:
    """The official asynchronous client, as it comes."""
    from openai import AsyncOpenAI

    jobs = setting.jobs()

    async def work(client: AsyncOpenAI) -> int:
        read = 0
        for generation, judgement in jobs:
            await client.chat.completions.create(**generation)
            answer = await client.chat.completions.create(**judgement)
            read += bool(answer.choices[0].message.content)
        return read

    async def main() -> int:
        async with AsyncOpenAI(base_url=setting.url, api_key="none") as client:
            return sum(await asyncio.gather(*(work(client) for _ in range(setting.concurrency))))

    return lambda: asyncio.run(main())


def threads(setting: Setting) -> Run:
    """A pool of five threads with the official synchronous client, as the published harness has it."""
    from openai import OpenAI

    client = OpenAI(base_url=setting.url, api_key="none")

    def work(job: Job) -> bool:
        generation, judgement = job
        client.chat.completions.create(**generation)
        return bool(client.chat.completions.create(**judgement).choices[0].message.content)

    def run() -> int:
        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(work, setting.jobs()))

    return run


def inspect(setting: Setting) -> Run:
    """Inspect AI's `eval()`: `generate()` as the solver, the judge called by the scorer."""
    os.environ |= {"SCRIPTED_BASE_URL": setting.url, "SCRIPTED_API_KEY": "none"}
    from inspect_ai import Task
    from inspect_ai import eval as evaluate
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model
    from inspect_ai.scorer import Score, accuracy, scorer
    from inspect_ai.solver import generate

    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser}

    def messages(body: Body) -> list[Any]:
        return [kinds[turn["role"]](content=turn["content"]) for turn in body["messages"]]

    def config(body: Body) -> dict[str, Any]:
        known = ("temperature", "top_p", "max_tokens")
        return {name: body[name] for name in known if name in body}

    jobs = list(setting.jobs())
    connections = {"max_connections": setting.concurrency}
    judge = get_model("openai-api/scripted/judge", config=GenerateConfig(**connections, **config(jobs[0][1])))

    @scorer(metrics=[accuracy()])
    def read() -> Any:
        async def score(state: Any, target: Any) -> Score:
            answer = await judge.generate(messages(state.metadata["judgement"]))
            return Score(value=bool(answer.completion))

        return score

    samples = [Sample(input=messages(job[0]), metadata={"judgement": job[1]}) for job in jobs]
    task = Task(dataset=samples, solver=generate(), scorer=read())

    def run() -> int:
        with tempfile.TemporaryDirectory() as folder:
            [log] = evaluate(
                task,
                model="openai-api/scripted/model",
                max_samples=setting.concurrency,
                log_dir=folder,
                display="none",
                **connections,
                **config(jobs[0][0]),
            )
            return log.results.completed_samples

    return run


CLIENTS = {
    "mien": mien,
    "bare": bare,
    "openai": openai,
    "inspect": inspect,
    "threads": threads,
}


def peak_rss_mb() -> float:
    """The most memory that this process has held, in units of 10⁶ bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux, ru_maxrss begins with what the parent process held.
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) * 1024 / 1e6
    return (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    )


def main() -> None:
    setting = Setting(**json.load(sys.stdin))
    run = CLIENTS[sys.argv[1]](setting)
    start, cpu = time.perf_counter(), time.process_time()
    read = run()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    # mien rounds up to whole rounds of its design.
    if read < setting.trials:
        raise SystemExit(f"{sys.argv[1]}: {read} of {setting.trials} trials came back")
    print(json.dumps(asdict(Measurement(read, seconds, cpu, peak_rss_mb()))))


if __name__ == "__main__":
    main()
