"""What a run by an inventory holds: a model's ratings of itself, out of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.errors import UsageError
from mien.instruments.inventory import Inventory as Asked
from mien.materials.protocols import Protocol
from mien.runs.settings import settings
from mien.stats.estimates.circumstances import Circumstances
from mien.stats.inventories import UNREAD, Answers, Phrasing, inventory
from mien.types import OWN_ANSWER, UNREADABLE

if TYPE_CHECKING:
    from mien.stats.inventories import Inventory
    from mien.store.records import RunRecord
    from mien.store.store import Store


def read_inventory(store: Store, run: RunRecord, *, confidence_level: float = 0.95) -> Inventory:
    """Rate a model by the answers that it gave to an inventory.

    Raises:
        UsageError: the run is none, or holds no answers yet.
        NotIdentified: see `mien.stats.inventories.inventory`.
    """
    if run.instrument != "inventory":
        raise UsageError(f"run {run.name!r} is {run.instrument}, and no inventory")
    asked = Asked(Protocol.model_validate_json(run.protocol), run.traits)
    traits = sorted(trait.name for trait in run.traits)
    place = {trait: i for i, trait in enumerate(traits)}
    number = {name: i for i, name in enumerate(asked.phrasings)}
    rows = [
        (
            place[row.trial.options[0]],
            number[asked.phrasing(row.trial.prompt)],
            UNREAD if row.chosen == UNREADABLE else int(row.chosen),
        )
        for row in store.rows(run.id, OWN_ANSWER)
        if row.chosen
    ]
    if not rows:
        raise UsageError(f"run {run.name!r} holds no answers yet")
    trait, phrasing, rating = np.array(rows, dtype=np.int64).T
    counts = store.trial_counts(run.id, OWN_ANSWER)
    missing = counts.failed + counts.unasked + counts.elsewhere + counts.unread
    judge = next(judge for judge in store.judges(run.id) if judge.name == OWN_ANSWER)
    return inventory(
        Answers(
            traits=traits,
            phrasings=[Phrasing(name, one.reversed) for name, one in asked.phrasings.items()],
            trait=trait,
            phrasing=phrasing,
            rating=rating,
        ),
        label=run.name,
        model=run.model,
        made=Circumstances(designed=len(rows) + missing, missing=missing, settings=settings(run, judge)),
        confidence_level=confidence_level,
    )
