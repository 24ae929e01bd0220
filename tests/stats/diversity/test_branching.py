from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.errors import NotIdentified
from mien.stats.diversity.branching import factors
from mien.stats.estimates.means import pulled
from tests.stats.diversity import tree

if TYPE_CHECKING:
    from mien.stats.diversity.traces import Trace


def values(prompts: dict[str, list[Trace]]) -> dict[str, float]:
    return {one.quantity.name: one.pulled.value for one in factors(prompts)[0]}


@pytest.mark.parametrize("seed", range(6))
def test_a_tree_that_can_be_enumerated_has_its_exact_factor(seed: int):
    whole = tree.traces(seed)
    bf, entropy, length = tree.exact(seed)
    found = values({"a": whole, "b": whole})
    assert found["bf"] == pytest.approx(bf, abs=1e-9)
    assert found["entropy"] == pytest.approx(entropy, abs=1e-9)
    assert found["bf_per_byte"] == pytest.approx(math.exp(entropy / (3 * length)), abs=1e-9)
    # The surprisals have the same mean as the entropies: H(Y) both ways.
    drawn = [replace(trace, entropies=None) for trace in whole]
    assert values({"a": drawn, "b": drawn})["bf"] == pytest.approx(bf, abs=1e-9)


def test_several_prompts_are_one_ratio_of_means():
    exact = [tree.exact(seed) for seed in range(3)]
    wanted = math.exp(sum(h for _, h, _ in exact) / sum(n for _, _, n in exact))
    found = values({str(seed): tree.traces(seed) for seed in range(3)})
    assert found["bf"] == pytest.approx(wanted, abs=1e-9)
    apart = [tree.exact(seed)[0] for seed in range(3)]
    assert found["bf"] != pytest.approx(np.mean(apart), abs=1e-4)
    assert abs(found["bf_published"] - found["bf"]) > 0.01  # another question, another answer


def test_the_error_is_what_leaving_prompts_out_says():
    rng = np.random.default_rng(5)
    prompts: dict[str, list[Trace]] = {
        str(seed): [whole[i] for i in rng.integers(len(whole), size=8).tolist()]
        for seed in range(20)
        for whole in [tree.traces(seed)]
    }
    found, _ = factors(prompts)
    estimates = pulled(list(prompts), [one.pulled for one in found], [one.quantity for one in found], n=160)
    left_out = [values({key: of for key, of in prompts.items() if key != without}) for without in prompts]
    for name, stderr in zip(estimates.names, estimates.stderr, strict=True):
        without = np.array([one[name] for one in left_out])
        jackknife = np.sqrt(19 / 20 * np.sum((without - without.mean()) ** 2))
        assert stderr == pytest.approx(jackknife, rel=0.08)


def test_what_samples_add_is_what_drawing_them_anew_moves():
    rng = np.random.default_rng(6)
    pool = [tree.traces(seed) for seed in range(12)]

    def some(of: list[Trace]) -> list[Trace]:
        return [of[i] for i in rng.integers(len(of), size=6).tolist()]

    drawn = [factors({str(c): some(of) for c, of in enumerate(pool)})[0] for _ in range(60)]
    of_samples = np.var([one[0].pulled.value for one in drawn])
    told = [(one[0].from_samples or 0) * np.mean(one[0].pulled.deviations ** 2) / 11 for one in drawn]
    assert np.mean(told) == pytest.approx(of_samples, rel=0.35)


def test_one_sample_or_one_prompt_is_refused():
    whole = tree.traces(0)
    with pytest.raises(NotIdentified, match="samples of 1 prompts"):
        factors({"a": whole})
    with pytest.raises(NotIdentified, match="prompt b has 1 of the samples"):
        factors({"a": whole, "b": whole[:1]})


def test_what_is_not_known_is_absent_and_says_why():
    silent = [replace(trace, nucleus=None, octets=0) for trace in tree.traces(1)]
    found, absent = factors({"a": silent, "b": silent})
    assert {one.quantity.name for one in found} == {"bf", "bf_start", "entropy"}
    assert set(absent) == {"bf_per_byte", "bf_published"}
    few = tree.traces(1)[:3]
    assert "at least 4 samples" in factors({"a": few, "b": few})[1]["bf_published"]
