"""In which form a base model reads: chosen by `instructed` answers, and never on the run under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mien.errors import UsageError
from mien.instruments.judges import BaseJudge, kind_of
from mien.measurement.judge_check import settle
from mien.measurement.told_answers import asked_for, held
from mien.models.prefixes import FORMS, base_form, with_form
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from mien.measurement.run_plan import RunPlan
    from mien.measurement.session import Session
    from mien.measurement.told_answers import Readings, ToldAnswers
    from mien.models import Model
    from mien.store.records import RunRecord

#: Answers that each form reads where nobody says how many.
USUAL: Final = 96

_CHOSEN: Final = "base_form"  # among what the store knows of a model


async def settled(
    planned: RunPlan, session: Session, model: Model, reader: Model, *, readings: int | None
) -> tuple[Model, bool]:
    """The judge of a run with its form; and whether that was chosen now, and so its reading checked.

    Any other judge is as it was. A form that was chosen before, on this store, stays: one judge reads all
    runs alike.

    Args:
        planned: what is about to be carried out.
        session: open.
        model: the run's.
        reader: the judge's.
        readings: answers to choose by; None for `USUAL`.

    Raises:
        UsageError: no answers may be asked for; or in none of its forms it reads better than by guessing.
    """
    return await _settled(
        session, reader, readings, planned.judge, lambda most: asked_for(planned, model, most)
    )


async def settled_on_run(
    run: RunRecord, session: Session, reader: Model, *, readings: int | None
) -> tuple[Model, bool]:
    """As `settled`, by the answers of the run's model that the store holds."""

    def answers(most: int) -> ToldAnswers:
        found = held(session, run, most)
        if found is None:
            raise UsageError(
                f"{reader.name} chooses its form by instructed answers, and the store holds none of "
                f"{run.model}: make some (mien measure … --instrument instructed), or name the form: "
                f"{_named(reader.name)}"
            )
        return found

    return await _settled(session, reader, readings, reader.name, answers)


async def _settled(
    session: Session,
    reader: Model,
    readings: int | None,
    judge: str,
    answers: Callable[[int], ToldAnswers],
) -> tuple[Model, bool]:
    spec = reader.name
    if kind_of(spec) is not BaseJudge or base_form(spec):
        return reader, False
    known = session.store.quirk(reader.address, reader.model, _CHOSEN)
    if known in FORMS:
        return session.open(with_form(spec, known)), False
    if readings == 0:
        raise UsageError(
            f"{spec} chooses its form by instructed answers: leave out --check-judge 0, or name the form: "
            f"{_named(spec)}"
        )
    told = answers(USUAL if readings is None else readings)
    found: dict[str, Readings] = {}
    for form in await _able(session, reader):
        read = await told.read(session, judge, session.open(with_form(spec, form)))
        if read is None:  # it was stopped, or every call failed: the trials will tell why
            return session.open(with_form(spec, form)), True
        found[form] = read
    best = max(found, key=lambda form: found[form].right)
    shares = ", ".join(f"{form} {read.right / read.n:.0%}" for form, read in found.items())
    how = f", read by {best}, the best of its forms ({shares})"
    settle(found[best], judge, told.of, tried=len(found), how=how)
    session.store.set_quirk(reader.address, reader.model, _CHOSEN, best)
    return session.open(with_form(spec, best)), True


async def _able(session: Session, reader: Model) -> tuple[str, ...]:
    """The forms in which a model can read; the first where it could not be asked."""
    from mien.instruments.judges.likely_words import LikelyWords

    calls = session.calls(1, unit="probe", live=True)
    found = await LikelyWords(reader.name, reader).forms(calls.ask)
    return FORMS[:1] if isinstance(found, Call) else found


def _named(spec: str) -> str:
    return ", ".join(with_form(spec, form) for form in FORMS)
