"""Draws against the exact distribution."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from mien.models.engine import Job
from mien.types import Sampling
from tests.models.local.tiny import jobs, log_p, say

if TYPE_CHECKING:
    from mien.models.local import Local


@pytest.mark.parametrize(
    "sampling", [{}, {"temperature": 0.5}, {"top_p": 0.6}, {"temperature": 2.0, "top_p": 0.8}]
)
def test_draws_follow_the_distribution(
    engine: Local, oracle: Any, tokenizer: Any, sampling: dict[str, float]
) -> None:
    """First tokens of many seeds against the exact distribution, by the chi-square statistic."""
    count = 2000
    p = log_p(oracle, tokenizer("hello world")["input_ids"])[-1].double().numpy()
    p = np.exp(p / sampling.get("temperature", 1.0))
    p /= p.sum()
    order = np.argsort(-p)
    kept = order[: 1 + int(np.sum(np.cumsum(p[order]) < sampling.get("top_p", math.inf)))]
    expected = {tokenizer.decode([i]) if i not in (0, 1, 2, 3) else "": 0.0 for i in kept}
    for i in kept:
        expected[tokenizer.decode([i], skip_special_tokens=True)] += count * p[i] / p[kept].sum()
    asked = [
        Job(prompt="hello world", sampling=Sampling(max_tokens=1, **sampling), seed=s) for s in range(count)
    ]
    size, engine.batch_size = engine.batch_size, 500
    found = Counter(output.text for output in engine.run(asked))
    engine.batch_size = size
    assert set(found) <= set(expected)
    common = [text for text, mean in expected.items() if mean >= 5]
    rest = sum(expected.values()) - sum(expected[t] for t in common)
    statistic = sum((found[t] - expected[t]) ** 2 / expected[t] for t in common)
    statistic += (count - sum(found[t] for t in common) - rest) ** 2 / max(rest, 1)
    assert statistic < len(common) + 4.5 * math.sqrt(2 * len(common))


def test_seeds_tell_draws_apart_and_nothing_else_does(engine: Local) -> None:
    job = Job(prompt=say("hello"), sampling=Sampling(max_tokens=8), seed=1)
    torch.manual_seed(7)
    one = engine.run([job])
    state = torch.random.get_rng_state()
    assert engine.run([job]) == one
    assert torch.equal(torch.random.get_rng_state(), state)
    assert engine.run([Job(prompt=job.prompt, sampling=job.sampling, seed=2)]) != one


def test_extremes_of_sampling_are_sound(engine: Local) -> None:
    greedy = engine.run(jobs(3, temperature=0))
    for sampling in ({"temperature": 1e-30}, {"temperature": 5e-324}, {"top_p": 1e-9}):
        assert [output.text for output in engine.run(jobs(3, **sampling))] == [o.text for o in greedy]
    hot = engine.run(jobs(3, temperature=1e30))
    assert not any(output.failure for output in hot)
