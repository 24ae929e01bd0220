"""Who shows what, on which prompts, to a model of which kind: designs that nobody balanced.

The choice model is written here alone: what is simulated from it holds mien's to account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mien.stats.comparisons import Comparisons

N_PROMPTS = 720


@dataclass(frozen=True, kw_only=True)
class Design:
    """What is shown, on which prompts, to a model of which kind."""

    name: str
    n: int = 144
    k: int = 2
    trials: int = 2_016
    unequal: bool = False
    zipf: bool = False
    n_prompts: int = N_PROMPTS
    first: float = 0.0  # log odds by which the first option is favoured
    tails: float = np.inf  # degrees of freedom of the scores' law
    spread: float = 1.0
    prompt: float = 0.0  # standard deviation of a prompt's own preferences
    raters: int = 0  # people who vote, the k-th with a share of 1/k; 0: one judge
    rater: float = 0.0  # standard deviation of a rater's own preferences
    circle: float = 0.0  # log odds of a trait over the next of its triple, beyond its score


class Own(NamedTuple):
    """What each prompt, and each person who votes, prefers of its own: (prompts, n) and (people, n)."""

    prompts: np.ndarray
    people: np.ndarray

    @classmethod
    def of(cls, design: Design, rng: np.random.Generator) -> Own:
        return cls(
            design.prompt * rng.normal(size=(design.n_prompts, design.n)),
            design.rater * rng.normal(size=(max(design.raters, 1), design.n)),
        )


class Layout(NamedTuple):
    """Options (T, K), prompts (T,) and people (T,)."""

    shown: np.ndarray
    prompts: np.ndarray
    people: np.ndarray


def lay_out(design: Design, rng: np.random.Generator) -> Layout:
    if design.unequal:
        weights = np.arange(1, design.n + 1) ** -0.7
        keys = rng.exponential(size=(design.trials, design.n)) / weights  # without replacement
        options = np.argsort(keys, axis=1)[:, : design.k]
    else:
        rounds = design.trials * design.k // design.n + 1
        order = np.argsort(rng.random((rounds, design.n)), axis=1)
        options = order[:, : design.n // design.k * design.k].reshape(-1, design.k)[: design.trials]
    prompts = rng.permutation(len(options)) % design.n_prompts
    if design.zipf:
        prompts = uneven(design.n_prompts, len(options), rng)
    people = uneven(design.raters, len(options), rng) if design.raters else np.zeros(len(options), int)
    return Layout(options, prompts, people)


def uneven(n: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """(size,) of 0 … n − 1, the k-th with a share of 1/k."""
    weights = 1 / np.arange(1, n + 1)
    return rng.choice(n, size=size, p=weights / weights.sum())


def around(design: Design, shown: np.ndarray) -> np.ndarray:
    """(T,) what the first option gains from standing beside another of its triple."""
    first, second = shown[:, 0], shown[:, 1]
    step = (second - first) % 3
    gain = np.select([step == 1, step == 2], [design.circle, -design.circle], 0.0)
    return np.where(first // 3 == second // 3, gain, 0.0)


def chosen(
    design: Design, scores: np.ndarray, own: Own, laid_out: Layout, rng: np.random.Generator
) -> np.ndarray:
    """(T,) places of the options that a model of these scores chooses."""
    shown, prompts, people = laid_out
    utilities = (scores + own.prompts[prompts] + own.people[people])[np.arange(len(shown))[:, None], shown]
    utilities[:, 0] += design.first + around(design, shown)
    return (utilities + rng.gumbel(size=shown.shape)).argmax(axis=1)


def comparisons(
    design: Design, scores: np.ndarray, own: Own, laid_out: Layout, rng: np.random.Generator
) -> Comparisons:
    """The run of such a model."""
    shown, prompts, people = laid_out
    return Comparisons(
        traits=tuple(f"t{i:03d}" for i in range(design.n)),
        options=shown.astype(np.int32),
        chosen=chosen(design, scores, own, laid_out, rng).astype(np.int32),
        cluster=prompts.astype(np.int32),
        clusters=tuple(f"p{i:04d}" for i in range(design.n_prompts)),
        rater=people.astype(np.int32) if design.raters else None,
        raters=tuple(f"r{i:02d}" for i in range(design.raters)),
    )
