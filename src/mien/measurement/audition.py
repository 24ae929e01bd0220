"""Whether a judge can be read, seen on a run's first responses before the run is made and paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mien.errors import EndpointRefused
from mien.instruments import instrument as make_instrument
from mien.instruments.judges import open_judge
from mien.models.inprocess.model import Resident
from mien.types import UNREADABLE, Call, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.measurement.calls import Calls
    from mien.measurement.run_plan import RunPlan
    from mien.measurement.session import Session
    from mien.models import Model

#: Responses of which a judge has to read one; each is asked about several times, as the protocol has it.
MOST: Final = 3

_LONGEST_QUOTE: Final = 200


async def audition(planned: RunPlan, session: Session, model: Model, reader: Model) -> None:
    """Have a judge behind an endpoint read the first response of a run that is not there yet.

    Response and reading are calls of the run, which finds them in the store: nothing is asked for the sake of
    this alone, and a slow judge that never comes to a verdict is known before the other responses are made.
    Judges in this process are scored, and always come to one; calls in batches are not made one by one.

    Args:
        planned: what is about to be carried out.
        session: open.
        model: the run's.
        reader: the judge's.

    Raises:
        EndpointRefused: nothing that the judge wrote was a verdict.
    """
    if session.batching or isinstance(reader, Resident):
        return
    if any(run.name == planned.name for run in session.store.runs()):
        return
    design, protocol, traits = planned.design, planned.protocol, planned.traits.traits
    instrument, sampling = make_instrument(planned.instrument, protocol, traits), protocol.sampling.sampling()
    judge = open_judge(planned.judge, reader, protocol, traits, seed=design.seed)
    calls = session.calls(len(design))
    unread: list[str] = []
    settled = False

    async def one(index: int) -> bool:
        nonlocal settled
        trial = design[index]
        request = Request(instrument.messages(trial), sampling, replicate=int(design.replicate[index]))
        call = await calls.ask(model, request)
        if not call.answered:
            settled = True
            return False
        before = calls.progress.reused
        verdict = await judge.verdict(instrument.asked(trial), call.text, calls.ask)
        if isinstance(verdict, Call) or verdict.chosen != UNREADABLE:
            settled = True
        elif calls.progress.reused == before:
            # What the store has of an earlier attempt says nothing of a judge that was mended since.
            unread.append(verdict.call)
        return settled and not isinstance(verdict, Call)

    def some() -> Iterator[int]:
        """Trials until one is read, or fails for a reason that the run itself will tell."""
        for index in range(len(design)):
            if settled or len(unread) == MOST:
                return
            yield index

    await calls.carry_out(one, some(), workers=1)
    if unread and not settled and not calls.progress.stopped:
        raise EndpointRefused(_told(planned, calls, unread))


def _told(planned: RunPlan, calls: Calls, unread: list[str]) -> str:
    """What a judge wrote in place of a verdict, and what to do."""
    last = calls.store.call(unread[-1])
    said = " ".join(last.text.split()) if last else ""
    said = said if len(said) <= _LONGEST_QUOTE else said[: _LONGEST_QUOTE - 1] + "…"
    cut = f", cut off after {last.tokens_out:,} tokens" if last and last.finish_reason == "length" else ""
    longer = ", or --judge-max-tokens, so that it comes to its end" if cut else ""
    asked = planned.protocol.judge.attempts
    return (
        f"judge {planned.judge} gives no verdict: asked {asked} times about each of the first {len(unread)} "
        f"responses, it wrote{cut}: “{said}”. No run was made, and what was answered is kept. Give another "
        f"--judge{longer}; --instrument stated needs none"
    )
