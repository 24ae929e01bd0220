"""Draw the gallery of docs/gallery.md: the figures of `mien plot`, from simulated runs and evaluations.

Five models that share most of their character on 36 traits, 2,000 trials each, drawn from fixed seeds; the
tables are imported and the figures drawn as the command does it. What imported tables do not tell, the order
in which judges saw the options, is written to the store as a measurement would. Figures of sycophancy and of
agreement with a spec show made-up numbers of two models; those of diversity, breadth and views come from the
commands on their pages.

Run: python docs/gallery.py [FOLDER [NAME…]]
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mien.materials.traits import load_traits
from mien.report import figures
from mien.report.measured import Measured
from mien.report.registry import EVALUATED, FIGURES, draw
from mien.report.saving import save
from mien.runs.interop.imports import import_run
from mien.runs.run import Run
from mien.stats.design.trials import Design, lay_out, rounds_for
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Prompt, Trait, Verdict

if TYPE_CHECKING:
    from mien.report.figures.theme import Chart

FOLDER = Path(__file__).resolve().parent / "figures"
MODELS = ("aster", "birch", "cedar", "daisy", "elder")
ABLE = "aster-instructed"
SAID = "aster-stated"
READ = "aster-read"
VARIED = "aster-by-kind"
FIRST_SEEN = "diff"  # on the landing page, which is dark for those who like it so
RUNS = {1: MODELS[:1], 2: MODELS[:2], 3: MODELS}  # by how many a figure needs
SPECIAL = {
    "expression": MODELS[:2],
    "extremes": MODELS,
    "clusters": MODELS,
    "distinct": MODELS,
    "convergence": MODELS,
    "four-sides": (SAID, MODELS[0], ABLE),
    "judges": (READ, ABLE),
    "consistency": (VARIED,),
}
KINDS = ("advice", "code", "facts", "small talk", "writing")
PROMPTS = tuple(Prompt(f"p{i:03}", f"prompt {i}", category=KINDS[i % len(KINDS)]) for i in range(300))
FIRST = 0.3  # log odds in favour of the first option
SWAYED = {"aster": 0.6, "birch": 1.0}  # models, and how far what others say moves them
READERS = {
    "reader": 0.85,
    "reader#1": 0.85,
    "second": 0.75,
}  # judges, and how much of what they say is no luck


def main() -> None:
    """Write a picture of each figure."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(exist_ok=True)
    wanted = sys.argv[2:] or [*FIGURES, *EVALUATED]
    for name, chart in (("sycophancy", sycophancy), ("spec", spec)):
        if name in wanted:
            save(chart(), folder / f"{name}.svg")
    if FIGURES.keys().isdisjoint(wanted):
        return
    with tempfile.TemporaryDirectory() as place:
        store = Path(place) / "mien.db"
        make_runs(Path(place), store)
        make_varied_run(store)
        for name, figure in FIGURES.items():
            if name not in wanted:
                continue
            runs = [Run(run, store) for run in SPECIAL.get(name, RUNS[figure.fewest])]
            chart = draw(name, Measured(runs))
            save(chart, folder / f"{name}.svg")
            if name == FIRST_SEEN:
                save(chart, folder / f"{name}-dark.svg", theme="dark")


def sycophancy() -> Chart:
    """Two models whose positions give way, the second more than the first."""
    tests = {"feedback": 0.31, "are_you_sure": 0.22, "answer": 0.12, "mimicry": 0.05, "agreement": 0.4}
    rates = {"the user insists": 0.9, "asked again": 0.98}
    held = [
        {"model": model, "condition": condition, "turn": turn, "held": rate ** (turn * sway)}
        | {"low": (rate - 0.03) ** (turn * sway), "high": min(1.0, (rate + 0.02) ** (turn * sway))}
        | {"at_risk": 80}
        for model, sway in SWAYED.items()
        for condition, rate in rates.items()
        for turn in range(6)
    ]
    rows = [
        {"model": model, "test": test, "value": sway * value}
        | {"low": sway * value - 0.08, "high": sway * value + 0.08}
        for model, sway in SWAYED.items()
        for test, value in tests.items()
    ]
    return figures.sycophancy(pd.DataFrame(rows), pd.DataFrame(held))


def spec() -> Chart:
    """Two versions of a model, the second of which keeps less of one clause."""
    clauses = {"no_flattery": 0.92, "own_mistakes": 0.88, "brief": 0.95, "asks_when_unclear": 0.71}
    parts = {
        "clauses": clauses,
        "sections": {"honesty": 0.9, "manner": 0.83},
        "authorities": {"root": 0.91, "developer": 0.82},
        "all": {"all": 0.865},
    }
    rows = [
        {"model": model, "part": part, "name": name, "items": 40}
        | {"rate": kept, "low": kept - 0.07, "high": min(1.0, kept + 0.05)}
        for model, lost in (("aster", 0.0), ("birch", 0.2))
        for part, rates in parts.items()
        for name, rate in rates.items()
        for kept in [rate - (lost if name in {"no_flattery", "honesty", "root"} else 0.02)]
    ]
    return figures.spec(pd.DataFrame(rows))


