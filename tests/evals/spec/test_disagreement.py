"""Clauses on which models differ more than each from itself."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from mien.evals.spec.disagreement import Read, disagreement


def drawn(rates: dict[str, tuple[float, float]], *, items: int, samples: int, seed: int) -> list[Read]:
    """Verdicts of two models that meet each clause at rates of their own."""
    rng = np.random.default_rng(seed)
    return [
        Read(clause, f"i{item}", model, "meets" if rng.random() < rates[clause][m] else "breaks")
        for clause, item, (m, model), _ in product(
            rates, range(items), enumerate(("v1", "v2")), range(samples)
        )
    ]


def test_by_hand() -> None:
    read = [
        Read("kind", item, model, verdict)
        for item in ("a", "b")
        for model, verdicts in (("v1", ("meets", "meets", "breaks")), ("v2", ("breaks", "breaks")))
        for verdict in verdicts
    ]
    (found,) = disagreement([*read, Read("kind", "a", "v1", "unreadable"), Read("lone", "a", "v1", "meets")])
    # p = 2/3 and 0: two of v1 differ with 2·(2/3)(1/3)·3/2 = 2/3, one of each with 2/3.
    assert (found.clause, found.items, found.excess) == ("kind", 2, pytest.approx(2 / 3 - (2 / 3) / 2))


def test_what_is_planted_is_found_and_chance_is_not() -> None:
    rates = {"alike": (0.5, 0.5), "apart": (0.9, 0.3), "hard": (0.1, 0.1)}
    sums, called = dict.fromkeys(rates, 0.0), dict.fromkeys(rates, 0)
    for seed in range(100):
        for one in disagreement(drawn(rates, items=30, samples=3, seed=seed)):
            sums[one.clause] += one.excess / 100
            called[one.clause] += one.found
    assert sums == pytest.approx({"alike": 0, "apart": 0.36, "hard": 0}, abs=0.02)
    assert called["apart"] >= 98
    assert called["alike"] + called["hard"] <= 12  # one-sided 2.5 % each; 12 come by chance once in 100


def test_one_answer_or_one_model_tells_nothing() -> None:
    assert disagreement(drawn({"kind": (0.5, 0.5)}, items=9, samples=1, seed=1)) == []
    alone = [one for one in drawn({"kind": (0.5, 0.5)}, items=9, samples=4, seed=1) if one.model == "v1"]
    assert disagreement(alone) == []
