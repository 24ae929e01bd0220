"""Whether changes of clauses of a spec are found, and what is under a judge that errs.

Answers are drawn, not asked for: each item has a rate of its own from a beta law, so that its samples
correlate by .5, and two versions of a model find the same items hard. Six of 60 clauses change. Then one
rate is read by a judge that errs, and corrected by what that judge made of a spec's examples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import beta, nct, t

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.evals.spec.agreement import rates
from mien.stats.agreement.prevalence import Found, acuity, corrected
from mien.stats.diffs import diff
from mien.stats.estimates import Quantity, Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.estimates import Estimates
    from mien.types import Floats

CLAUSES, CHANGED, ICC, CHANGE = 60, 6, 0.5, -0.3
SAMPLES: Final = 2
ITEMS: Final = (20, 40, 80)
TRUTH: Final = 0.72


def item_rates(rates: Floats, hardness: Floats) -> Floats:
    """(K, n) rates of n items of K clauses, by how hard each item is: quantiles of beta laws."""
    both = (1 - ICC) / ICC
    return beta.ppf(hardness, rates[:, None] * both, (1 - rates[:, None]) * both)


def answered(rates_of_items: Floats, rng: np.random.Generator, label: str) -> Estimates:
    n = rates_of_items.shape[1]
    met = rng.random((*rates_of_items.shape, SAMPLES)) < rates_of_items[..., None]
    clauses = np.repeat(np.arange(CLAUSES), n * SAMPLES)
    items = np.repeat(np.arange(CLAUSES * n), SAMPLES)
    columns = {"prompt_id": items.astype(str)}
    columns |= {f"c{k}": np.where(clauses == k, met.ravel(), np.nan) for k in range(CLAUSES)}
    return rates(columns, [Quantity(f"c{k}", Share(), "better") for k in range(CLAUSES)], label=label)


def planned_power(n: int) -> float:
    """Of one clause that falls from .8, tested at the level that all six changes would bring it to.

    By the noncentral t of n paired items; the variance is integrated over the law of the items.
    """
    u = (np.arange(20_000) + 0.5) / 20_000
    before, after = item_rates(np.array([0.8, 0.8 + CHANGE]), np.tile(u, (2, 1)))
    noise = (before * (1 - before) + after * (1 - after)).mean() / SAMPLES
    stderr = float(np.sqrt((np.var(after - before) + noise) / n))
    bound = t.ppf(1 - 0.05 * CHANGED / CLAUSES / 2, n - 1)
    return float(1 - nct.cdf(bound, n - 1, abs(CHANGE) / stderr))


def print_changes(rounds: int) -> None:
    print("| items | samples | false discoveries | change in the interval | rate in it | power | planned |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for n in ITEMS:
        false, power, covered, held = [], [], [], []
        for seed in range(rounds):
            rng = np.random.default_rng([n, seed])
            before = rng.uniform(0.5, 0.95, CLAUSES)
            before[:CHANGED] = 0.8
            after = before + np.where(np.arange(CLAUSES) < CHANGED, CHANGE, 0.0)
            hardness = rng.random((CLAUSES, n))
            a, b = (
                answered(item_rates(rate, hardness), rng, label)
                for rate, label in ((before, "a"), (after, "b"))
            )
            found = diff(a, b)
            false.append(found.changed[CHANGED:].sum() / max(found.changed.sum(), 1))
            power.append(found.changed[:CHANGED].mean())
            covered.append(np.mean((found.low <= after - before) & (after - before <= found.high)))
            low, high = b.intervals()
            held.append(np.mean((low <= after) & (after <= high)))
        shares = " | ".join(f"{np.mean(one):.1%}" for one in (false, covered, held, power))
        print(f"| {n} | {SAMPLES} | {shares} | {planned_power(n):.1%} |")


def print_corrections(rounds: int) -> None:
    """A rate of .72 of 120 items, read by judges that are right so often, and calibrated on 100 examples."""
    print(f"\n| judge right | rate found | {TRUTH} in its interval | corrected | {TRUTH} in its interval |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for right in (1.0, 0.95, 0.85, 0.7):
        found: list[tuple[float, bool, float, bool]] = []
        for seed in range(rounds):
            rng = np.random.default_rng([round(100 * right), seed])
            meets = rng.random(120) < TRUTH
            read = np.where(rng.random(120) < right, meets, ~meets)
            good = np.arange(100) % 2 == 0
            on_examples = np.where(rng.random(100) < right, good, ~good)
            judge = acuity(good.tolist(), on_examples.tolist(), ["all"] * 100)
            table = {"prompt_id": np.arange(120).astype(str), "rate": read.astype(float)}
            raw = rates(table, [Quantity("rate", Share())])
            low, high = (float(end[0]) for end in raw.intervals())
            value = float(raw.values[0])
            n = float(Share().effective(raw.values, raw.stderr)[0])
            one = None if judge is None else corrected(Found(value, n), judge)
            if one is not None:
                found.append((value, low <= TRUTH <= high, one.share, one.low <= TRUTH <= one.high))
        means = np.mean(found, axis=0)
        print(f"| {right:.0%} | {means[0]:.3f} | {means[1]:.1%} | {means[2]:.3f} | {means[3]:.1%} |")


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--rounds", 200, quick=2, help="pairs of versions, and ten times as many rates")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    print_changes(asked.rounds)
    print_corrections(10 * asked.rounds)