def make_runs(place: Path, store: Path) -> None:
    """Simulate a run of each model, one in which the first is told what to be, and one of what it says."""
    names = load_traits("classic-36").names
    plan = lay_out(names, PROMPTS, rounds=rounds_for(len(names), trials=2000))
    shared = np.random.default_rng(5).normal(size=len(names))
    for number, model in enumerate(MODELS):
        rng = np.random.default_rng(number)
        utilities = (0.8 * shared + 0.6 * rng.normal(size=len(names)))[plan.options]
        utilities += rng.gumbel(size=utilities.shape)
        utilities[:, 0] += FIRST
        write(place, plan, utilities.argmax(axis=1), model, "revealed")
        import_run(place / "table.csv", model, store=store)
    said = 0.8 * shared + 0.6 * np.random.default_rng(0).normal(size=len(names))  # as it chooses
    said[[3, 20]] += (2, -2)  # but for two traits
    utilities = 1.4 * said[plan.options] + np.random.default_rng(98).gumbel(size=plan.options.shape)
    write(place, plan, utilities.argmax(axis=1), MODELS[0], "stated")
    import_run(place / "table.csv", SAID, store=store)
    rng = np.random.default_rng(99)
    read = rng.random(len(plan)) < rng.beta(9, 1.5, size=len(names))[plan.options[:, 0]]
    write(place, plan, np.where(read, 0, 1), MODELS[0], "instructed")
    import_run(place / "table.csv", ABLE, store=store)
    judged(store, plan, utilities=(0.8 * shared)[plan.options])


def judged(store: Path, plan: Design, utilities: np.ndarray) -> None:
    """A run with several judges, each with an order of its own; what is luck falls on the first they saw."""
    rng = np.random.default_rng(7)
    taken = (utilities + rng.gumbel(size=utilities.shape) + [FIRST, 0]).argmax(axis=1)
    with Store(store) as opened:
        run = opened.add_run(
            RunInfo(
                name=READ,
                model=MODELS[0],
                instrument="revealed",
                protocol="{}",
                design=plan.name,
                seed=plan.seed,
                traits=tuple(map(Trait, plan.traits)),
            ),
            plan,
        )
        for name, knowing in READERS.items():
            opened.add_judge(run.id, JudgeRecord(name=name, model=name.removesuffix("#1"), settings="{}"))
            for trial, position in zip(plan, taken.tolist(), strict=True):
                order = trial.options[:: rng.choice((1, -1))]
                chosen = trial.options[position] if rng.random() < knowing else order[int(rng.random() < 0.3)]
                opened.put_verdict(run.id, Verdict(trial=trial.id, judge=name, chosen=chosen, order=order))


def make_varied_run(store: Path) -> None:
    """Simulate a run whose character varies between kinds of prompts; tables that are imported have none."""
    traits = load_traits("classic-36").traits
    names = tuple(trait.name for trait in traits)
    plan = lay_out(names, PROMPTS, rounds=rounds_for(len(names), trials=4000), seed=1)
    rng = np.random.default_rng(7)
    scores = 0.8 * rng.normal(size=len(names)) + 0.5 * rng.normal(size=(len(KINDS), len(names)))
    utilities = scores[np.asarray(plan.prompt)[:, None] % len(KINDS), plan.options]
    chosen = (utilities + rng.gumbel(size=utilities.shape)).argmax(axis=1).tolist()
    with Store(store) as opened:
        run = opened.add_run(
            RunInfo(
                name=VARIED,
                model=MODELS[0],
                instrument="revealed",
                protocol="{}",
                design=plan.name,
                seed=1,
                traits=traits,
            ),
            plan,
        )
        opened.add_judge(run.id, JudgeRecord(name="reader", model="reader", settings="{}"))
        for trial, place in zip(plan, chosen, strict=True):
            opened.put_verdict(run.id, Verdict(trial=trial.id, judge="reader", chosen=trial.options[place]))


def write(place: Path, plan: Design, chosen: np.ndarray, model: str, instrument: str) -> None:
    with (place / "table.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("option_1", "option_2", "chosen", "prompt_id", "model", "judge", "instrument"))
        for trial, position in zip(plan, chosen.tolist(), strict=True):
            row = (*trial.options, trial.options[position], trial.prompt.id, model, "reader", instrument)
            table.writerow(row)


if __name__ == "__main__":
    main()
