"""Against a slow twin that goes through samples and steps one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mien.stats.diversity.published import published
from mien.stats.diversity.traces import Nucleus, Trace


def made(rng: np.random.Generator, lengths: list[int]) -> list[Trace]:
    nuclei = [Nucleus(surprisals=rng.exponential(size=n), entropies=rng.exponential(size=n)) for n in lengths]
    return [Trace(surprisals=one.surprisals, nucleus=one, octets=1) for one in nuclei]


def twin(traces: list[Trace]) -> float:
    nuclei = [trace.nucleus for trace in traces if trace.nucleus]
    longest = int(np.quantile([len(one.entropies) for one in nuclei], 0.95))
    total, steps, mean_surprisal = 0.0, 0, 0.0
    for i in range(longest):
        here = [one for one in nuclei if len(one.entropies) > i]
        if len(here) < 4:
            break
        total += sum(float(one.entropies[i]) for one in here) / len(here)
        mean_surprisal = sum(float(sum(one.surprisals[: i + 1])) / (i + 1) for one in here) / len(here)
        steps += 1
    return math.exp(mean_surprisal if steps > 50 else total / steps)


@pytest.mark.parametrize("longest", [3, 12, 50, 51, 52, 80])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_the_published_program_works_out(longest: int, seed: int):
    rng = np.random.default_rng([longest, seed])
    traces = made(rng, [*rng.integers(1, longest + 1, size=20).tolist(), *[longest] * 3])
    assert published(traces) == pytest.approx(twin(traces), rel=1e-12)


def test_entropies_count_up_to_fifty_steps_and_surprisals_beyond():
    flat = [Nucleus(surprisals=np.full(n, 2.0), entropies=np.full(n, 1.0)) for n in (50, 51)]
    short, long = ([Trace(surprisals=n.surprisals, nucleus=n, octets=1)] * 8 for n in flat)
    assert published(short) == pytest.approx(math.e)
    assert published(long) == pytest.approx(math.e**2)
