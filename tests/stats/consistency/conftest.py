"""Runs of a known character, which varies between contexts by a known amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.stats import choice
from mien.stats.comparisons import Comparisons
from mien.stats.consistency import Contexts
from mien.stats.consistency.influence import Pulls

if TYPE_CHECKING:
    from collections.abc import Callable

    from mien.stats.choice.trials import Trials


N, M, PROMPTS = 8, 3, 60
SCORES = np.linspace(1.2, -1.2, N)


def played(tau: float, seed: int, *, n_trials: int = 600) -> tuple[Comparisons, np.ndarray, np.ndarray]:
    """A run, the context of each prompt, and the (M, n) true scores."""
    rng = np.random.default_rng(seed)
    context = np.arange(PROMPTS) % M
    truth = SCORES + tau * rng.normal(size=(M, N))
    truth -= truth.mean(axis=1, keepdims=True)
    options = np.argsort(rng.random((n_trials, N)), axis=1)[:, :2]
    prompt = rng.permutation(np.arange(n_trials) % PROMPTS)
    utilities = truth[context[prompt][:, None], options] + rng.gumbel(size=options.shape)
    utilities[:, 0] += 0.3
    comparisons = Comparisons(
        traits=tuple(f"t{i}" for i in range(N)),
        options=options.astype(np.int32),
        chosen=utilities.argmax(axis=1).astype(np.int32),
        cluster=prompt.astype(np.int32),
        clusters=tuple(f"p{i:02}" for i in range(PROMPTS)),
    )
    return comparisons, context, truth


def linearised(comparisons: Comparisons, context: np.ndarray) -> tuple[choice.ChoiceFit, list[Trials], Pulls]:
    of = {label: f"c{c}" for label, c in zip(comparisons.clusters, context.tolist(), strict=True)}
    parts = Contexts(of).divide(comparisons)
    fit = choice.fit(parts.trials)
    return fit, parts.each, Pulls.of(fit, parts)


@pytest.fixture(scope="session")
def play() -> Callable[..., tuple[Comparisons, np.ndarray, np.ndarray]]:
    return played


@pytest.fixture(scope="session")
def linear() -> Callable[..., tuple[choice.ChoiceFit, list[Trials], Pulls]]:
    return linearised
