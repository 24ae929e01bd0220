"""Whether a judge can tell a model's answers apart, seen on a few before it reads them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mien.errors import UsageError, notify
from mien.formatting import counted
from mien.instruments.judges import kind_of
from mien.measurement.told_answers import asked_for, held

if TYPE_CHECKING:
    from mien.measurement.run_plan import RunPlan
    from mien.measurement.session import Session
    from mien.measurement.told_answers import Readings
    from mien.models import Model
    from mien.store.records import RunRecord

#: Readings for judges that are checked by themselves.
USUAL: Final = 24

#: How often a judge that guesses is let pass, at most.
LEVEL: Final = 0.05


async def check_judge(planned: RunPlan, session: Session, *models: Model, readings: int | None) -> None:
    """Have a run's judge read a few `instructed` answers of its model, before all others.

    Args:
        planned: what is about to be carried out.
        session: open.
        models: the run's model, and its judge.
        readings: how many; None: by the judge's kind, 0 for none.

    Raises:
        UsageError: the judge cannot tell them apart better than by guessing.
    """
    readings = usual_readings(planned.judge) if readings is None else readings
    if not readings:
        return
    model, reader = models
    answers = asked_for(planned, model, readings)
    settle(await answers.read(session, planned.judge, reader), planned.judge, planned.model)


async def check_on_run(run: RunRecord, session: Session, reader: Model, *, readings: int | None) -> None:
    """Have a judge read a few `instructed` answers of a run's model that the store holds, and ask for none.

    Args:
        run: what the judge is to read.
        session: open on the run's store.
        reader: the judge's model.
        readings: how many; None: by the judge's kind, 0 for none.

    Raises:
        UsageError: the judge cannot tell them apart better than by guessing; or there are no such answers,
            and they were asked for.
    """
    most = usual_readings(reader.name) if readings is None else readings
    if not most:
        return
    answers = held(session, run, most)
    if answers is None:
        missing = (
            f"the store holds no instructed answers of {run.model}, so that nobody knows whether it can tell "
            "them apart; make some: mien measure … --instrument instructed"
        )
        if readings:
            raise UsageError(f"--check-judge: {missing}")
        notify(f"judge {reader.name}", [missing])
        return
    settle(await answers.read(session, reader.name, reader), reader.name, run.model)


def usual_readings(judge: str) -> int:
    """How many readings a judge is checked on where nobody says."""
    return USUAL if kind_of(judge).checked else 0


def settle(found: Readings | None, judge: str, model: str, *, tried: int = 1, how: str = "") -> None:
    """Say what was found; raise where the judge cannot tell.

    Args:
        found: None where it did not come to read anything.
        judge: its name.
        model: whose answers they were.
        tried: of how many ways to read this is the best: each may pass by guessing, and p is that for all.
        how: it read, in words that follow; empty where it reads in one way.

    Raises:
        UsageError: it names the right ones no more often than by guessing.
    """
    if found is None:
        return
    p = min(1.0, tried * found.p)
    told = (
        f"of {counted(found.n, 'answer')} by a model that was told to adopt one trait, it named {found}{how}"
    )
    if p <= LEVEL:
        notify(f"judge {judge}", [f"{told}: it can tell them apart (by guessing: p = {p:.2g})"])
        return
    raise UsageError(
        f"judge {judge} cannot tell the answers of {model} apart: {told}, no better than by guessing "
        f"(p = {p:.2g}). Either it cannot read, or the model cannot show such traits: give a stronger "
        "--judge, or --traits further apart; --check-judge 0 goes on all the same"
    )
