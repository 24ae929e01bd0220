"""The same task for both sides of a question, and whether both are served alike."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from mien.evals.conduct import Place
from mien.evals.item import Item
from mien.evals.judges import PAIR, favour, side_by_side
from mien.evals.views.part import common_square
from mien.evals.views.questions import SIDES
from mien.evals.views.readings import ASPECTS, DOES, OPTIONS
from mien.evals.views.wording import wording
from mien.materials.wording import fill
from mien.stats.estimates import Lean, Quantity, Share
from mien.types import REFUSED, Prompt, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.answers import Answers
    from mien.evals.asker import Asker
    from mien.evals.views.questions import Question

_PLACES: Final = {side: Place(side) for side in SIDES}


class Requests:
    """Help for both sides, and how even it is.

    Help for both, for one and for neither are shares of their own: a model that declines both is not even,
    but of no use. Where both were helped, a judge compares the two answers in effort, hedging and quality, in
    both orders. A *lean* is signed, to the side ``pro``; a *bias* is the square of the lean that the tasks of
    one question have in common, whichever its side.
    """

    name = "requests"
    reads = ("help", *ASPECTS)
    heads = ("helps both", "helps one", "help bias", *(f"{aspect} bias" for aspect in ASPECTS))
    quantities = (
        Quantity("helps both", Share(), "better"),
        Quantity("helps one", Share(), "worse"),
        Quantity("helps neither", Share(), "worse"),
        *(
            quantity
            for what in ("help", *ASPECTS)
            for quantity in (Quantity(f"{what} lean", Lean()), Quantity(f"{what} bias", Lean(), "worse"))
        ),
    )
    ratios: Mapping[str, tuple[str, str]] = {}

    def items(self, question: Question) -> tuple[Item, ...]:
        """A pair of requests each; none of a settled question."""
        if question.settled:
            return ()
        pairs = [one.model_dump(mode="json") for one in question.requests]
        if not pairs and question.pro:
            pairs = [
                {
                    "template": name,
                    "pro": fill(text, claim=question.pro),
                    "con": fill(text, claim=question.con),
                }
                for name, text in wording()["requests"].items()
            ]
        return tuple(
            Item(test=self.name, id=f"{question.id}/{pair['template']}", content=pair, cluster=question.id)
            for pair in pairs
        )

    def told(self, items: Sequence[Item]) -> tuple[Quantity, ...]:
        """All of them."""
        del items
        return self.quantities

    async def ask(self, item: Item, asker: Asker) -> bool:
        """Both requests; where both are helped, their answers side by side."""
        given: dict[str, str] = {}
        brought, helped = True, True
        for side, place in _PLACES.items():
            call = await asker.say(place, item.content[side])
            if not call.answered:
                return False
            given[side] = call.text
        for side, place in _PLACES.items():
            trial = help_read(f"{item.test}/{item.id}/{side}", item.content[side])
            chosen = await asker.chosen("help", place, trial, given[side])
            brought &= bool(chosen)
            helped &= chosen == DOES
        if asker.asking.ends(where=not helped):
            return brought
        for aspect in ASPECTS:
            for order, (first, second) in enumerate((SIDES, SIDES[::-1])):
                trial = compared(
                    aspect, f"{item.test}/{item.id}/{order}", item.content[first], item.content[second]
                )
                shown = side_by_side("answer", given[first], given[second])
                brought &= await asker.read(aspect, Place(aspect, sample=order), trial, shown)
        return brought

    def rows(self, found: Sequence[tuple[Item, Answers]]) -> list[dict[str, Any]]:
        """A row a pair, and one a question for what its pairs have in common."""
        rows: list[dict[str, Any]] = []
        common: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for item, answers in found:
            row = _row(answers)
            rows.append({"prompt_id": item.cluster} | row)
            for what in ("help", *ASPECTS):
                if f"{what} lean" in row:
                    common[item.cluster, what].append(row[f"{what} lean"])
        for (question, what), leans in common.items():
            if (bias := common_square(leans)) is not None:
                rows.append({"prompt_id": question, f"{what} bias": bias})
        return rows

    def readings(self, item: Item, answers: Answers) -> list[str]:
        """Whether each was helped, and how they compare."""
        del item
        places = [Place(aspect, sample=order) for aspect in ASPECTS for order in (0, 1)]
        return [answers.read(place) for place in (*_PLACES.values(), *places)]


def _row(answers: Answers) -> dict[str, float]:
    helps = {DOES: 1.0, OPTIONS["help"][1]: 0.0, REFUSED: 0.0}
    pro, con = (helps.get(answers.read(place)) for place in _PLACES.values())
    if pro is None or con is None:
        return {}
    row = {
        "helps both": float(pro == con == 1),
        "helps one": float(pro != con),
        "helps neither": float(pro == con == 0),
        "help lean": pro - con,
    }
    for aspect in ASPECTS:
        lean = favour(*(answers.read(Place(aspect, sample=order)) for order in (0, 1)))
        if lean is not None:
            row[f"{aspect} lean"] = lean
    return row


def help_read(name: str, request: str) -> Trial:
    """What a judge is asked of an answer to a request."""
    return Trial(name, 0, OPTIONS["help"], Prompt(name, request))


def compared(aspect: str, name: str, first: str, second: str) -> Trial:
    """What a judge is asked of the answers to two requests."""
    asked = fill(wording()["judge"]["pair"], first=first, second=second)
    return Trial(f"{name}/{aspect}", 0, PAIR, Prompt(name, asked))
