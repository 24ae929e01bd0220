"""The judges of a run: one is added, or found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mien.errors import RunConflict, UsageError
from mien.instruments import OwnAnswer, OwnRating
from mien.instruments.judges import check_reads, kind_of, open_judge
from mien.instruments.judges.perturbed import PerturbedJudge
from mien.store.records import JudgeRecord

if TYPE_CHECKING:
    from mien.instruments.judges import Judge
    from mien.instruments.judges.perturbed import Perturbation
    from mien.materials.protocols import Protocol
    from mien.models import Model
    from mien.store.records import RunRecord
    from mien.store.store import Store


def add_own_answer(store: Store, run: RunRecord, protocol: Protocol) -> OwnAnswer | OwnRating:
    """Have a run read by nobody but its model, whose answers are the verdicts."""
    own = OwnRating() if run.instrument == "inventory" else OwnAnswer(protocol, run.traits)
    settings = msgspec.json.encode(own.settings, order="sorted").decode()
    store.add_judge(run.id, JudgeRecord(name=own.name, model=run.model, settings=settings))
    return own


def add_judge(
    store: Store,
    run: RunRecord,
    name: str,
    model: Model,
    protocol: Protocol,
    *,
    repeat: int = 0,
    perturbation: Perturbation | None = None,
) -> Judge | PerturbedJudge:
    """Add a judge to a run, or find it.

    Args:
        store: holds the run.
        run: what the judge is to read.
        name: what its verdicts go by.
        model: what reads.
        protocol: how it is asked.
        repeat: 1, 2, … where a judge of the run is to read it again.
        perturbation: in what it is to be asked otherwise than the protocol says.

    Raises:
        RunConflict: the run has another judge of this name.
        UsageError: there is nothing to repeat, or the judge cannot read what this model wrote.
    """
    check_reads(model.name, run.model)
    judge: Judge | PerturbedJudge
    if perturbation:
        judge = PerturbedJudge(
            name,
            model,
            protocol,
            run.traits,
            seed=run.seed or 0,
            perturbation=perturbation,
            kind=kind_of(model.name),
        )
    else:
        judge = open_judge(name, model, protocol, run.traits, seed=run.seed or 0, repeat=repeat)
    settings = msgspec.json.encode(judge.settings, order="sorted").decode()
    record = JudgeRecord(name=name, model=model.name, settings=settings)
    judges = store.judges(run.id)
    if repeat and all(known.identity != record.identity for known in judges):
        readers = ", ".join(judge.name for judge in judges) or "nobody"
        raise UsageError(
            f"{model.name} has not read run {run.name!r} with these settings: there is nothing to repeat "
            f"(read by {readers}); have it read first, without --repeat"
        )
    found = next((known for known in judges if known.name == name), None)
    if found and found != record:
        raise RunConflict(
            f"run {run.name!r} has a judge named {name!r} that was asked otherwise; "
            "choose another name for this one with --as"
        )
    store.add_judge(run.id, record)
    return judge
