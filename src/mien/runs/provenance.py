"""What a run's profile is of: model, instrument, judge, design and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.errors import UsageError
from mien.instruments.judges import reads
from mien.models.prefixes import bare
from mien.runs.settings import settings as asked_with
from mien.types import OWN_ANSWER

if TYPE_CHECKING:
    from mien.runs.flaws import Flaws
    from mien.stats.profiles import Provenance
    from mien.store.records import JudgeRecord, RunRecord


def provenance(run: RunRecord, judge: str, reader: JudgeRecord, found: Flaws) -> Provenance:
    """What a run's profile is of, as this judge read it."""
    from mien.stats.profiles import Provenance

    protocol = run.protocol_settings
    return Provenance(
        run=run.name,
        model=run.model,
        instrument=run.instrument,
        protocol=protocol.get("name", ""),
        condition=protocol.get("condition", "") if run.instrument == "revealed" else "",
        judge=judge,
        reads="" if reader.imported or judge == OWN_ANSWER else reads(reader.model),
        reads_itself=judge != OWN_ANSWER and bool(run.model) and bare(reader.model) == run.model,
        design=run.design,
        seed=run.seed,
        settings=asked_with(run, reader),
        answers=found.to_dict() if found.n else {},
    )


def require_choices(run: RunRecord) -> None:
    """Refuse to take ratings for choices.

    Raises:
        UsageError: the run is an inventory.
    """
    if run.instrument == "inventory":
        raise UsageError(
            f"run {run.name!r} is an inventory, which rates each trait by itself and sets none beside "
            "another: it goes with mien profile, diff and sides"
        )
