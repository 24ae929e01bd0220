"""Trials per second of mien's whole pipeline, beside clients that do less or do it otherwise.

A trial is one generation and one judge call, made of the scripted server (`mien.testing`) in another
process. `mien` designs, asks, stores, limits, retries and reads verdicts; `bare` is an aiohttp + uvloop
loop that makes the same requests and keeps nothing; `openai` is the official asynchronous client;
`inspect` is Inspect AI's `eval()` (where `inspect_ai` is installed); `threads` is a pool of five threads,
as the published harness has it. Each runs in a fresh process; CPU time and peak memory are that process's
own. The slow ones make fewer trials, which the table says; their rates are steady, so that 5,000 would
take them in proportion longer.

The goals: at 50 ms, mien reaches 0.85 of bare; at most 1 ms of CPU a job (a job is a call); at most 150 MB
at 10,000 trials, and less than 20 MB more at 100,000.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.clients import CLIENTS, Measurement, Setting
from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.materials.traits import load_traits
from mien.testing import ScriptedServer, planted_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

CALLS_A_TRIAL = 2


@dataclass(frozen=True)
class Scenario:
    """A latency in seconds, the requests in flight, and the trials of each client."""

    latency: float
    concurrency: int
    trials: dict[str, int]

    def __str__(self) -> str:
        return f"{1000 * self.latency:.0f} ms, {self.concurrency} in flight"


FULL = (
    Scenario(0.05, 100, {"mien": 5040, "bare": 5040, "openai": 5040, "inspect": 500, "threads": 500}),
    Scenario(0.0, 100, {"mien": 5040, "bare": 5040, "openai": 5040, "inspect": 500, "threads": 2000}),
    Scenario(1.0, 500, {"mien": 5040, "bare": 5040, "openai": 5040, "inspect": 1000, "threads": 20}),
)
QUICK = (
    Scenario(0.05, 100, {"mien": 1000, "bare": 1000, "openai": 1000, "inspect": 100, "threads": 100}),
    Scenario(0.0, 100, {"mien": 1000, "bare": 1000, "openai": 1000, "inspect": 100, "threads": 200}),
)
MEMORY_TRIALS = (10_000, 100_000)


def server(latency: float) -> ScriptedServer:
    scores = planted_scores(load_traits("classic-144").names)
    return ScriptedServer(scores=scores, position=0.2, judge_accuracy=0.95, latency=latency)


def measure(client: str, setting: Setting) -> Measurement:
    """Run a client in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.clients", client]
    ended = subprocess.run(
        command, input=json.dumps(asdict(setting)), check=True, capture_output=True, text=True
    )
    return Measurement(**json.loads(ended.stdout.splitlines()[-1]))


def record_jobs(trials: int, jobs_file: Path) -> None:
    """Have mien make its requests once, and write down the bodies for the others to repeat."""
    with server(0.0) as scripted:
        scripted.configure(log_limit=CALLS_A_TRIAL * trials + 1000)
        scripted.reset_log()
        measure("mien", Setting(scripted.url, trials, 100, ""))
        asked = scripted.requests()
    generations = [request.body for request in asked if request.role == "model"]
    judgements = [request.body for request in asked if request.role == "judge"]
    # Which judgement follows which generation makes no difference to the work.
    jobs_file.write_text(json.dumps(list(zip(generations, judgements, strict=True))))


def compare(scenario: Scenario, clients: list[str], repeats: int, jobs_file: Path) -> dict[str, Measurement]:
    """The run of median rate of each client; in turns, so that a busy moment falls on all alike."""
    runs: dict[str, list[Measurement]] = {client: [] for client in clients}
    with server(scenario.latency) as scripted:
        for _ in range(repeats):
            for client in clients:
                setting = Setting(scripted.url, scenario.trials[client], scenario.concurrency, str(jobs_file))
                runs[client].append(measure(client, setting))
                print(f"{scenario}: {client}, {runs[client][-1].seconds:.1f} s", file=sys.stderr)
    return {
        client: min(found, key=lambda run: abs(run.seconds - statistics.median(r.seconds for r in found)))
        for client, found in runs.items()
    }


def print_comparison(scenario: Scenario, found: dict[str, Measurement]) -> None:
    print(f"\n### {scenario}\n")
    print(
        "| client | trials | trials/s | calls/s | ratio to bare | CPU ms/call | CPU ms/trial | peak RSS, MB |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    bare = found.get("bare")
    for client, run in found.items():
        rate, cpu = run.trials / run.seconds, 1000 * run.cpu_seconds / run.trials
        ratio = f"{rate / (bare.trials / bare.seconds):.3f}" if bare else "–"
        print(
            f"| {client} | {run.trials:,} | {rate:,.1f} | {CALLS_A_TRIAL * rate:,.0f} | {ratio} "
            f"| {cpu / CALLS_A_TRIAL:.2f} | {cpu:.2f} | {run.peak_rss_mb:.0f} |"
        )


def print_memory(trials: tuple[int, ...]) -> None:
    print("\n### Memory of mien, 0 ms, 100 in flight\n")
    print("| trials | peak RSS, MB | seconds |\n| ---: | ---: | ---: |")
    for n in trials:
        with server(0.0) as scripted:
            run = measure("mien", Setting(scripted.url, n, 100, ""))
        print(f"| {n:,} | {run.peak_rss_mb:.0f} | {run.seconds:.1f} |", flush=True)


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--repeats", 3, quick=1, help="runs of each client")
    options.add_argument("--clients", default=",".join(CLIENTS), help="which clients (default: all)")
    options.add_argument("--no-memory", action="store_true", help="leave out the table of memory")
    asked = options.parse_args(arguments)
    clients = asked.clients.split(",")
    if "inspect" in clients and not importlib.util.find_spec("inspect_ai"):
        clients.remove("inspect")
        print("inspect: left out, for inspect_ai is not installed", file=sys.stderr)

    print(f"{describe_machine()}; the run of median rate of {asked.repeats}")
    with tempfile.TemporaryDirectory() as folder:
        jobs_file = Path(folder) / "jobs.json"
        record_jobs(1000 if asked.quick else 5000, jobs_file)
        for scenario in QUICK if asked.quick else FULL:
            print_comparison(scenario, compare(scenario, clients, asked.repeats, jobs_file))
    if not asked.no_memory:
        print_memory(MEMORY_TRIALS[:1] if asked.quick else MEMORY_TRIALS)
