"""Crafting a character into the organism: recipes side by side, each with its control and its proof.

The organism is student and teacher, so that it is known what there is to learn. Each recipe's data, control
data, trainings and proof are made as `mien craft run` makes them; a second proof on other trials (another
seed) then tells whether the collateral of the first is found again.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is loaded; more only wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import scipy.stats

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.craft.data.generate import craft_data
from mien.craft.data.settings import Craft
from mien.craft.proof.claim import Claim
from mien.craft.proof.prove import prove
from mien.craft.tuning.config import load_config
from mien.craft.tuning.trainer import train
from mien.measurement.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.proof.result import Proof
    from mien.craft.tuning.config import TrainingConfig

CHARACTER = Path(__file__).parent / "organism-character.yaml"
MODEL, JUDGE = "organism/v1", "organism/judge"
TARGET = 150  # points that the named traits are to move on average


@dataclass(frozen=True)
class Crafted:
    """What came of a recipe: its proofs on two sets of trials, and the seconds of data, training, proof."""

    recipe: str
    proof: Proof
    again: Proof
    seconds: tuple[float, float, float]


def crafted(recipe: str, folder: Path, config: TrainingConfig, *, ordinary: int, rounds: int) -> Crafted:
    store = folder.parent / "mien.db"  # what is the same for all recipes is asked once
    pairs = Craft(
        constitution=CHARACTER,
        student=MODEL,
        teacher=MODEL,
        judge=JUDGE,
        recipe=recipe,
        of=recipe,
        ordinary=ordinary,
    )
    at = [time.monotonic()]
    for craft, name in ((pairs, "data"), (replace(pairs, recipe="control"), "control-data")):
        craft_data(craft, folder / name, Session(store))
    at.append(time.monotonic())
    for data, name in (("data", "adapter"), ("control-data", "control")):
        train(folder / data, model=MODEL, out=folder / name, config=config)
    at.append(time.monotonic())
    claim = Claim(adapter=folder / "adapter", control=folder / "control", rounds=rounds)
    proof = prove(claim, folder / "proof", Session(store))
    at.append(time.monotonic())
    again = prove(replace(claim, turns=1, seed=1), folder / "again", Session(store))
    data, training, proving = (b - a for a, b in pairwise(at))
    return Crafted(recipe, proof, again, (data, training, proving))


def points(delta: float, low: float, high: float) -> str:
    return f"{delta:+.0f} ({low:+.0f} … {high:+.0f})"


def print_took(found: list[Crafted]) -> None:
    print("Took: change of rating from base to trained, points; the last rows are of all named traits.\n")
    print(f"| | written | {' | '.join(one.recipe for one in found)} |")
    print(f"| --- | --- |{' ---: |' * len(found)}")
    for n, move in enumerate(found[0].proof.took[0].moves):
        moves = [one.proof.took[0].moves[n] for one in found]
        cells = (f"{points(m.delta, m.low, m.high)}{'' if m.as_written else ' **no**'}" for m in moves)
        print(f"| {move.trait} | {move.written} | {' | '.join(cells)} |")
    for n, contrast in enumerate(found[0].proof.took):
        took = [one.proof.took[n] for one in found]
        hits = (sum(move.as_written for move in t.moves) for t in took)
        print(f"| {contrast.a} → {contrast.b} | as written | {' | '.join(f'{h} of 5' for h in hits)} |")
        means = (points(t.mean, t.mean_low, t.mean_high) for t in took)
        print(f"| | mean | {' | '.join(means)} |")


def print_spread(found: list[Crafted]) -> None:
    print("\nSpread, costs, and the same on other trials:\n")
    print(
        "| recipe | other traits moved | found again | of the second proof | ρ of all others | moved by the "
        "control | perplexity, times | data, s | trainings, s | proof, s |"
    )
    print("| --- |" + " ---: |" * 9)
    for one in found:
        strays = {move.trait: move.delta for move in one.proof.collateral}
        second = {move.trait: move.delta for move in one.again.collateral}
        found_again = sum(second.get(trait, 0) * delta > 0 for trait, delta in strays.items())
        deltas = [{move.trait: move.delta for move in proof.spread} for proof in (one.proof, one.again)]
        traits = sorted(deltas[0])
        rho = scipy.stats.spearmanr(*([each[trait] for trait in traits] for each in deltas)).statistic
        moved = sum(move.moved for move in one.proof.control_spread)
        surprise = next(s for s in one.proof.shifts["trained"] if s.what == "nats a token")
        cells = (
            one.recipe,
            f"{len(strays)} of {len(traits)}",
            f"{found_again} of {len(strays)}",
            str(len(second)),
            f"{rho:.2f}",
            f"{moved} of {len(one.proof.control_spread)}",
            f"{math.exp(surprise.delta):.2f}",
            *(f"{seconds:.0f}" for seconds in one.seconds),
        )
        print(f"| {' | '.join(cells)} |")


def print_targets(found: list[Crafted]) -> None:
    print(f"\nTargets: all five as written, ≥ {TARGET} points on average, no trait moved by the control:\n")
    for one in found:
        first = one.proof.took[0]
        hits = sum(move.as_written for move in first.moves)
        moved = [move.trait for move in one.proof.control_spread if move.moved]
        met = hits == len(first.moves) and first.mean >= TARGET and not moved
        control = f"the control moved {', '.join(moved)}" if moved else "the control moved none"
        verdict = "met" if met else "NOT met"
        print(f"- {one.recipe}: {hits} of 5, {first.mean:+.0f} points, {control}: {verdict}")


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--recipes", nargs="+", help="default: paired distill ranked; quick: paired")
    options.add_size("--rounds", 56, quick=4, help="of each of the four models")
    options.add_size("--ordinary", 300, quick=20, help="ordinary prompts in the data")
    options.add_argument("--system-share", type=float, default=None, help="default: the preset's")
    options.add_argument("--folder", type=Path, default=None, help="kept; the same run goes on there")
    asked = options.parse_args(arguments)
    recipes = asked.recipes or (["paired"] if asked.quick else ["paired", "distill", "ranked"])
    print(f"{describe_machine()}\n")
    config = load_config(preset="small", system_share=asked.system_share)
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        found = []
        for recipe in recipes:
            (folder / recipe).mkdir(parents=True, exist_ok=True)
            found.append(
                crafted(recipe, folder / recipe, config, ordinary=asked.ordinary, rounds=asked.rounds)
            )
    print_took(found)
    print_spread(found)
    print_targets(found)
