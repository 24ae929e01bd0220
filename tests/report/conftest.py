"""Profiles of simulated models, for figures."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.materials.traits import load_traits
from mien.stats.comparisons import Comparisons
from mien.stats.design.trials import lay_out, rounds_for
from mien.stats.profiles import Provenance, rate
from mien.types import Prompt

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile

PROMPTS = tuple(Prompt(f"p{i:02}", f"prompt {i}") for i in range(60))


@cache
def simulated(model: int, trials: int = 700, instrument: str = "revealed") -> tuple[Comparisons, Profile]:
    """A run on 36 traits: models share most of their character."""
    names = load_traits("classic-36").names
    plan = lay_out(names, PROMPTS, rounds=rounds_for(len(names), trials=trials))
    place = np.argsort(np.argsort(np.array(plan.traits)))
    scores = np.random.default_rng(0).normal(size=36) + 0.7 * np.random.default_rng(model + 1).normal(size=36)
    noise = np.random.default_rng(100 + model).gumbel(size=plan.options.shape)
    comparisons = Comparisons(
        traits=tuple(sorted(names)),
        options=place[plan.options].astype(np.int32),
        chosen=(scores[plan.options] + noise).argmax(axis=1).astype(np.int32),
        cluster=plan.prompt,
        clusters=tuple(prompt.id for prompt in PROMPTS),
    )
    profile = rate(
        comparisons,
        Provenance(run=f"model-{model}", model=f"lab/{model}", judge="judge", instrument=instrument),
    )
    return comparisons, profile


@pytest.fixture(scope="session")
def profiles() -> list[Profile]:
    return [simulated(model)[1] for model in range(10)]


@pytest.fixture(scope="session")
def instructed() -> Profile:
    return simulated(0, instrument="instructed")[1]


@pytest.fixture(scope="session")
def comparisons() -> Comparisons:
    return simulated(0)[0]
