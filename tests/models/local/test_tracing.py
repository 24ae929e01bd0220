from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch

from mien.models.local.tracing import steps
from mien.types import Sampling
from tests.models.local.tiny import jobs
from tests.models.tracing import slow

if TYPE_CHECKING:
    from mien.models.local import Local


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=0.5), Sampling(top_p=0.6)])
@pytest.mark.parametrize("size", [50, 3000])  # few enough to be looked through at once, and too many
def test_a_step_is_what_the_slow_way_finds(sampling: Sampling, size: int):
    generator = torch.Generator().manual_seed(1)
    log_p: Any = (torch.randn(4, size, generator=generator) * 0.7).log_softmax(1)
    tokens: Any = log_p.argmax(1)
    tokens[3] = log_p[3].argmin() if sampling.top_p is None else tokens[3]
    settings = sampling.temperature or 1.0, sampling.top_p or 1.0
    for i, found in enumerate(steps(log_p, tokens, [sampling] * 4)):
        assert found == pytest.approx(slow(log_p[i].tolist(), int(tokens[i]), *settings), abs=2e-4)


def test_an_answer_tells_its_steps_and_the_one_that_ends_it(engine: Local):
    asked = jobs(temperature=1.0)
    plain, traced = engine.run(asked), engine.run([replace(job, traced=True) for job in asked])
    for before, after in zip(plain, traced, strict=True):
        assert after.text == before.text
        assert len(after.steps) == len(after.tokens) + (after.finish_reason == "stop")
        surprisals = [-one.surprisal for one in after.steps[: len(after.tokens)]]
        assert surprisals == pytest.approx([token.logprob for token in after.tokens], abs=1e-4)
