"""A model that answers an inventory, drawn without any code of mien's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.stats.inventories import Answers, Phrasing

if TYPE_CHECKING:
    from mien.types import Floats

PHRASINGS = [*(Phrasing(f"s{i}", False) for i in range(4)), *(Phrasing(f"r{i}", True) for i in range(4))]


def answers(
    ratings: Floats, *, seed: int, yes: float = 0.0, taste: Floats | None = None, noise: float = 0.4
) -> Answers:
    """Each trait once in each phrasing: rounded, and cut off at the ends of the scale.

    Args:
        ratings: (n,) planted.
        seed: of what is left to chance.
        yes: what is added whichever way the question is put.
        taste: (n, 8) what a phrasing does to one trait, as a rating.
        noise: standard deviation of each answer.
    """
    rng = np.random.default_rng(seed)
    trait, phrasing = (part.ravel() for part in np.meshgrid(range(len(ratings)), range(8), indexing="ij"))
    meant = ratings[:, None] + (0 if taste is None else taste)
    said = np.where(np.arange(8) >= 4, 6 - meant, meant)[trait, phrasing] + yes
    said = np.rint(said + rng.normal(scale=noise, size=len(trait)))
    return Answers(
        traits=[f"t{i:02}" for i in range(len(ratings))],
        phrasings=PHRASINGS,
        trait=trait,
        phrasing=phrasing,
        rating=np.clip(said, 1, 5).astype(np.int64),
    )


def unread(some: Answers, *rows: int) -> Answers:
    """The same, some of which could not be read."""
    rating = some.rating.copy()
    rating[list(rows)] = 0
    return some._replace(rating=rating)
