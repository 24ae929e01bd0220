"""How long the web app takes to answer, at 100,000 trials."""

from __future__ import annotations

import http.client
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

N_TRAITS, N_PROMPTS, REPEATS = 144, 780, 20
TRAITS = tuple(f"trait {i}" for i in range(N_TRAITS))
WORDS = [f"word{i}" for i in range(5_000)]


def fill(path: Path, n_trials: int) -> None:
    """One run: 180 words a response, two judges that disagree on one trial in twenty."""
    rng = random.Random(0)
    prompts = [
        Prompt(f"p{i}", " ".join(rng.choices(WORDS, k=30)), f"category {i % 15}", "en")
        for i in range(N_PROMPTS)
    ]
    trials = [
        Trial(f"t{i}", i // 72, tuple(rng.sample(TRAITS, 2)), prompts[i % N_PROMPTS]) for i in range(n_trials)
    ]
    with Store(path) as store:
        run = store.add_run(
            RunInfo(
                name="large",
                model="simulated",
                instrument="revealed",
                protocol="{}",
                design="d",
                seed=0,
                traits=tuple(map(Trait, TRAITS)),
            ),
            trials,
        )
        for judge in ("first", "second"):
            store.add_judge(run.id, JudgeRecord(name=judge, model=judge, settings="{}"))
        for trial in trials:
            key = rng.randbytes(16).hex()
            text = " ".join(rng.choices(WORDS, k=180))
            store.put_call(Call(key=key, endpoint="e", model="m", text=text, finish_reason="stop"))
            store.put_response(run.id, trial.id, key)
            chosen = rng.choice((*trial.options, *trial.options, "neither"))
            other = chosen if rng.random() < 0.95 else rng.choice(trial.options)
            for judge, verdict in (("first", chosen), ("second", other)):
                store.put_verdict(run.id, Verdict(trial=trial.id, judge=judge, chosen=verdict))


def address(path: str, **members: str) -> str:
    return f"{path}?{urlencode({'run': 'large'} | members)}"


def requests(n_trials: int) -> dict[str, str]:
    late = n_trials * 9 // 10
    return {
        "runs": "/",
        "profile": address("/profile"),
        "profile, its figure": address("/profile/figure"),
        "profile, around a circle": address("/profile/figure", figure="expression"),
        "transcripts, first page": address("/transcripts"),
        f"transcripts, page at trial {late:,}": address("/transcripts", after=str(late)),
        "transcripts, one trait passed over": address("/transcripts", trait="trait 7", took="passed"),
        "transcripts, judges disagree": address("/transcripts", disagreement="1"),
        "transcripts, words found often": address("/transcripts", words="word7"),
        "transcripts, words and a trait": address("/transcripts", words="word7", trait="trait 7"),
        "transcripts, a verdict that never was": address("/transcripts", verdict="unreadable"),
        "transcripts, a finish that never was": address("/transcripts", finish="length"),
        "trial": address("/trial", id=f"t{n_trials // 2}"),
        "label": address("/label", person="Ana"),
        "label, stratified": address("/label", person="Ana", sample="stratified"),
        "label, judges disagree": address("/label", person="Ana", sample="disagreement"),
    }


def ask(port: int, path: str) -> float:
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    assert response.status == 200, path
    connection.close()
    return time.perf_counter() - start


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--trials", 100_000, quick=2_000, help="in the store")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}; {asked.trials:,} trials\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mien.db"
        fill(path, asked.trials)
        start = time.perf_counter()
        command = [sys.executable, "-m", "mien.cli", "view", "--store", str(path), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                port = int(process.stdout.readline().split("http://127.0.0.1:")[1].split("/")[0])
                ask(port, "/")
                print(f"First page {time.perf_counter() - start:.2f} s after the command (goal: 1 s).")
                while "can be searched so far" in page(port):
                    time.sleep(0.2)
                print(f"All of it searchable {time.perf_counter() - start:.0f} s after the command.\n")
                print("| request | first, ms | p50, ms | p95, ms |\n| --- | ---: | ---: | ---: |")
                for name, request in requests(asked.trials).items():
                    first, *times = (ask(port, request) for _ in range(REPEATS + 1))
                    p50, p95 = np.quantile(times, [0.5, 0.95])
                    print(f"| {name} | {1000 * first:.0f} | {1000 * p50:.0f} | {1000 * p95:.0f} |")
            finally:
                process.terminate()  # Ctrl-C is not heard where the benchmark runs in the background


def page(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", address("/transcripts", words="word7"))
    return connection.getresponse().read().decode()
