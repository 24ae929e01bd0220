"""A study of nine endpoints in one command: beside the slowest of them alone, and killed five times.

Nine scripted endpoints of nine characters, each a process, and a judge: one takes its time with every answer,
one lets only so many requests a second through, one refuses all from midway on, as where an account is spent.
*alone* is a study of the slow endpoint by itself; both times hold the report. The study is then made anew,
with an account that is full, and killed five times on its way. The goals: wall time at most 1.2 × that of
the slow one alone, memory at most 250 MB, and asked twice at most what was in flight or waited for the next
commit. Memory is the command's own: its pictures are drawn by other processes.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.materials.traits import load_traits
from mien.testing import ScriptedServer, planted_scores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MODELS = ("slow", "limited", "failing", "a", "b", "c", "d", "e", "f")
FIGURES = "[expression, extremes, {figure: diff, of: [a, b]}, components, distinct]"
LATENCY = 0.02
KILLS = 5


class Bench(NamedTuple):
    """The endpoints, and where studies of them are made."""

    servers: dict[str, ScriptedServer]
    folder: Path
    concurrency: int

    def write(self, name: str, models: Sequence[str], trials: int, figures: str) -> None:
        """A study's file."""
        listed = "".join(f"  - {{model: '{self.servers[one].model}', name: {one}}}\n" for one in models)
        judge = self.servers["judge"].judge
        text = f"models:\n{listed}judge: '{judge}'\ntrials: {trials}\nfigures: {figures}\n"
        (self.folder / f"{name}.yaml").write_text(text)

    def start(self, name: str, store: str) -> subprocess.Popen[bytes]:
        """Begin to carry a study out."""
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "mien.cli", "study", "run", f"{name}.yaml", "--store", store),
                *("--max-concurrency", str(self.concurrency), "-o", name),
            ],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / f"{name}.err").open("wb"),
        )

    def answered(self, store: str) -> int:
        """Answers that a store holds."""
        try:
            with closing(sqlite3.connect(f"file:{self.folder / store}?mode=ro", uri=True)) as db:
                return db.execute("SELECT count(*) FROM call WHERE failure = ''").fetchone()[0]
        except sqlite3.OperationalError:
            return 0

    def sent(self) -> int:
        """Answers that the endpoints have given."""
        return sum(server.counts().by_status.get(200, 0) for server in self.servers.values())


class Took(NamedTuple):
    """What a command took until its report and in all: seconds and most memory, MB; and its exit status."""

    calls: float
    calls_memory: float
    seconds: float
    memory: float
    status: int

    def __str__(self) -> str:
        return f"{self.calls:.1f} | {self.calls_memory:.0f} | {self.seconds:.1f} | {self.memory:.0f}"


def to_end(process: subprocess.Popen[bytes], told: Path) -> Took:
    """Wait for a command, which tells when it begins with its report."""
    began = time.perf_counter()
    calls = calls_memory = memory = 0.0
    while process.poll() is None:
        memory = max(memory, _peak(process.pid))
        if not calls and "the report" in told.read_text():
            calls, calls_memory = time.perf_counter() - began, memory
        time.sleep(0.05)
    return Took(calls, calls_memory, time.perf_counter() - began, memory, process.returncode)


def _peak(pid: int) -> float:
    """The most memory that a process has had so far, MB; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def spent_midway(server: ScriptedServer, after: int) -> Callable[[], None]:
    """Have an endpoint refuse all once it has answered so many; what is returned ends the watch."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            if server.counts().requests >= after:
                server.configure(faults={"402": 1.0})
                return

    thread = threading.Thread(target=watch)
    thread.start()

    def end() -> None:
        done.set()
        thread.join()

    return end


def main(arguments: list[str]) -> None:
    """Measure, and print the table."""
    options = Options(__name__, __doc__)
    options.add_size("--trials", 1_008, quick=144, help="trials of each model")
    options.add_size("--concurrency", 64, quick=16, help="requests in flight at each endpoint")
    options.add_argument("--latency", type=float, default=2.0, help="seconds of the slow endpoint's answers")
    asked = options.parse_args(arguments)
    traits = load_traits("classic-144").names
    base = planted_scores(traits)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        servers: dict[str, ScriptedServer] = {}
        for n, name in enumerate(MODELS):
            own = planted_scores(traits, seed=n + 1, spread=0.5)
            scores = {trait: base[trait] + own[trait] for trait in traits}
            server = ScriptedServer(
                scores=scores,
                latency=asked.latency if name == "slow" else LATENCY,
                rate_limit=100 if name == "limited" else None,
                seed=n,
            )
            servers[name] = stack.enter_context(server)
        servers["judge"] = stack.enter_context(ScriptedServer(scores=base, latency=LATENCY))
        bench = Bench(servers, Path(folder), asked.concurrency)
        print(describe_machine())
        print(f"{asked.trials:,} trials a model, {asked.concurrency} in flight, slow: {asked.latency:g} s\n")
        side_by_side(bench, asked.trials)
        killed(bench, asked.trials)


def side_by_side(bench: Bench, trials: int) -> None:
    """The slow endpoint alone, then all nine."""
    bench.write("alone", ["slow"], trials, "[expression, ranking, precision]")
    bench.write("nine", MODELS, trials, FIGURES)
    alone = to_end(bench.start("alone", "alone.db"), bench.folder / "alone.err")
    end = spent_midway(bench.servers["failing"], trials // 2)
    nine = to_end(bench.start("nine", "nine.db"), bench.folder / "nine.err")
    end()
    told = json.loads((bench.folder / "nine" / "study.json").read_text())
    figures = len([*(bench.folder / "nine" / "figures").glob("*.svg")])
    complete = sum(run["complete"] for run in told["runs"])
    print(
        "| study | calls, s | peak RSS, MB | with the report, s | peak RSS, MB | exit status | complete runs "
        "| figures |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    print(f"| the slow endpoint alone | {alone} | {alone.status} | 1 | 3 |")
    print(f"| nine, one of them failing midway | {nine} | {nine.status} | {complete} | {figures} |")
    print(f"\nNine take {nine.calls / alone.calls:.2f} × as long, with the report", end=" ")
    print(f"{nine.seconds / alone.seconds:.2f} ×.")


def killed(bench: Bench, trials: int) -> None:
    """All nine, killed on the way; then to the end."""
    for server in bench.servers.values():
        server.reset_log()
    bench.servers["failing"].configure(faults={})
    whole = 2 * trials * len(MODELS)
    for kill in range(KILLS):
        process = bench.start("nine", "killed.db")
        target = whole * (kill + 1) * 0.8 / KILLS
        while bench.answered("killed.db") < target and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        process.wait()
    last = to_end(bench.start("nine", "killed.db"), bench.folder / "nine.err")
    kept, sent = bench.answered("killed.db"), bench.sent()
    print(
        f"\nKilled {KILLS} times: exit status {last.status}, {kept:,} answers kept of {sent:,} given: "
        f"{sent - kept:,} asked twice; in flight at the kills were at most "
        f"{KILLS * bench.concurrency * len(bench.servers):,}."
    )
