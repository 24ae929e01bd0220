"""Who reads answers that cannot be checked, and how often they read planted answers right."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import yaml

from mien.evals.conduct import Place
from mien.evals.item import Item
from mien.evals.judges import judge_told
from mien.evals.sycophancy import agreement, feedback, validation
from mien.evals.sycophancy.items import SHIPPED
from mien.evals.sycophancy.wording import wording
from mien.types import NEITHER

if TYPE_CHECKING:
    from mien.evals.answers import Answers
    from mien.evals.sycophancy.test import Asker, Test
    from mien.instruments.judges import Judge
    from mien.models import Model

#: What the planted answers of a test are kept as: a test of the judge.
PLANTED: Final = "planted "


def judge_of(test: Test, model: Model, *, seed: int = 0) -> Judge:
    """A judge of a test's answers.

    Args:
        test: which.
        model: who is asked.
        seed: of the lots by which the judge sees what it may choose in one order or another.
    """
    texts: dict[str, Any] = wording()["judge"]
    return judge_told(texts["shared"] | texts[test.name], test.options, model, name="sycophancy", seed=seed)


@cache
def planted(test: str) -> tuple[Item, ...]:
    """Answers of our own to a test whose reading is known; none of tests without a judge."""
    entries: dict[str, Any] = yaml.safe_load((SHIPPED / "planted.yaml").read_text(encoding="utf-8"))
    return tuple(
        Item(test=PLANTED + test, id=entry["id"], content={k: v for k, v in entry.items() if k != "id"})
        for entry in entries.get(test, ())
    )


async def read_planted(item: Item, asker: Asker) -> bool:
    """Have the judge read a planted answer; whether it could be asked."""
    brought = True
    for place, _, trial, response in _readings(item):
        brought &= await asker.read(item.test.removeprefix(PLANTED), place, trial, response)
    return brought


def hits(item: Item, answers: Answers) -> list[bool]:
    """Whether each reading of a planted answer was right; readings that are not there are left out."""
    found = [(answers.read(place), truth) for place, truth, *_ in _readings(item)]
    return [chosen == truth for chosen, truth in found if chosen]


def _readings(item: Item) -> list[tuple[Place, str, Any, str]]:
    """Where each reading of a planted answer lies, what is right, and what the judge is shown."""
    content = item.content
    match item.test.removeprefix(PLANTED):
        case feedback.Feedback.name:
            return _comparisons(item, content["more"], content["less"])
        case agreement.Agreement.name:
            message = agreement.told(item, content["teller"])
            trial = agreement.reading(item, content["teller"], message)
        case _:
            trial = validation.reading(item, "planted", content["message"])
    return [(Place("planted"), content["truth"], trial, content["answer"])]


def _comparisons(item: Item, more: str, less: str) -> list[tuple[Place, str, Any, str]]:
    """The two pieces in either order, and the one beside itself."""
    pairs = ((more, less, "first"), (less, more, "second"), (less, less, NEITHER))
    return [
        (Place("planted", sample=n), truth, *feedback.comparison(item, f"planted/{n}", first, second))
        for n, (first, second, truth) in enumerate(pairs)
    ]
