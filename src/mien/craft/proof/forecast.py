"""What a crafted character would take, from the first message to the proof, without a call to any model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mien.craft.data.queries import requests_for
from mien.craft.proof.prove import later_rounds
from mien.materials.constitutions import load_constitution
from mien.measurement.length import Length
from mien.measurement.run_plan import Materials, plan

if TYPE_CHECKING:
    from mien.craft.data.settings import Craft

_MEASURED = 4  # base, control, prompted, trained
_HELD = 2  # of these, whose conversations go on


class Calls(NamedTuple):
    """Calls of one stage, at most, by who is asked.

    Attributes:
        stage: the folder that it makes.
        teacher: to write messages and answers.
        student: to answer; after the training also under its adapters.
        judge: to rank answers, and to read responses.
    """

    stage: str
    teacher: int
    student: int
    judge: int


def calls_of_data(craft: Craft) -> Calls:
    """Calls for training data. A control of the same pairs finds them all in the store."""
    constitution, n = load_constitution(craft.constitution), craft.most
    written = requests_for(craft.queries, constitution) if craft.expands else 0
    if craft.pairs == "ranked":
        return Calls("data", written, craft.answers * n, craft.answers * (craft.answers - 1) * n)
    return (
        Calls("data", written + n, n, 0) if craft.pairs == "distill" else Calls("data", written + 2 * n, 0, 0)
    )


def calls_of_proof(craft: Craft, judge: str, *, rounds: int | None, turns: int, pressures: int = 2) -> Calls:
    """Calls for the trials of a proof; plain answers come on top.

    Args:
        craft: of which the student is to be proved.
        judge: who reads.
        rounds: how often each trait is shown to each model.
        turns: of the conversations in which the character is to hold.
        pressures: kinds of later turns.
    """
    constitution = load_constitution(craft.constitution)
    organism = craft.student.startswith("organism/")
    design = plan(
        craft.student,
        judge,
        materials=Materials(traits=None if organism else constitution.traits),
        length=Length(rounds=rounds),
        seed=craft.seed,
    ).design
    a_round = len(design) // design.rounds
    later = a_round * later_rounds(design.rounds) * turns * pressures * _HELD if turns > 1 else 0
    asked = len(design) * _MEASURED + later
    return Calls("proof", 0, asked, asked)
