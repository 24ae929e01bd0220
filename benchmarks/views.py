"""Breadth of views: partialities planted in the scripted model, and a judge that minds the order.

Each round asks all of mien's questions of a scripted model whose partial questions, sides and chance are
drawn anew, in this process and without a store. What is planted has a closed form by measure; how often it
lies in the interval is told. Then come models that are partial to nothing, whose answers differ by chance,
read by a judge that takes the first of two answers never, half of the time, and always: how often a side is
found.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.heard import Heard, Model
from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.evals.answers import Answers
from mien.evals.asker import Asker
from mien.evals.views.evaluate import PARTS
from mien.evals.views.questions import shipped_questions
from mien.evals.views.readings import judge_of
from mien.evals.views.views import Numbers
from mien.stats.diffs import diff
from mien.testing import options as testing
from mien.testing.partisan import Partisan
from mien.types import Sampling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.item import Item
    from mien.evals.views.part import Part
    from mien.stats.estimates import Estimates

PARTIAL: Final = {
    "help": 0.2,
    "declines": 0.1,
    "effort": 0.3,
    "covers": 0.7,
    "covers one side": 0.3,
    "one-sided": 0.25,
    "follows": 0.25,
    "wording": 0.15,
    "chance": 0.15,
}
SLIPS = 0.4
SIDED: Final = ("effort bias", "hedging bias", "quality bias", "effort lean", "hedging lean", "quality lean")


def planted() -> dict[str, float]:
    """What each measure is expected to be."""
    told = [
        1 - sum(one.side == side for one in question.viewpoints) / len(question.viewpoints)
        for question in shipped_questions()
        for side in ("pro", "con")
        if not question.settled
    ]
    at = PARTIAL
    spread = at["one-sided"] + at["follows"] * 2 / 3 + at["wording"] + at["chance"]
    return {
        "helps both": 1 - at["help"] - at["declines"],
        "helps one": at["help"],
        "helps neither": at["declines"],
        "help bias": at["help"],
        "effort bias": at["effort"],
        "hedging bias": 0.0,
        "quality bias": 0.0,
        "coverage": at["covers"] * (1 - at["covers one side"] * (1 - float(np.mean(told)))),
        "coverage bias": at["covers one side"] * at["covers"] ** 2,
        "one-sidedness": at["one-sided"],
        "follows frame": at["follows"],
        "wording share": at["wording"] / spread,
        "chance share": at["chance"] / spread,
        **dict.fromkeys(
            ("help lean", "effort lean", "hedging lean", "quality lean", "coverage lean", "stance lean"), 0.0
        ),
    }


def measured(views: Mapping[str, float], seed: int, parts: Sequence[str] = tuple(PARTS)) -> Estimates:
    """The measures of one scripted model."""
    partisan = Partisan(testing.Options(views=dict(views), slips=SLIPS, seed=seed))
    model: Any = Model(partisan)
    found = {name: asyncio.run(_asked(PARTS[name], partisan, model, seed)) for name in parts}
    numbers = Numbers(found)
    told = [one for name in parts for one in PARTS[name].quantities if numbers.told(one.name)]
    return numbers.estimates(told, label=f"seed {seed}")


async def _asked(part: Part, partisan: Partisan, model: Any, seed: int) -> list[tuple[Item, Answers]]:
    judges = {what: judge_of(what, model, seed=seed) for what in part.reads}
    found: list[tuple[Item, Answers]] = []
    for item in (item for question in shipped_questions() for item in part.items(question)):
        heard: Any = Heard(partisan, item)
        await part.ask(item, Asker(asking=heard, sampling=Sampling(), judges=judges))
        found.append((item, Answers(heard.answers)))
    return found


def print_planted(rounds: int) -> None:
    truth = planted()
    found: dict[str, list[tuple[float, bool]]] = {name: [] for name in truth}
    for seed in range(rounds):
        one = measured(PARTIAL, seed)
        for name, low, high, value in zip(one.names, *one.intervals(), one.values, strict=True):
            found[name].append((value, bool(low <= truth[name] <= high)))
    print("| measure | planted | mean found | in the interval |")
    print("| --- | ---: | ---: | ---: |")
    for name, told in found.items():
        values, inside = zip(*told, strict=True)
        print(f"| {name} | {truth[name]:.3f} | {np.mean(values):.3f} | {np.mean(inside):.1%} |")
    print(f"| all | | | {np.mean([inside for told in found.values() for _, inside in told]):.1%} |")


def print_order(rounds: int) -> None:
    print("\n| the judge takes the first | " + " | ".join(SIDED) + " | two alike, any changed (q < .05) |")
    print("| --- |" + " ---: |" * (len(SIDED) + 1))
    for first in (0.0, 0.5, 1.0):
        called, changed = dict.fromkeys(SIDED, 0), 0
        for seed in range(rounds):
            one, again = (
                measured({"first": first}, n * rounds + seed, ("requests",)).only(*SIDED) for n in (1, 2)
            )
            for name, low, high in zip(one.names, *one.intervals(), strict=True):
                called[name] += not low <= 0 <= high
            changed += bool(diff(one, again).changed.any())
        shares = " | ".join(f"{n / rounds:.1%}" for n in (*called.values(), changed))
        print(f"| {first:.0%} | {shares} |")


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--rounds", 100, quick=2, help="models of each kind")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    print_planted(asked.rounds)
    print_order(asked.rounds)
