"""Self-BLEU against BLEU written down anew: the mean of clipped precisions, and brevity."""

from __future__ import annotations

import math
from collections import Counter

import pytest

pytest.importorskip("sacrebleu", reason="the extra diversity")

from mien.evals.diversity.self_bleu import MOST, self_bleu, signature

SAMPLES = [
    ["the", "cat", "sat", "on", "the", "mat", "and", "slept"],
    ["the", "cat", "sat", "on", "the", "mat", "and", "purred"],
    ["a", "dog", "sat", "on", "the", "mat", "and", "slept", "there"],
]


def bleu(words: list[str], others: list[list[str]]) -> float:
    logs = 0.0
    for n in range(1, 5):
        grams = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        most: Counter[tuple[str, ...]] = Counter()
        for other in others:
            most |= Counter(tuple(other[i : i + n]) for i in range(len(other) - n + 1))
        logs += math.log((grams & most).total() / grams.total()) / 4
    nearest = min((abs(len(other) - len(words)), len(other)) for other in others)[1]
    return math.exp(logs) * min(1.0, math.exp(1 - nearest / len(words)))


def test_it_is_the_mean_bleu_of_each_against_the_others():
    wanted = sum(bleu(one, [other for other in SAMPLES if other is not one]) for one in SAMPLES) / 3
    assert self_bleu(SAMPLES) == pytest.approx(wanted, abs=1e-6)
    assert self_bleu([SAMPLES[0]] * 3) == pytest.approx(1)
    assert self_bleu([["red"], ["blue"]]) < 0.01
    assert math.isnan(self_bleu([["red"], []]))
    assert self_bleu([SAMPLES[0]] * MOST + [["red"]] * 9) == pytest.approx(1)
    assert signature().startswith("case:")
