"""What training on unasked answers does to what the organism chooses when it is asked to.

Pairs are made of the organism's own answers: told to be in a trait, or in its opposite. Prompts have no
system message, so training sees nothing of the wording under which the change is then measured.

Run: python benchmarks/training.py [--pairs 300] [--rounds 60]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is loaded; more only wait for each other

import mien
from machine import describe_machine
from mien.instruments import Instructed
from mien.models.engine import Job
from mien.models.organism.engine import Organism
from mien.prompts import load_prompts
from mien.protocols import load_protocol
from mien.training.adapters.config import load_config
from mien.training.adapters.trainer import train
from mien.traits import load_traits
from mien.types import Prompt, Sampling, Trial

if TYPE_CHECKING:
    import pandas as pd

MODEL, JUDGE = "organism/v1", "organism/judge"
RAISED = {"poetic": "technical", "skeptical": "optimistic", "formal": "casual"}
LOWERED = {"warm": "detached", "enthusiastic": "indifferent"}
TRAITS = load_traits("classic-36").traits
TEMPERATURE = Sampling(temperature=1.0, max_tokens=400)


def answers(told: list[tuple[str, Prompt]], seed: int) -> list[str]:
    """What the organism answers when it is told to be so."""
    instructed, draw = Instructed(load_protocol(), TRAITS), random.Random(seed)
    jobs = []
    for trait, prompt in told:
        trial = Trial(id="", round=0, options=(trait, TRAITS[0].name), prompt=prompt)
        jobs.append(Job(prompt=instructed.messages(trial), sampling=TEMPERATURE, seed=draw.getrandbits(60)))
    return [output.text for output in Organism.load("v1").run(jobs)]


def write_pairs(path: Path, n: int) -> None:
    """Preferences, in turn for each of the traits."""
    wanted = [*RAISED.items(), *((opposite, trait) for trait, opposite in LOWERED.items())]
    prompts = load_prompts("everyday", max_chars=200, max_prompts=n, seed=1)
    plan = [(*wanted[i % len(wanted)], prompts[i % len(prompts)]) for i in range(n)]
    chosen = answers([(trait, prompt) for trait, _, prompt in plan], 1)
    rejected = answers([(trait, prompt) for _, trait, prompt in plan], 2)
    with path.open("w", encoding="utf-8") as file:
        for (_, _, prompt), better, worse in zip(plan, chosen, rejected, strict=True):
            row = {
                "prompt": [{"role": "user", "content": prompt.text}],
                "chosen": [{"role": "assistant", "content": better}],
                "rejected": [{"role": "assistant", "content": worse}],
            }
            file.write(json.dumps(row) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=60)
    asked = parser.parse_args()
    print(f"{describe_machine()}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pairs(folder / "train.jsonl", asked.pairs)
        began, cpu = time.monotonic(), time.process_time()
        adapter = folder / "adapter"
        done = train(folder, model=MODEL, out=adapter, config=load_config(preset="small"))
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        print(f"{done.pairs} pairs, {done.steps} steps: {seconds:.0f} s, {cpu:.0f} s of a processor\n")
        options = {"judge": JUDGE, "rounds": asked.rounds, "store": folder / "store.db"}
        before = mien.measure(MODEL, **options, name="before")
        after = mien.measure(f"{MODEL}+{adapter}", **options, name="after")
        print_changes(mien.diff(before, after).table.set_index("trait"))


def print_changes(table: pd.DataFrame) -> None:
    meant = dict.fromkeys(RAISED, 1) | dict.fromkeys(LOWERED, -1)
    opposites = {*RAISED.values(), *LOWERED.values()}
    print("| trait | meant | change | 95% interval | q |\n| --- | --- | --- | --- | --- |")
    for trait, sign in meant.items():
        row = table.loc[trait]
        print(
            f"| {trait} | {'up' if sign > 0 else 'down'} | {row.delta:+.0f} | "
            f"{row.low:+.0f} … {row.high:+.0f} | {row.q:.3f} |"
        )
    print(f"\nmean as meant: {sum(table.delta[t] * s for t, s in meant.items()) / len(meant):+.0f}")
    for name, traits in (
        ("their opposites, the other side of the pairs", sorted(opposites)),
        ("all others", [t for t in table.index if t not in meant and t not in opposites]),
    ):
        found = table.loc[traits]
        root = (found.delta**2).mean() ** 0.5
        print(f"{name}: {(found.q < 0.05).sum()} of {len(found)} changed (q < .05), {root:.0f} rms")


if __name__ == "__main__":
    main()
