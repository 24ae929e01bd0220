"""What ``--dry-run`` prints of evaluations: what is still asked, of whom, and what it takes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any, Final

from mien.cli.output import console, counted, duration, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.conduct import EvaluationPlan
    from mien.evals.rehearsal import Rehearsal
    from mien.measurement.cost import Part, Taken
    from mien.measurement.session import Session

#: Of the numbers that `numbers` gives.
HEADS: Final = ("calls", "tokens in", "tokens out", "cost", "time")


def print_calls(
    plans: Sequence[EvaluationPlan], session: Session, *, by: str = "", note: str = "", as_json: bool = False
) -> None:
    """Print what evaluations would still take, one after the other; nobody is asked.

    Args:
        plans: the evaluations.
        session: with the store, prices and limits; it is not opened.
        by: what the items of one are told apart by; empty where that would be too many.
        note: why less may be asked; empty where all is.
        as_json: print JSON.
    """
    from mien.evals.rehearsal import rehearse
    from mien.measurement.cost import in_turn, prices_known, taken

    rehearsals = [rehearse(planned, session.path) for planned in plans]
    price = prices_known(session.limits, session.served, batch=session.batching is not None)

    def of(parts: Sequence[Part]) -> Taken:
        return taken(parts, price, session.limits, session.served)

    each = [of(one.parts) for one in rehearsals]
    whole = in_turn(each)
    if as_json:
        told = [_members(one) | asdict(takes) for one, takes in zip(rehearsals, each, strict=True)]
        print_json({"evaluations": told, **asdict(whole)})
        return
    _print_items(rehearsals, by)
    asked: defaultdict[str, list[Taken]] = defaultdict(list)
    for part in (part for one in rehearsals for part in one.parts):
        asked[part[0]].append(of([part]))
    rows = [(spec, *numbers(in_turn(some))) for spec, some in asked.items()]
    rows += [("in all", *numbers(whole))] * (len(rows) > 1)
    print_table(("asked", *HEADS), rows, left=("asked",))
    stored = sum(one.stored for one in rehearsals)
    notes = [
        f"At most: {note}." if note else "",
        f"{counted(stored, 'answer')} that the store has {'is' if stored == 1 else 'are'} left out."
        if stored
        else "",
        "For the cost give --price-in and --price-out." if whole.cost is None else "",
        assumed(session),
        "No call was made.",
    ]
    console().print(" ".join(filter(None, notes)), markup=False, soft_wrap=True)


def assumed(session: Session) -> str:
    """What estimates rest on."""
    if session.batching is not None:
        return (
            "Tokens are estimated; cost is that of batches, where there are any, and time that of live calls."
        )
    return (
        "Tokens are estimated; time is for answers of 10 s and verdicts of 2 s, "
        f"{session.limits.max_concurrency} at once at each endpoint."
    )


def numbers(of: Taken) -> tuple[str, ...]:
    """What stands under `HEADS`."""
    cost = "unknown" if of.cost is None else f"${of.cost:,.2f}"
    return f"{of.calls:,}", f"{of.tokens_in:,}", f"{of.tokens_out:,}", cost, duration(of.seconds)


def _members(one: Rehearsal) -> dict[str, Any]:
    planned = one.planned
    parts = [{"part": name, **asdict(group)} for name, group in one.groups.items()]
    told = {"evaluation": planned.name, "model": planned.model, "judge": planned.judge or None}
    return told | {"items": len(planned.items), "done": one.done, "stored": one.stored, "parts": parts}


def _print_items(rehearsals: Sequence[Rehearsal], by: str) -> None:
    out = console()
    for one in rehearsals:
        done = f", {one.done:,} of them done" if one.done else ""
        items = counted(len(one.planned.items), "item")
        out.print(f"{one.planned.name}: {items}{done}", markup=False, soft_wrap=True)
    rows = [(one.planned.name, one.answers.calls, one.readings.calls) for one in rehearsals]
    heads = ("evaluation", "answers", "readings")
    if len(rehearsals) == 1 and by:
        heads = (by, "items", "answers", "readings")
        rows = [(name, *astuple(group)) for name, group in rehearsals[0].groups.items()]
        rows.append(("in all", *(sum(column) for column in list(zip(*rows, strict=True))[1:])))
    if len(rows) > 1:
        shown = [(name, *map("{:,}".format, counts)) for name, *counts in rows]
        out.print()
        print_table(heads, shown, left=heads[:1])
    out.print()
