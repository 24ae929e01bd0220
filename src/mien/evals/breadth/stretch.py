"""One trait on one prompt: replies at seven levels, and which of two shows more of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mien.evals.breadth.wording import described, instruction, wording
from mien.evals.conduct import Place
from mien.evals.item import Item
from mien.evals.judges import PAIR, favour, judge_told, side_by_side
from mien.materials.wording import fill
from mien.stats.comparisons import TIE_CODE
from mien.stats.stretch import FURTHEST, LEVELS
from mien.types import NEITHER, Prompt, Request, Trial

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mien.evals.answers import Answers
    from mien.evals.asker import Asker
    from mien.instruments.judges import Judge
    from mien.models import Model
    from mien.types import Message, Trait

#: What judges are asked, by name, and what they choose from.
READ: Final[Mapping[str, tuple[str, str]]] = {"trait": PAIR, "answers": ("deals with it", "does not")}

#: Levels whose replies are compared on each prompt: neighbours, and either end with what is untold. By the
#: one, steps are told, and long ranges; by the other, the range is surer where it is short.
COMPARED: Final = tuple(
    (side * low, side * high) for side in (1, -1) for low, high in ((0, 1), (1, 2), (2, 3), (0, 3))
)

#: The replies of which it is read whether they deal with what was asked.
ENDS: Final = (-FURTHEST, 0, FURTHEST)

#: The mean of the ranges that are told, as gates and rows call it.
MEAN: Final = "mean range"

#: Share of replies without a word that deal with what was asked, as gates and rows call it.
UNTOLD: Final = "answers"

_DEALS: Final[Mapping[str, float]] = {READ["answers"][0]: 1.0, NEITHER: 0.5, READ["answers"][1]: 0.0}


def judges(model: Model, *, seed: int = 0) -> dict[str, Judge]:
    """Who compares replies (``trait``), and who reads whether they deal with what was asked (``answers``)."""
    texts: dict[str, Any] = wording()["judge"]
    return {
        what: judge_told(texts["shared"] | _members(texts[what]), options, model, name="breadth", seed=seed)
        for what, options in READ.items()
    }


def _members(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if name != "asked"}


def item_of(trait: Trait, prompt: Prompt, others: Sequence[Trait]) -> Item:
    """A trait on a prompt.

    Args:
        trait: which is stretched.
        prompt: to which the model replies.
        others: traits that may move along, in which the two ends are compared, too.
    """
    return Item(
        test=trait.name,
        id=prompt.id,
        content={
            "trait": _named(trait),
            "prompt": prompt.text,
            "beside": [_named(other) for other in others],
        },
        cluster=prompt.id,
    )


def _named(trait: Trait) -> dict[str, str]:
    return {"name": trait.name, "description": trait.description}


def at(level: int) -> Place:
    """Where the reply at a level lies."""
    return Place("untold" if level == 0 else f"{'up' if level > 0 else 'down'} {abs(level)}")


async def ask(item: Item, asker: Asker) -> bool:
    """Have the model reply at every level, and the judge compare; whether all is there."""
    replies: dict[int, str] = {}
    for level in LEVELS:
        call = await asker.asking.answer(at(level), _request(item, level, asker))
        if call.answered:
            replies[level] = call.text
    brought = len(replies) == len(LEVELS)
    for place, trait, first, second in _comparisons(item):
        if first in replies and second in replies:
            trial, shown = compared(item, place, trait, replies[first], replies[second])
            brought &= await asker.read("trait", place, trial, shown)
    for level in ENDS:
        if level in replies:
            # What was replied without a word is the same, whatever the trait.
            of = "untold" if level == 0 else f"{item.test}/{at(level).condition}"
            brought &= await asker.read("answers", at(level), deals(item, of), replies[level])
    return brought


def _request(item: Item, level: int, asker: Asker) -> Request:
    told = instruction(item.content["trait"], level) if level else ""
    messages: list[Message] = [{"role": "system", "content": told}] if told else []
    messages.append({"role": "user", "content": item.content["prompt"]})
    return Request(tuple(messages), asker.sampling)


def _comparisons(item: Item) -> Iterator[tuple[Place, Mapping[str, str], int, int]]:
    """Where each comparison lies, by what trait, and the levels of the first reply and of the second."""
    for low, high in COMPARED:
        for order, (first, second) in enumerate(((low, high), (high, low))):
            yield _between(low, high, order), item.content["trait"], first, second
    for other in item.content["beside"]:
        for order, (first, second) in enumerate(((FURTHEST, -FURTHEST), (-FURTHEST, FURTHEST))):
            yield _beside(other["name"], order), other, first, second


def _between(low: int, high: int, order: int) -> Place:
    return Place(f"{at(low).condition} | {at(high).condition}", sample=order)


def _beside(other: str, order: int) -> Place:
    return Place(f"beside {other}", sample=order)


def compared(
    item: Item, place: Place, trait: Mapping[str, str], first: str, second: str
) -> tuple[Trial, str]:
    """What a judge is shown of two replies, and the trial that it is."""
    asked = wording()["judge"]["trait"]["asked"]
    shown = fill(asked, replies=side_by_side("reply", first, second), trait=described(trait))
    name = f"{item.test}/{item.id}/{place.condition}/{place.sample}"
    return Trial(name, 0, PAIR, Prompt(item.id, item.content["prompt"])), shown


def deals(item: Item, reply: str) -> Trial:
    """What a judge is asked of a reply, which has a name among those to the item's prompt."""
    prompt = Prompt(item.id, item.content["prompt"])
    return Trial(f"answers/{item.id}/{reply}", 0, READ["answers"], prompt)


@dataclass(frozen=True, slots=True)
class Compared:
    """Two levels that a judge compared on a prompt.

    Attributes:
        prompt: its id.
        levels: of the first reply shown, and of the second.
        chosen: 0 or 1, the reply that shows more; `TIE_CODE` where neither does.
    """

    prompt: str
    levels: tuple[int, int]
    chosen: int


_CHOSEN: Final[Mapping[str, int]] = {PAIR[0]: 0, PAIR[1]: 1, NEITHER: TIE_CODE}


def comparisons(item: Item, answers: Answers) -> Iterator[Compared]:
    """Those that tell something, of an item's own trait."""
    for low, high in COMPARED:
        for order, levels in enumerate(((low, high), (high, low))):
            chosen = _CHOSEN.get(answers.read(_between(low, high, order)))
            if chosen is not None:
                yield Compared(item.id, levels, chosen)


def row(item: Item, answers: Answers) -> dict[str, float]:
    """How far the ends deal with what was asked, and how other traits move; what is not known is left out.

    ``TRAIT answers up``, ``TRAIT answers down`` and ``answers``, 0 to 1: told, told the contrary and untold;
    ``TRAIT moves OTHER``, −1 to 1: how far the reply told up shows more of the other trait than that told
    down.
    """
    trait = item.test
    dealt = {
        UNTOLD if level == 0 else f"{trait} answers {'up' if level > 0 else 'down'}": _DEALS.get(
            answers.read(at(level))
        )
        for level in ENDS
    }
    moved = {
        f"{trait} moves {name}": favour(answers.read(_beside(name, 0)), answers.read(_beside(name, 1)))
        for name in (other["name"] for other in item.content["beside"])
    }
    return {name: value for name, value in (dealt | moved).items() if value is not None}


def readings(item: Item, answers: Answers) -> list[str]:
    """What the judge said to each of its questions."""
    return [
        *(answers.read(place) for place, *_ in _comparisons(item)),
        *(answers.read(at(level)) for level in ENDS),
    ]
