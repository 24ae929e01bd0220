"""Ten million comparisons loaded and rated, and a thousand runs compared: seconds, and memory at its peak.

Trials and verdicts are drawn from a seed and written straight into a store's tables, in their order, which is
no part of what is measured; they have no responses, as those of an imported table. What is measured are
processes of their own: the commands as a user calls them, and the steps of the first. The peer is
`evalica.bradley_terry` on the same wins, counted by pair: scores alone.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.materials.traits import load_traits
from mien.runs.run import Run
from mien.stats import choice
from mien.stats.choice.tally import tally
from mien.stats.profiles import rate
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TRAITS = "classic-144"
PROMPTS = 10_256
TRIALS_COMPARED = 2_016  # of each run
CHUNK = 1 << 16
MB = 1024  # ru_maxrss is told in KiB


class Used(NamedTuple):
    """What a process took."""

    wall: float
    cpu: float
    peak: float  # MB
    out: str

    @classmethod
    def by(cls, *command: str) -> Used:
        """Run a command to its end."""
        start = time.perf_counter()
        with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            out = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed")
        wall = time.perf_counter() - start
        return cls(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / MB, out)


class Drawn(NamedTuple):
    """What was shown and chosen (−1: nothing) in each trial of a run, and on which prompt."""

    options: np.ndarray
    chosen: np.ndarray
    prompt: np.ndarray

    @classmethod
    def by(cls, seed: int, n_trials: int, n_options: int, scores: np.ndarray) -> Drawn:
        rng = np.random.default_rng(seed)
        drawn = cls(
            np.empty((n_trials, n_options), np.uint8),
            np.empty(n_trials, np.int8),
            np.empty(n_trials, np.int16),
        )
        for begin in range(0, n_trials, CHUNK):
            here = slice(begin, begin + CHUNK)
            options = rng.integers(len(scores), size=drawn.options[here].shape)
            while len(twice := np.flatnonzero((np.diff(np.sort(options, axis=1)) == 0).any(axis=1))):
                options[twice] = rng.integers(len(scores), size=(len(twice), n_options))
            utilities = scores[options] + rng.gumbel(size=options.shape)
            utilities[:, 0] += 0.4
            drawn.options[here] = options
            drawn.chosen[here] = np.where(rng.random(len(options)) < 0.03, -1, utilities.argmax(axis=1))
            drawn.prompt[here] = rng.integers(PROMPTS, size=len(options))
        return drawn


def make_run(store: Path, name: str, drawn: Drawn, seed: int) -> None:
    traits = load_traits(TRAITS).traits
    with Store(store) as opened:
        info = RunInfo(
            name=name,
            model=name,
            instrument="revealed",
            protocol=json.dumps({"name": "default", "condition": "preference"}),
            design="",
            seed=seed,
            traits=traits,
        )
        run = opened.add_run(info, []).id
        opened.add_judge(run, JudgeRecord(name="judge", model="judge", settings="{}"))
    names = [trait.name for trait in traits]
    with closing(sqlite3.connect(store, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        trials = "INSERT INTO trial (run, id, number, round, options, prompt) VALUES (?, ?, ?, ?, ?, ?)"
        db.executemany(trials, ((run, *row) for row in _trials(drawn, names)))
        verdicts = "INSERT INTO verdict (run, judge, trial, chosen, shown, call) VALUES (?, ?, ?, ?, ?, ?)"
        db.executemany(verdicts, ((run, *row) for row in _verdicts(drawn, names)))
        db.execute("COMMIT")


def make_prompts(store: Path) -> None:
    with Store(store), closing(sqlite3.connect(store)) as db, db:
        rows = ((f"{i:016x}", f"p{i}", f"Message {i}", "any", "en", "") for i in range(PROMPTS))
        db.executemany("INSERT INTO prompt VALUES (?, ?, ?, ?, ?, ?)", rows)


def _trials(drawn: Drawn, names: Sequence[str]) -> Iterator[tuple[object, ...]]:
    for number in _in_order_of_ids(len(drawn.chosen)):
        shown = json.dumps([names[i] for i in drawn.options[number].tolist()], separators=(",", ":"))
        yield f"t{number}", number, number // (len(names) // 2), shown, f"{drawn.prompt[number]:016x}"


def _verdicts(drawn: Drawn, names: Sequence[str]) -> Iterator[tuple[object, ...]]:
    for number in _in_order_of_ids(len(drawn.chosen)):
        place = drawn.chosen[number]
        chosen = "neither" if place < 0 else names[drawn.options[number, place]]
        yield "judge", f"t{number}", chosen, "[]", ""


def _in_order_of_ids(n: int, first: int = 0) -> Iterator[int]:
    """0 … n−1 as text sorts them, as the tables are: so each row is put behind the last."""
    for digit in range(10):
        number = first * 10 + digit
        if number < n and (number or not first):
            yield number
            if number:
                yield from _in_order_of_ids(n, number)


def steps(store: Path) -> None:
    """Load a run and rate it, and print what each step took and the peak so far."""
    import evalica

    run, taken = Run("large", store), {}
    comparisons = trials = fit = profile = None

    def step(name: str, start: float) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB
        taken[name] = (time.process_time() - start, peak)

    step("libraries", time.process_time())
    start = time.process_time()
    comparisons = run.comparisons()
    step("verdicts out of the store", start)
    start = time.process_time()
    trials = tally(comparisons)
    step("counted", start)
    start = time.process_time()
    fit = choice.fit(trials)
    step("`choice.fit`", start)
    del trials
    start = time.process_time()
    profile = rate(comparisons)
    step("the whole profile, counting and fit included", start)
    assert np.array_equal(profile.fit.scores, fit.scores)
    peer = None
    if comparisons.options.shape[1] == 2:
        decided = comparisons.chosen >= 0
        pair = comparisons.options[decided].astype(np.int64) @ [len(comparisons.traits), 1]
        code, count = np.unique(2 * pair + comparisons.chosen[decided], return_counts=True)
        (x, y), first = np.divmod(code // 2, len(comparisons.traits)), code % 2 == 0
        winners = [evalica.Winner.X if won else evalica.Winner.Y for won in first]
        start = time.process_time()
        found = evalica.bradley_terry(x.tolist(), y.tolist(), winners, weights=count.astype(float).tolist())
        log = np.log(found.scores.sort_index().to_numpy())
        peer = (time.process_time() - start, float(np.abs(log - log.mean() - fit.scores).max()))
    print(json.dumps({"n": len(comparisons.chosen), "steps": taken, "peer": peer}))


def main(arguments: Sequence[str]) -> None:
    if arguments[:1] == ["steps"]:
        steps(Path(arguments[1]))
        return
    options = Options(__name__, __doc__)
    options.add_size("--comparisons", 10_000_000, quick=1_000_000, help="of pairs, in one run")
    options.add_size("--runs", 1_000, quick=100, help="compared")
    options.add_argument("--folder", type=Path, help="where the stores are made (default: a temporary one)")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        scores = np.random.default_rng(0).normal(size=len(load_traits(TRAITS).traits))
        print_rated(Path(folder) / "pairs.db", asked.comparisons, 2, scores)
        print_rated(Path(folder) / "fours.db", asked.comparisons // 3, 4, scores)
        print_compared(Path(folder) / "runs.db", asked.runs, scores)


def print_rated(store: Path, n_trials: int, n_options: int, scores: np.ndarray) -> None:
    start = time.perf_counter()
    make_prompts(store)
    make_run(store, "large", Drawn.by(1, n_trials, n_options, scores), 1)
    made, size = time.perf_counter() - start, store.stat().st_size / 2**20
    print(
        f"{n_trials:,} trials of {n_options} options, {n_trials * (n_options - 1):,} comparisons "
        f"({size:,.0f} MB, made in {made:.0f} s)\n"
    )
    print("| | CPU, s | wall, s | peak, MB |\n| --- | ---: | ---: | ---: |")
    whole = Used.by("-m", "mien.cli", "profile", "large", "--store", str(store), "--json")
    print(f"| `mien profile` | {whole.cpu:.1f} | {whole.wall:.1f} | {whole.peak:.0f} |")
    found = json.loads(Used.by("-m", "benchmarks", "scale", "steps", str(store)).out)
    for name, (seconds, peak) in found["steps"].items():
        print(f"| {name} | {seconds:.1f} | | {peak:.0f} |")
    if found["peer"]:
        seconds, apart = found["peer"]
        print(f"| `evalica.bradley_terry` on the counts | {seconds:.2f} | | |")
        print(f"\nScores of the two differ by {apart:.3f} at most: evalica knows no position effect.")
    print()


def print_compared(store: Path, n_runs: int, scores: np.ndarray) -> None:
    make_prompts(store)
    rng = np.random.default_rng(2)
    names = [f"run-{i:04d}" for i in range(n_runs)]
    for seed, name in enumerate(names):
        own = scores + 0.4 * rng.normal(size=len(scores))
        make_run(store, name, Drawn.by(seed, TRIALS_COMPARED, 2, own), seed)
    whole = Used.by("-m", "mien.cli", "compare", *names, "--store", str(store), "--json")
    print(f"`mien compare` of {n_runs:,} runs of {TRIALS_COMPARED:,} trials\n")
    print("| | CPU, s | wall, s | peak, MB |\n| --- | ---: | ---: | ---: |")
    print(f"| `mien compare` | {whole.cpu:.1f} | {whole.wall:.1f} | {whole.peak:.0f} |", flush=True)
