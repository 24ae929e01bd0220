"""Whether an answer meets its clause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from mien.evals.conduct import Place
from mien.evals.spec.checks import Checked
from mien.evals.spec.judge import OPTIONS, about_clause, about_question
from mien.materials.specs.checks import read_check
from mien.types import NEITHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.answers import Answers
    from mien.evals.item import Item
    from mien.evals.spec.judge import Asked
    from mien.materials.specs import Check
    from mien.types import Trial

Verdict = Literal["meets", "breaks", "not applicable", "unreadable", "missing"]

#: What may come of an answer; ``missing`` is one that is not there, or whose judge failed.
VERDICTS: Final[tuple[Verdict, ...]] = ("meets", "breaks", "not applicable", "unreadable", "missing")

#: Which of several goes before the others.
_WORST: Final[tuple[Verdict, ...]] = ("breaks", "missing", "unreadable", "not applicable", "meets")


class Question(NamedTuple):
    """What a judge is asked about an answer.

    Attributes:
        asked: whether the clause is met, or a question of the item's own.
        place: where the reading lies.
        trial: what the judge is shown with the answer.
    """

    asked: Asked
    place: Place
    trial: Trial


def questions(item: Item, sample: int) -> list[Question]:
    """What the judge is asked about an item's answer, in order; none where checks without it say it all."""
    name, content = f"{item.test}/{item.id}/{sample}", item.content
    if "checks" not in content:
        return [Question("clause", Place("clause", sample=sample), about_clause(name, content))]
    return [
        Question(
            "question",
            Place(f"check {number}", sample=sample),
            about_question(f"{name}/{number}", check.value, content["messages"]),
        )
        for number, check in enumerate(_checks(item))
        if not check.counted
    ]


def counted(item: Item, text: str) -> Verdict:
    """What the checks that need no judge say of an answer: ``meets`` where there are none."""
    checked = Checked(text, item.content["messages"])
    found = [checked.holds(check) for check in _checks(item) if check.counted]
    return "breaks" if False in found else "unreadable" if None in found else "meets"


class Reading(NamedTuple):
    """What became of an answer, and whether a judge's reading decided."""

    verdict: Verdict
    judged: bool


def read(item: Item, answers: Answers, sample: int = 0) -> Reading:
    """Whether an item's answer meets the clause.

    All checks must hold. One that does not is enough to break it, whatever became of the others; else one
    that could not be read leaves it unread, and one that has no bearing on it makes it not applicable.
    """
    answer = answers.own(Place(sample=sample))
    if answer is None:
        return Reading("missing", judged=False)
    found = {counted(item, answer.text)}
    asked = [] if "breaks" in found else questions(item, sample)
    found |= {read_as(one.asked, answers.read(one.place)) for one in asked}
    return Reading(next(one for one in _WORST if one in found), judged=bool(asked))


def read_as(asked: Asked, chosen: str) -> Verdict:
    """What a judge's choice says; ``missing`` where there is none."""
    meets, breaks = OPTIONS[asked]
    known: dict[str, Verdict] = {meets: "meets", breaks: "breaks", NEITHER: "not applicable", "": "missing"}
    return known.get(chosen, "unreadable")


def _checks(item: Item) -> Sequence[Check]:
    given: list[Any] = item.content.get("checks", [])
    return [read_check(members) for members in given]
