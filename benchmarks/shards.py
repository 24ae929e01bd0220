"""How fast a shard of a long design starts, and how much faster two processes are than one.

The design is laid out once, into a file. A shard is then started by the command that measures, stopped before
its first call: what it takes is reading its trials and putting them into its store. The goal: of ten million
trials, at most 10 s and 300 MB.

Processes are compared against a server that answers at once and always the same, of some 30 µs a request,
for mien itself takes ten times as long: one process makes all trials, or two make a shard each. Seconds are
from a common start to the last end, and processor time is each process's own; where other work is under way,
the ratio of processor times tells what two free cores would give. The goal: 1.7.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import describe_machine, peak_memory
from benchmarks.options import Options

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

MESSAGE = {"role": "assistant", "content": '{"choice": "neither"}'}
BODY = json.dumps({"choices": [{"message": MESSAGE, "finish_reason": "stop"}]}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
REPLY = HEAD + BODY
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Canned(asyncio.Protocol):
    """Answers whatever is asked by the same words."""

    def connection_made(self, transport: Any) -> None:
        self._transport, self._received = transport, b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (head := self._received.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self._received, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self._received) < end:
                return
            self._received = self._received[end:]
            self._transport.write(REPLY)


def serve() -> None:
    import uvloop

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)  # until whoever started this ends
        print(time.process_time(), flush=True)

    uvloop.run(main())


def client(url: str, shard: str, trials: str) -> None:
    """Make a shard, once told to begin; print what it took."""
    from mien.measurement.measure import measure
    from mien.models.usage import Limits
    from mien.stats.design.shards import Shard

    with tempfile.TemporaryDirectory() as folder:
        print("ready", flush=True)
        sys.stdin.readline()
        began, used = time.perf_counter(), time.process_time()
        measure(
            f"{url}#model", judge=f"{url}#judge", trials=int(trials), store=Path(folder) / "mien.db",
            shard=Shard.read(shard), limits=Limits(max_concurrency=100),
        )  # fmt: skip
        print(json.dumps({"seconds": time.perf_counter() - began, "cpu": time.process_time() - used}))


def start(design: str, shard: str, store: str) -> None:
    """Start a shard by the command itself; print what it took in all, imports and reading included."""
    from mien.cli import app

    models = ("http://127.0.0.1:9/v1#model", "--judge", "http://127.0.0.1:9/v1#judge", "--max-calls", "0")
    began = time.perf_counter()
    app(["measure", *models, "--design", design, "--shard", shard, "--store", store], standalone_mode=False)
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time(), "rss": peak_memory()}
    print(json.dumps(took))


@contextmanager
def running(*arguments: object) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.shards", *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process: subprocess.Popen[str] = subprocess.Popen(command, **pipes)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def together(processes: int, trials: int) -> dict[str, float]:
    """Seconds, each process's CPU time at most, and the server's, of so many processes side by side."""
    with running("serve") as server:
        assert server.stdin and server.stdout
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        clients = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.shards", "client", url, f"{k}/{processes}", str(trials)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for k in range(1, processes + 1)
        ]  # fmt: skip
        for one in clients:
            assert one.stdout
            one.stdout.readline()
        began = time.perf_counter()
        for one in clients:
            assert one.stdin
            one.stdin.write("go\n")
            one.stdin.flush()
        ended = [json.loads(one.communicate()[0].splitlines()[-1]) for one in clients]
        seconds = time.perf_counter() - began
        server.stdin.close()
        return {
            "seconds": seconds,
            "cpu": max(one["cpu"] for one in ended),
            "server": float(server.stdout.readline()),
        }


def print_processes(trials: int, repeats: int) -> None:
    print(f"\n### Two processes beside one: {trials:,} trials, 0 ms, 100 in flight each\n")
    print("| processes | seconds | calls/s | CPU of the busiest, s | CPU of the server, s |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    found: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(repeats):
        for n, runs in found.items():
            runs.append(together(n, trials))
    middle = {
        n: {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        for n, runs in found.items()
    }
    for n, run in middle.items():
        rate = 2 * trials / run["seconds"]
        print(f"| {n} | {run['seconds']:.1f} | {rate:,.0f} | {run['cpu']:.1f} | {run['server']:.1f} |")
    print(
        f"\nAs fast as one: {middle[1]['seconds'] / middle[2]['seconds']:.2f} times by the clock, "
        f"{middle[1]['cpu'] / middle[2]['cpu']:.2f} times by processor time."
    )


def print_start(trials: int, folder: Path) -> None:
    from mien.cli import app

    design = folder / "run.design"
    began = time.process_time()
    app(["design", "-o", str(design), "--trials", str(trials)], standalone_mode=False)
    used, size = time.process_time() - began, design.stat().st_size / 1e6
    print(f"\n### A shard of {trials:,} trials\n\nLaid out in {used:.0f} s of CPU; {size:.0f} MB.\n")
    print("| shard | its trials | | seconds | CPU, s | peak RSS, MB |")
    print("| --- | ---: | --- | ---: | ---: | ---: |")
    for n in (100, 16):
        store = folder / f"{n}.db"
        for what in ("first", "again"):
            command = [sys.executable, "-m", "benchmarks.shards", "start", design, f"1/{n}", store]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            took = json.loads(ended.stdout.splitlines()[-1])
            print(
                f"| 1/{n} | {-(-trials // n):,} | {what} | {took['seconds']:.1f} | {took['cpu']:.1f} "
                f"| {took['rss']:.0f} |",
                flush=True,
            )


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--design", 10_000_000, quick=20_000, help="trials of the design")
    options.add_size("--trials", 10_000, quick=1_000, help="trials that the processes make")
    options.add_size("--repeats", 3, quick=1, help="runs of each")
    asked = options.parse_args(arguments)
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        print_start(asked.design, Path(folder))
    print_processes(asked.trials, asked.repeats)


if __name__ == "__main__":
    {"serve": serve, "client": client, "start": start}[sys.argv[1]](*sys.argv[2:])
