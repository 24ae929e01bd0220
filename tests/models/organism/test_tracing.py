from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.models.engine import NUCLEUS, Job
from mien.models.organism.engine import Organism
from mien.models.organism.tracing import step
from mien.stats.diversity.published import TOP_P
from mien.types import Sampling
from tests.models.tracing import slow


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
@pytest.mark.parametrize("top_p", [0.6, 1.0])
def test_a_step_is_what_the_slow_way_finds(temperature: float, top_p: float):
    log_p = np.random.default_rng(3).normal(scale=2, size=300).astype(np.float32)
    log_p -= np.log(np.exp(log_p).sum())
    rare = [int(log_p.argmin())] if top_p == 1 else []
    for token in [*np.argsort(-log_p)[:3].tolist(), *rare]:
        found = step(log_p, token, temperature, top_p)
        assert found == pytest.approx(slow(log_p.tolist(), token, temperature, top_p), abs=2e-5)


def test_the_nucleus_is_the_published_one():
    assert NUCLEUS == TOP_P


def test_an_answer_tells_its_steps_and_the_one_that_ends_it():
    organism = Organism.load("v1")
    jobs = [
        Job(prompt=({"role": "user", "content": "Who?"},), seed=seed, sampling=Sampling(max_tokens=25))
        for seed in range(12)
    ]
    plain, traced = organism.run(jobs), organism.run([replace(job, traced=True) for job in jobs])
    assert {output.finish_reason for output in traced} == {"stop", "length"}
    for before, after in zip(plain, traced, strict=True):
        assert replace(after, steps=()) == before
        assert not before.steps
        assert len(after.steps) == len(after.tokens) + (after.finish_reason == "stop")
        surprisals = [-one.surprisal for one in after.steps[: len(after.tokens)]]
        assert surprisals == pytest.approx([token.logprob for token in after.tokens], abs=1e-4)
    greedy = organism.run([replace(jobs[0], traced=True, sampling=Sampling(temperature=0, max_tokens=5))])[0]
    assert {tuple(one) for one in greedy.steps} == {(0.0, 0.0, 0.0, 0.0)}
