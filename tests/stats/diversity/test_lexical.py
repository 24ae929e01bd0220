from __future__ import annotations

import zlib
from itertools import combinations

import numpy as np
import pytest

from mien.stats.diversity.lexical import compression, distinct, lexical, openings, same_opening
from mien.stats.estimates import Quantity, Share

ONE = [["the", "cat", "sat"], ["the", "cat", "ran"], ["a", "cat"]]


def test_distinct_ngrams_are_counted_over_all_samples():
    assert distinct(ONE, 1) == 5 / 8
    assert distinct(ONE, 2) == 4 / 5
    assert distinct(ONE, 3) == 1
    assert np.isnan(distinct([["a"], []], 2))


def test_pairs_that_begin_alike():
    rng = np.random.default_rng(1)
    samples = [list(map(str, rng.integers(2, size=4))) for _ in range(30)]
    pairs = list(combinations(samples, 2))
    assert same_opening(samples) == pytest.approx(sum(a[:3] == b[:3] for a, b in pairs) / len(pairs))
    assert same_opening([["a"]] * 5) == 1
    assert np.isnan(same_opening([["a"]]))
    # Its mean does not depend on how many samples there are: the chance that two begin alike is 1/8.
    for n in (2, 20):
        drawn = [same_opening(rng.integers(2, size=(n, 3)).astype(str).tolist()) for _ in range(2000)]
        assert np.mean(drawn) == pytest.approx(1 / 8, abs=0.02)


def test_compression_is_zlibs():
    text = b"the cat sat\nthe cat ran\na cat"
    assert compression(ONE) == len(text) / len(zlib.compress(text, 9))
    assert np.isnan(compression([[], []]))


def test_the_commonest_openings():
    assert openings({"x": ONE, "y": [["the", "cat", "sat", "down"], []]}, 2) == [
        ("the cat sat", 0.4),
        ("a cat", 0.2),
    ]


def test_measures_are_means_over_prompts():
    prompts = {"x": ONE, "y": [["dog"], ["dog"]], "z": [["dog"], ["cat"]]}
    found = lexical(prompts, {Quantity("self_bleu", Share()): {"x": 0.2, "y": np.nan, "z": 0.4}})
    values = {quantity.name: pulled.value for quantity, pulled in found}
    assert values["distinct_1"] == pytest.approx((5 / 8 + 1 / 2 + 1) / 3)
    assert values["self_bleu"] == pytest.approx(0.3)
    assert "distinct_2" not in values  # of one prompt alone
    assert [one.name for one, _ in lexical({"x": [[], []], "y": [[], []]}, {})] == ["same_opening"]
