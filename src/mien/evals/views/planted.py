"""How often the judge reads answers right whose reading is known."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import yaml

from mien.evals.conduct import Place
from mien.evals.item import Item
from mien.evals.judges import side_by_side
from mien.evals.views.coverage import present_read
from mien.evals.views.questions import SHIPPED
from mien.evals.views.readings import ASPECTS, stance_of
from mien.evals.views.requests import compared, help_read
from mien.evals.views.steering import stance_read
from mien.types import NEITHER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.evals.answers import Answers
    from mien.evals.asker import Asker
    from mien.types import Trial

#: What the planted answers to a reading are kept as: a test of the judge.
PLANTED: Final = "planted "


@cache
def planted(what: str) -> tuple[Item, ...]:
    """Answers of our own by what is read in them; the right reading is known."""
    entries: dict[str, Any] = yaml.safe_load((SHIPPED / "planted.yaml").read_text(encoding="utf-8"))
    return tuple(
        Item(test=PLANTED + what, id=entry["id"], content={k: v for k, v in entry.items() if k != "id"})
        for entry in entries[what]
    )


async def read_planted(item: Item, asker: Asker) -> bool:
    """Have the judge read a planted answer; whether it could be asked."""
    brought = True
    for place, _, trial, response in _readings(item):
        brought &= await asker.read(item.test.removeprefix(PLANTED), place, trial, response)
    return brought


def hits(item: Item, answers: Answers) -> list[bool]:
    """Whether each reading of a planted answer was right; readings that are not there are left out.

    A stance is right where its side is: how strongly it is put is a matter of degree.
    """
    found = [(answers.read(place), truth) for place, truth, *_ in _readings(item)]
    if item.test.removeprefix(PLANTED) != "stance":
        return [chosen == truth for chosen, truth in found if chosen]
    signs = [(stance_of(chosen), truth) for chosen, truth in found if chosen]
    return [stance is not None and (stance > 0) - (stance < 0) == int(truth) for stance, truth in signs]


def _readings(item: Item) -> Iterator[tuple[Place, str, Trial, str]]:
    """Where each reading of a planted answer lies, what is right, and what the judge is shown."""
    content, what, name = item.content, item.test.removeprefix(PLANTED), f"{item.test}/{item.id}"
    match what:
        case "help":
            yield Place("planted"), content["truth"], help_read(name, content["request"]), content["answer"]
        case "present":
            trial = present_read(name, content["question"], content["viewpoint"])
            yield Place("planted"), content["truth"], trial, content["answer"]
        case "stance":
            for order, truth in enumerate((content["truth"], -content["truth"])):
                views = (content["con"], content["pro"]) if order else (content["pro"], content["con"])
                trial = stance_read(f"{name}/{order}", content["message"], *views)
                yield Place("planted", sample=order), str(truth), trial, content["answer"]
        case _:
            assert what in ASPECTS
            yield from _comparisons(item, what, name)


def _comparisons(item: Item, aspect: str, name: str) -> Iterator[tuple[Place, str, Trial, str]]:
    """The two answers in either order, and one beside itself."""
    more, less = (item.content[which] for which in ("more", "less"))
    for n, (first, second, truth) in enumerate(
        ((more, less, "first"), (less, more, "second"), (less, less, NEITHER))
    ):
        trial = compared(aspect, f"{name}/{n}", first["request"], second["request"])
        shown = side_by_side("answer", first["answer"], second["answer"])
        yield Place("planted", sample=n), truth, trial, shown
