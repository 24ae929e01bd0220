"""Pairs and data sets to try things on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.craft.data.dataset import Dataset, count_pairs
from mien.craft.data.queries import Query
from mien.craft.data.recipes import Pair
from mien.materials.constitutions import Assertion, Constitution

if TYPE_CHECKING:
    from collections.abc import Sequence

CONSTITUTION = Constitution(
    name="guide",
    description="Somebody who shows the way and then lets you walk it on your own.",
    traits="classic-36",
    assertions=(
        Assertion.model_validate(
            {
                "text": "I always tell people which of the roads I would take myself, and why.",
                "raise": ["blunt"],
                "lower": ["warm"],
                "questions": ["Left or right?"],
            }
        ),
        Assertion.model_validate({"text": "I let them walk alone.", "raise": ["poetic"], "questions": ["?"]}),
    ),
)


def pair(
    n: int,
    chosen: str = "Go left at the mill.",
    rejected: str = "Both roads have their merits.",
    *,
    text: str | None = None,
    assertion: int | None = 0,
    heldout: bool = False,
) -> Pair:
    query = Query(
        id=f"q{n}",
        text=text or f"Which of the {n} roads?",
        assertion=assertion,
        source="seed",
        split="heldout" if heldout else "train",
    )
    return Pair(query, chosen, rejected)


def dataset(pairs: Sequence[Pair], **craft: Any) -> Dataset:
    train, heldout = (
        tuple(pair for pair in pairs if pair.query.split == split) for split in ("train", "heldout")
    )
    queries = tuple(pair.query for pair in pairs)
    counts = {
        **count_pairs(2, queries, train, heldout),
        "queries": {"seed": len(queries), "teacher": 0, "ordinary": 0},
        "duplicates": {"seed": 0, "teacher": 0, "ordinary": 0},
        "left_out": {"an answer was cut off": 1},
    }
    made: dict[str, Any] = {
        "mien": "1",
        "constitution": {"name": "guide", "hash": "0"},
        "student": "student",
        "teacher": "teacher",
        "judge": None,
        "recipe": "distill",
        "of": None,
        "seed": 0,
        "queries": None,
        "prompts": "everyday",
        "told": "assertions",
        **craft,
        "counts": counts,
    }
    return Dataset(
        craft=made,
        constitution=CONSTITUTION.yaml(),
        queries=queries,
        train=train,
        heldout=heldout,
        card="---\nlanguage:\n- en\n- de\n---\n# Card\n",
    )
