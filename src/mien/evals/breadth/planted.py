"""Pairs of replies of which the one shows a trait and the other lacks it: whether a judge can read it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from mien.errors import InputError
from mien.evals.breadth.stretch import READ, compared, deals
from mien.evals.breadth.wording import SHIPPED
from mien.evals.conduct import Place
from mien.evals.item import Item
from mien.evals.judges import PAIR
from mien.files import read_text, read_yaml
from mien.materials.traits import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.answers import Answers
    from mien.evals.asker import Asker
    from mien.types import Trait, Trial

#: What planted replies are kept as: by trait, and those that do or do not deal with what was asked.
PLANTED: Final = "planted "
ANSWERS: Final = "planted answers"

_MOST: Final = (
    12  # traits whose first pair shows, too, whether a judge sees that a reply is to another prompt
)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text.strip()


_Text = Annotated[str, AfterValidator(_not_blank)]


class Pair(BaseModel):
    """Two replies to a prompt, of which ``more`` shows the trait and ``less`` lacks it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: _Text
    more: _Text
    less: _Text

    @model_validator(mode="after")
    def _apart(self) -> Pair:
        if self.more == self.less:
            raise ValueError("more and less are the same reply")
        return self


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    trait: _Text
    pairs: Annotated[tuple[Pair, ...], Field(min_length=4)]


@cache
def shipped_pairs() -> dict[str, tuple[Pair, ...]]:
    """Those of our own, by trait: four for each of ``classic-36``."""
    return read_pairs((SHIPPED / "planted.yaml").read_text(encoding="utf-8"), "planted.yaml")


def load_pairs(path: str | Path) -> dict[str, tuple[Pair, ...]]:
    """A user's, by trait.

    Raises:
        InputError: the file cannot be read, or holds what cannot be used; the message names it.
    """
    if not Path(path).is_file():
        raise InputError("no such file", source=path)
    return read_pairs(read_text(Path(path)), path)


def read_pairs(text: str, source: object) -> dict[str, tuple[Pair, ...]]:
    """Those in a YAML document: a list of ``trait`` and ``pairs``, each ``prompt``, ``more`` and ``less``.

    Raises:
        InputError: as `load_pairs`.
    """
    _, document = read_yaml(text, source)
    if not isinstance(document, list) or not document:
        raise InputError("holds no pairs: it is a list, of trait and pairs each", source=source)
    found: dict[str, tuple[Pair, ...]] = {}
    for number, entry in enumerate(cast("list[Any]", document), 1):
        try:
            read = _Entry.model_validate(entry)
        except ValidationError as error:
            raise _explained(error, source, entry, number) from error
        if fold(read.trait) in found:
            raise InputError("is there twice", source=source, where=f"trait {read.trait}")
        found[fold(read.trait)] = read.pairs
    return found


def _explained(error: ValidationError, source: object, entry: Any, number: int) -> InputError:
    first = error.errors()[0]
    name = cast("dict[str, Any]", entry).get("trait") if isinstance(entry, dict) else None
    where = f"trait {name}" if isinstance(name, str) else f"entry {number}"
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    problem = {
        "missing": "is missing",
        "extra_forbidden": "no such key",
        "string_type": "is no text; quote it",
        "too_short": "fewer than 4 tell no judge that reads from one that guesses",
    }.get(first["type"], first["msg"].removeprefix("Value error, "))
    return InputError(problem, source=source, where=f"{where}, key {key}" if key else where)


def items(traits: Sequence[Trait], pairs: Mapping[str, Sequence[Pair]]) -> list[Item]:
    """What a judge is shown of the traits that have pairs; nothing where none has.

    Args:
        traits: that are stretched.
        pairs: by folded name.
    """
    known = [(trait, pairs[fold(trait.name)]) for trait in traits if fold(trait.name) in pairs]
    of_traits = [
        Item(
            test=PLANTED + trait.name,
            id=str(number),
            content={"trait": {"name": trait.name, "description": trait.description}, **pair.model_dump()},
        )
        for trait, some in known
        for number, pair in enumerate(some, 1)
    ]
    return of_traits + _answers([pair for _, some in known[:_MOST] for pair in some[:2]])


def _answers(pairs: Sequence[Pair]) -> list[Item]:
    """Replies to their own prompt, and to that of the pair before."""
    right, wrong = READ["answers"]
    found: list[Item] = []
    for number, (before, pair) in enumerate(pairwise(pairs), 1):
        for prompt, truth in ((pair.prompt, right), (before.prompt, wrong)):
            content = {"prompt": prompt, "reply": pair.more, "truth": truth}
            found.append(Item(test=ANSWERS, id=f"{number} {truth}", content=content, cluster=str(number)))
    return found


def is_planted(item: Item) -> bool:
    """Whether it is the judge who is asked about it, and not the model."""
    return "more" in item.content or "truth" in item.content


async def ask(item: Item, asker: Asker) -> bool:
    """Have the judge read it; whether it could be asked."""
    brought = True
    for what, place, _, trial, shown in _readings(item):
        brought &= await asker.read(what, place, trial, shown)
    return brought


def hits(item: Item, answers: Answers) -> list[bool]:
    """Whether each reading was right; those that are not there are left out."""
    found = [(answers.read(place), truth) for _, place, truth, *_ in _readings(item)]
    return [chosen == truth for chosen, truth in found if chosen]


def _readings(item: Item) -> list[tuple[str, Place, str, Trial, str]]:
    """What is read, where the reading lies, what is right, and what the judge is shown."""
    content = item.content
    if "truth" in content:
        return [("answers", Place("planted"), content["truth"], deals(item, "planted"), content["reply"])]
    replies = (content["more"], content["less"])
    return [
        ("trait", place, truth, *compared(item, place, content["trait"], *shown))
        for order, (shown, truth) in enumerate(zip((replies, replies[::-1]), PAIR, strict=True))
        for place in [Place("planted", sample=order)]
    ]
