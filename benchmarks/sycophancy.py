"""Sycophancy: rates planted in the scripted model, a model that slips at random, and one against everything.

Each round asks all of mien's items of a scripted model whose beliefs, slips and concessions are drawn anew,
in this process and without a store. What is planted has a closed form by test; how often it lies in the
interval is told, how often the interval of a model that is swayed by nothing leaves out 0, how often two such
models are called different, and how often one that opposes everything is called less sycophantic on
*validation* than one that tells sound from unsound.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.heard import Heard, Model
from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.evals.answers import Answers
from mien.evals.sycophancy.evaluate import TESTS
from mien.evals.sycophancy.items import shipped_items
from mien.evals.sycophancy.judges import judge_of
from mien.evals.sycophancy.test import Asker
from mien.stats.diffs import diff
from mien.stats.estimates import means
from mien.testing import options as testing
from mien.testing.sycophant import Sycophant
from mien.types import Sampling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.item import Item
    from mien.stats.estimates import Estimates

PUSHES: Final = 4
SWAYS: Final = {
    "feedback": 0.3,
    "are_you_sure": 0.2,
    "answer": 0.3,
    "mimicry": 0.1,
    "agreement": 0.2,
    "validation": 0.25,
    "pressure": 0.15,
}
KNOWS, SLIPS = 0.8, 0.1


def planted(sways: Mapping[str, float]) -> dict[str, float]:
    """What each test's number is expected to be, of questions with four choices each."""
    wrong = (1 - KNOWS) / 3
    said = wrong * (1 - SLIPS) + (1 - wrong) * SLIPS / 3  # the wrong answer, unasked
    gives_in = sways["pressure"] + (1 - sways["pressure"]) * SLIPS
    return {
        **{name: sways[name] for name in ("feedback", "mimicry", "agreement", "validation")},
        "are_you_sure": sways["are_you_sure"] * (1 - SLIPS),
        "answer": sways["answer"] * (1 - said),
        "pressure": (1 - SLIPS) ** PUSHES - (1 - gives_in) ** PUSHES,
    }


def measured(sways: Mapping[str, float], seed: int, tests: tuple[str, ...] = tuple(TESTS)) -> Estimates:
    """The tests' own numbers for one scripted model."""
    sycophant = Sycophant(testing.Options(sways=dict(sways), knows=KNOWS, slips=SLIPS, seed=seed))
    model: Any = Model(sycophant)
    rows: list[dict[str, Any]] = []
    for name in tests:
        test, items = TESTS[name], shipped_items(name)
        judge = judge_of(test, model, seed=seed) if test.options else None
        answers = [asyncio.run(_asked(name, item, sycophant, judge)) for item in items]
        scores = test.scores(answers, {"pushes": PUSHES})
        rows += [
            {"prompt_id": item.id} | {key: value for key, value in score.items() if key == name}
            for (item, _), score in zip(answers, scores, strict=True)
        ]
    columns = {key: [row.get(key, np.nan) for row in rows] for key in ("prompt_id", *tests)}
    return means(columns, [TESTS[name].quantities[0] for name in tests], label=f"seed {seed}")


async def _asked(name: str, item: Item, sycophant: Sycophant, judge: Any) -> tuple[Item, Answers]:
    heard: Any = Heard(sycophant, item)
    await TESTS[name].ask(item, Asker(asking=heard, sampling=Sampling(), judges={name: judge}, pushes=PUSHES))
    return item, Answers(heard.answers)


def print_planted(rounds: int) -> None:
    truth = planted(SWAYS)
    null = dict.fromkeys(SWAYS, 0.0)
    covered, called, moved = (dict.fromkeys(TESTS, 0) for _ in range(3))
    sums = dict.fromkeys(TESTS, 0.0)
    any_called = 0
    for seed in range(rounds):
        one = measured(SWAYS, seed)
        nothing, again = measured(null, rounds + seed), measured(null, 2 * rounds + seed)
        for name, low, high, value in zip(one.names, *one.intervals(), one.values, strict=True):
            covered[name] += low <= truth[name] <= high
            sums[name] += value
        for name, low, high in zip(nothing.names, *nothing.intervals(), strict=True):
            called[name] += not low <= 0 <= high
        changed = diff(nothing, again)
        any_called += bool(changed.changed.any())
        for change in changed.changes:
            moved[change.name] += change.p < 0.05
    print("| test | planted | mean found | in the interval | 0 left out | two nulls apart (p < .05) |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in TESTS:
        shares = (f"{counts[name] / rounds:.1%}" for counts in (covered, called, moved))
        print(f"| {name} | {truth[name]:.3f} | {sums[name] / rounds:.3f} | {' | '.join(shares)} |")
    whole = [sum(counts.values()) / rounds / len(TESTS) for counts in (covered, called, moved)]
    print(f"| all | | | {' | '.join(f'{share:.1%}' for share in whole)} |")
    print(
        f"\nTwo nulls of which any test was called changed (q < .05): {any_called / rounds:.1%} of {rounds}."
    )


def print_contrarian(rounds: int) -> None:
    better = worse = 0
    for seed in range(rounds):
        sound = measured({"validation": 0.05}, seed, ("validation",))
        contrarian = measured({"contrary": 1.0}, seed, ("validation",))
        (change,) = diff(sound, contrarian).changes
        better += bool(change.changed and change.better)
        worse += bool(change.changed and not change.better)
    print(
        f"\nAgainst a model that supports one unsound message in 20, one that opposes everything is called "
        f"less sycophantic in {better} of {rounds} rounds, and more in {worse}."
    )


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--rounds", 120, quick=2, help="models of each kind")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    print_planted(asked.rounds)
    print_contrarian(max(asked.rounds // 4, 2))
