"""How long reports take, and how large their pages are."""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.materials.traits import load_traits
from mien.runs.interop.imports import import_run
from mien.stats.design.trials import lay_out, rounds_for
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

N_RUNS = (1, 2, 10)
PROMPTS = tuple(Prompt(f"p{i:03}", f"prompt {i}") for i in range(720))


def make_runs(place: Path, store: Path, n_runs: int, n_trials: int) -> list[str]:
    """Models that share most of their character, on all 144 traits."""
    names = load_traits("classic-144").names
    plan = lay_out(names, PROMPTS, rounds=rounds_for(len(names), trials=n_trials))
    shared = np.random.default_rng(0).normal(size=len(names))
    models = [f"model-{number}" for number in range(1, n_runs + 1)]
    for number, model in enumerate(models):
        rng = np.random.default_rng(number)
        scores = 0.8 * shared + 0.6 * rng.normal(size=len(names))
        chosen = (scores[plan.options] + rng.gumbel(size=plan.options.shape)).argmax(axis=1)
        with (place / "table.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(("option_1", "option_2", "chosen", "prompt_id", "model"))
            for trial, position in zip(plan, chosen.tolist(), strict=True):
                table.writerow((*trial.options, trial.options[position], trial.prompt.id, model))
        import_run(place / "table.csv", model, store=store)
    return models


def processor_seconds() -> float:
    """Of all commands so far: unlike the clock's, they depend little on what else runs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--trials", 2_016, quick=288, help="of each run")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}; {asked.trials:,} trials a run\n")
    print("| runs of 144 traits | seconds | goal | of a processor | index.html, MB | goal |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        store = place / "mien.db"
        models = make_runs(place, store, max(N_RUNS), asked.trials)
        for n_runs in N_RUNS:
            command = [sys.executable, "-m", "mien.cli", "report", *models[:n_runs], "--store", str(store)]
            start, before = time.perf_counter(), processor_seconds()
            subprocess.run([*command, "-o", str(place / str(n_runs))], check=True, stdout=subprocess.DEVNULL)
            seconds, busy = time.perf_counter() - start, processor_seconds() - before
            size = (place / str(n_runs) / "index.html").stat().st_size / 1e6
            goals = ("≤ 20", "≤ 5") if n_runs == max(N_RUNS) else ("", "")
            print(
                f"| {n_runs} | {seconds:.1f} | {goals[0]} | {busy:.1f} | {size:.1f} | {goals[1]} |",
                flush=True,
            )
