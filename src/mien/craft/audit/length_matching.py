"""Preference data of which lengths tell nothing: a selection, as a data set of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import yaml

from mien.craft.audit.lengths import CLASS, match_lengths
from mien.craft.data.dataset import count_pairs
from mien.craft.data.dataset_card import card
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.craft.data.dataset import Dataset
    from mien.materials.constitutions import Constitution

#: Why a query of the selection has no pair.
REASON = "left out to match lengths"


def matched(dataset: Dataset, constitution: Constitution, *, seed: int = 0) -> Dataset:
    """The selection that `mien.craft.audit.lengths.match_lengths` makes, of each split by itself.

    Raises:
        UsageError: a split keeps no pair: one answer is always the longer one.
    """
    train, heldout = (tuple(match_lengths(pairs, seed=seed)) for pairs in (dataset.train, dataset.heldout))
    for name, pairs, before in (("train on", train, dataset.train), ("hold out", heldout, dataset.heldout)):
        if before and not pairs:
            raise UsageError(
                f"no selection of the {len(before):,} pairs to {name} matches their lengths: none has a "
                "counterpart whose other answer is longer by as much; have more queries, or another recipe"
            )
    counts = dataset.craft["counts"]
    lost = len(dataset.train) + len(dataset.heldout) - len(train) - len(heldout)
    craft: dict[str, Any] = {
        **dataset.craft,
        "lengths_matched": {"seed": seed, "class": round(CLASS, 6)},
        "counts": {
            **counts,
            **count_pairs(len(constitution.assertions), dataset.queries, train, heldout),
            "left_out": dict(sorted({**counts["left_out"], REASON: lost}.items())),
        },
    }
    told = card(constitution, craft, _languages(dataset.card))
    return replace(dataset, craft=craft, train=train, heldout=heldout, card=told)


def _languages(text: str) -> list[str]:
    """Those that a card's front matter names."""
    try:
        front = yaml.safe_load(text.split("---")[1])
    except (IndexError, yaml.YAMLError):
        return []
    named: object = cast("dict[str, Any]", front).get("language") if isinstance(front, dict) else None
    return [str(code) for code in cast("list[Any]", named)] if isinstance(named, list) else []
