"""On the organism, against a walk through all that it is likely to say."""

from __future__ import annotations

import pytest

from benchmarks.diversity import TOP, sampled, walk
from mien.models.organism.engine import Organism
from mien.stats.diversity.branching import factors

PROMPTS, LONGEST, SAMPLES = ("What is worth reading?", "Sort my mail."), 4, 48


def test_the_factor_is_near_its_exact_value_and_bounds_hold_it():
    organism = Organism.load("v1")
    exact = walk(organism, PROMPTS, LONGEST, 1e-4)
    assert exact.left_out < 0.05
    whole = factors(sampled(organism, PROMPTS, LONGEST, SAMPLES))[0][0]
    assert whole.pulled.value == pytest.approx(exact.bf, rel=0.03)
    least, most = factors(sampled(organism, PROMPTS, LONGEST, SAMPLES, TOP))[0][0].bounds or (0.0, 0.0)
    assert least < exact.bf < most
