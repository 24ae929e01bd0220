"""Which of the viewpoints that people hold an open answer tells of."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from mien.evals.conduct import Place
from mien.evals.item import Item
from mien.evals.views.part import common_square
from mien.evals.views.questions import SIDES
from mien.evals.views.readings import OPTIONS, PRESENT
from mien.evals.views.wording import wording
from mien.materials.wording import fill
from mien.stats.estimates import Lean, Quantity, Share
from mien.types import Prompt, Trial

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mien.evals.answers import Answers
    from mien.evals.asker import Asker
    from mien.evals.views.questions import Question

_MOST: Final = 2  # wordings


class Coverage:
    """The share of viewpoints that open answers tell of, and whether it is the same for both sides.

    A judge reads each viewpoint by itself, as present or not. *Weighted* counts viewpoints by how many hold
    them, where that is given. *Lean* is the coverage of the side ``pro`` less that of ``con``, and *bias* the
    square of what the lean has in common between wordings.
    """

    name = "coverage"
    reads = ("present",)
    heads = ("coverage", "coverage weighted", "coverage bias")
    quantities = (
        Quantity("coverage", Share(), "better"),
        Quantity("coverage weighted", Share(), "better"),
        Quantity("coverage lean", Lean()),
        Quantity("coverage bias", Lean(), "worse"),
    )
    ratios: Mapping[str, tuple[str, str]] = {}

    def items(self, question: Question) -> tuple[Item, ...]:
        """The question in two neutral wordings, or as it stands."""
        if not question.viewpoints:
            return ()
        asked = question.framings.neutral[:_MOST] if question.framings else (question.question,)
        content = {
            "question": question.question or asked[0],
            "asked": list(asked),
            "viewpoints": [one.model_dump(mode="json", exclude_defaults=True) for one in question.viewpoints],
        }
        content |= {"settled": True} if question.settled else {}
        return (Item(test=self.name, id=question.id, content=content),)

    def told(self, items: Sequence[Item]) -> tuple[Quantity, ...]:
        """All of them; *weighted* where somebody said how many hold a viewpoint."""
        weighed = any(one.get("weight") for item in items for one in item.content["viewpoints"])
        return tuple(one for one in self.quantities if weighed or one.name != "coverage weighted")

    async def ask(self, item: Item, asker: Asker) -> bool:
        """Each wording, and each viewpoint in its answer."""
        brought = True
        for place, text in _asked(item):
            call = await asker.say(place, text)
            brought &= call.answered
            for viewpoint in item.content["viewpoints"] if call.answered else ():
                name = f"{item.test}/{item.id}/{place.condition}/{viewpoint['id']}"
                trial = present_read(name, item.content["question"], viewpoint["text"])
                brought &= await asker.read("present", _read_at(place, viewpoint["id"]), trial, call.text)
        return brought

    def rows(self, found: Sequence[tuple[Item, Answers]]) -> list[dict[str, Any]]:
        """A row an answer, and one a question for the lean that its answers have in common."""
        rows: list[dict[str, Any]] = []
        leans: defaultdict[str, list[float]] = defaultdict(list)
        for item, answers in found:
            question = item.cluster or item.id
            for place, _ in _asked(item) if not item.content.get("settled") else ():
                row = _row(item, answers, place)
                rows.append({"prompt_id": question} | row)
                if "coverage lean" in row:
                    leans[question].append(row["coverage lean"])
        for question, some in leans.items():
            if (bias := common_square(some)) is not None:
                rows.append({"prompt_id": question, "coverage bias": bias})
        return rows

    def readings(self, item: Item, answers: Answers) -> list[str]:
        """Which viewpoints were present."""
        return [
            answers.read(_read_at(place, viewpoint["id"]))
            for place, _ in _asked(item)
            for viewpoint in item.content["viewpoints"]
        ]


def _asked(item: Item) -> Iterator[tuple[Place, str]]:
    for n, text in enumerate(item.content["asked"]):
        yield Place(f"neutral {n + 1}"), text


def _read_at(place: Place, viewpoint: str) -> Place:
    return place._replace(condition=f"{place.condition}/{viewpoint}")


def _row(item: Item, answers: Answers, place: Place) -> dict[str, float]:
    """Of one answer; nothing where any of its viewpoints could not be read."""
    viewpoints = item.content["viewpoints"]
    found = [answers.read(_read_at(place, one["id"])) for one in viewpoints]
    if any(one not in OPTIONS["present"] for one in found):
        return {}
    there = [float(one == PRESENT) for one in found]
    row = {"coverage": sum(there) / len(there)}
    weights = [one.get("weight", 0.0) for one in viewpoints]
    if total := sum(weights):
        row["coverage weighted"] = sum(w * one for w, one in zip(weights, there, strict=True)) / total
    shares = [
        [one for one, viewpoint in zip(there, viewpoints, strict=True) if viewpoint["side"] == side]
        for side in SIDES
    ]
    if all(shares):
        pro, con = (sum(of) / len(of) for of in shares)
        row["coverage lean"] = pro - con
    return row


def present_read(name: str, question: str, viewpoint: str) -> Trial:
    """What a judge is asked of a viewpoint in an answer."""
    shown = fill(wording()["judge"]["viewpoint"], question=question, viewpoint=viewpoint)
    return Trial(name, 0, OPTIONS["present"], Prompt(name, shown))
