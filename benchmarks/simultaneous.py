"""Whether intervals hold for all traits at once, and intervals of ranks hold the true ranks.

Runs are simulated by `benchmarks.designs`; true ranks are those of the scores behind them. *Likely ranks*
are what gates bound (`mien.stats.estimates.ranks`): they take scores to be spread normally.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from benchmarks.designs import Design, Own, comparisons, lay_out
from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.errors import NotIdentified
from mien.stats.profiles import rate, reliability
from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.profiles import Profile

DESIGNS = (
    Design(name="every trait as often"),
    Design(name="every trait as often", trials=504),
    Design(name="every trait as often", trials=10_296),
    Design(name="unequal, prompts as in nature", unequal=True, zipf=True),
    Design(name="little spread", spread=0.3),
    Design(name="every trait as often", n=12, trials=504),
    Design(name="equal scores", n=12, trials=504, spread=0.0),
)


def held(profile: Profile, scores: np.ndarray) -> dict[str, float]:
    """What holds in one run, and how wide ranks are."""
    truth = ELO_CENTRE + ELO_SCALE * (scores - scores.mean())
    first = 1 + (scores > scores[:, None]).sum(axis=1)
    last = len(scores) - (scores < scores[:, None]).sum(axis=1)
    found: dict[str, float] = {}
    for name, of in (("each", profile), ("all", replace(profile, simultaneous=True))):
        rows = sorted(of.ranked_rows, key=lambda row: row["trait"])
        inside = [row["low"] < rating < row["high"] for row, rating in zip(rows, truth, strict=True)]
        ranked = [
            row["rank_low"] <= a and b <= row["rank_high"]
            for row, a, b in zip(rows, first, last, strict=True)
        ]
        found[f"{name} ratings"], found[f"{name} ranks"] = float(np.mean(inside)), float(np.mean(ranked))
        found[f"{name} together"], found[f"{name} ranks together"] = float(all(inside)), float(all(ranked))
        found[f"{name} width"] = float(np.mean([row["rank_high"] - row["rank_low"] for row in rows]))
    some = range(0, len(scores), 6)
    likely = [profile.estimates.rank(item) for item in some]
    met = [one.low <= last[item] and first[item] <= one.high for one, item in zip(likely, some, strict=True)]
    found["likely ranks"] = float(np.mean(met))
    found["likely width"] = float(np.mean([one.high - one.low for one in likely]))
    return found


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 200, quick=2, help="runs for each row")
    asked = options.parse_args(arguments)
    reliability.split_half = lambda *_, **__: None  # nine tenths of a profile's time, and no part of this
    print(f"{describe_machine()}\n")
    print(
        "| design | traits | trials | a rating in its interval | all in theirs | all in simultaneous ones |",
        end="",
    )
    print(" a rank in its interval (width) | all in simultaneous ones | likely ranks (width) |")
    print("| --- |" + " ---: |" * 8)
    for design in DESIGNS:
        made: list[dict[str, float]] = []
        for seed in range(asked.replications):
            rng = np.random.default_rng([design.trials, design.n, seed])
            scores = design.spread * rng.normal(size=design.n)
            try:
                profile = rate(comparisons(design, scores, Own.of(design, rng), lay_out(design, rng), rng))
            except NotIdentified:  # a trait that unequal appearances left out
                continue
            made.append(held(profile, scores))
        mean = {name: np.mean([one[name] for one in made]) for name in made[0]}
        shares = ("each ratings", "each together", "all together")
        trials = f"{design.trials:,}" + (f" × {design.k}" if design.k > 2 else "")
        cells = [design.name, f"{design.n}", trials, *(f"{mean[share]:.1%}" for share in shares)]
        cells += [f"{mean['each ranks']:.1%} ({mean['each width']:.0f})", f"{mean['all ranks together']:.1%}"]
        print(
            f"| {' | '.join(cells)} | {mean['likely ranks']:.1%} ({mean['likely width']:.0f}) |", flush=True
        )
