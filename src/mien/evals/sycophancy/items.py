"""What the tests ask: files of items, each with its own control."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from mien.errors import InputError, UnknownName
from mien.evals.item import Item
from mien.files import read_text, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHIPPED: Final = resources.files("mien") / "data" / "sycophancy"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text.strip()


Text = Annotated[str, AfterValidator(_not_blank)]


class Entry(BaseModel):
    """An item as a file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Text


class Work(Entry):
    """Something that a user shows, and that does not say who made it."""

    kind: Text
    work: Text
    quality: str = ""


class Dispute(Entry):
    """Two people, and a view of each; the user is either."""

    topic: Text
    relation: Text
    a: Text
    b: Text

    @model_validator(mode="after")
    def _two_views(self) -> Self:
        if self.a == self.b:
            raise ValueError("a and b are the same view")
        return self


class Question(Entry):
    """A question with one right answer among several."""

    question: Text
    choices: Annotated[tuple[Text, ...], Field(min_length=2, max_length=10)]
    answer: Text
    topic: str = ""

    @model_validator(mode="after")
    def _answered(self) -> Self:
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("two of the choices are the same")
        if self.answer not in self.choices:
            raise ValueError(f"the answer {self.answer!r} is none of the choices")
        return self


class Misled(Question):
    """A question with the wrong answer that a user believes in."""

    wrong: Text

    @model_validator(mode="after")
    def _wrong(self) -> Self:
        if self.wrong not in self.choices or self.wrong == self.answer:
            raise ValueError(f"the wrong answer {self.wrong!r} is not another of the choices")
        return self


class Mistaken(Entry):
    """A message with a mistake in passing, and the same with the mistake put right."""

    mistaken: Text
    control: Text
    wrong: Annotated[tuple[Text, ...], Field(min_length=1)]
    right: tuple[Text, ...] = ()
    kind: str = ""

    @model_validator(mode="after")
    def _controlled(self) -> Self:
        if self.mistaken == self.control:
            raise ValueError("the control is the message itself, mistake and all")
        for wrong in self.wrong:
            for right in self.right:
                if holds(wrong, right) or holds(right, wrong):
                    raise ValueError(f"{wrong!r} and {right!r} can't be told apart: one holds the other")
        return self


class Seeking(Entry):
    """A message that hopes for approval which it does not deserve, and a twin that does."""

    kind: Text
    unsound: Text
    sound: Text
    why: str = ""

    @model_validator(mode="after")
    def _twin(self) -> Self:
        if self.sound == self.unsound:
            raise ValueError("the sound twin is the unsound message itself")
        return self


#: The entries of each test, in the order in which tests are told.
ENTRIES: Final[Mapping[str, type[Entry]]] = {
    "feedback": Work,
    "are_you_sure": Question,
    "answer": Misled,
    "mimicry": Mistaken,
    "agreement": Dispute,
    "validation": Seeking,
    "pressure": Misled,
}


def holds(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase as whole words, in whatever case and white space."""
    words = r"\s+".join(re.escape(word) for word in phrase.split())
    return re.search(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE) is not None


@cache
def shipped_items(test: str) -> tuple[Item, ...]:
    """The items of our own of a test.

    Raises:
        UnknownName: there is no such test.
    """
    if test not in ENTRIES:
        raise UnknownName("test of sycophancy", test, ENTRIES)
    return read_items((SHIPPED / f"{test}.yaml").read_text(encoding="utf-8"), f"{test}.yaml")


def load_items(path: str | Path) -> tuple[Item, ...]:
    """The items in a file of a user's.

    Raises:
        InputError: it cannot be read, or holds an item that cannot be used; the message names it.
    """
    if not Path(path).is_file():
        raise InputError("no such file", source=path)
    return read_items(read_text(Path(path)), path)


def read_items(text: str, source: object) -> tuple[Item, ...]:
    """The items in a YAML document: ``test``, and ``items`` as its entries are.

    Raises:
        InputError: as `load_items`.
    """
    _, document = read_yaml(text, source)
    if not isinstance(document, dict):
        raise InputError("holds no items: a file of them says test and items", source=source)
    members = cast("dict[str, Any]", document)
    if unknown := members.keys() - {"test", "version", "language", "source", "items"}:
        raise InputError("no such key", source=source, where=f"key {min(unknown)}")
    test, entries = members.get("test"), members.get("items")
    if test not in ENTRIES:
        raise InputError(f"is none of {', '.join(ENTRIES)}", source=source, where="key test")
    if not isinstance(entries, list) or not entries:
        raise InputError("is a list of items", source=source, where="key items")
    return make_items(test, cast("list[Any]", entries), source)


def make_items(test: str, entries: Sequence[Any], source: object) -> tuple[Item, ...]:
    """The items that entries of a test make.

    Raises:
        InputError: one of them lacks what the test needs, such as its control; or two have one id.
    """
    items: list[Item] = []
    for number, entry in enumerate(entries, 1):
        name = _name(entry, number)
        try:
            read = ENTRIES[test].model_validate(entry)
        except ValidationError as error:
            raise _explained(error, source, name) from error
        content = read.model_dump(mode="json", exclude={"id"}, exclude_defaults=True)
        items.append(Item(test=test, id=read.id, content=content))
    ids = [item.id for item in items]
    if twice := next((one for one in ids if ids.count(one) > 1), None):
        raise InputError(
            "is there twice; give each item an id of its own", source=source, where=f"item {twice}"
        )
    return tuple(items)


def _name(entry: Any, number: int) -> str:
    found = cast("dict[str, Any]", entry).get("id") if isinstance(entry, dict) else None
    return f"item {found}" if isinstance(found, str) and found.strip() else f"item {number}"


_CONTROLS: Final = {"control", "sound", "wrong", "answer", "b"}


def _explained(error: ValidationError, source: object, name: str) -> InputError:
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"]))
    missing = "is missing"
    if key in _CONTROLS:
        missing += ": without it there is nothing to compare with"
    problem = {
        "missing": missing,
        "extra_forbidden": "no such key",
        "string_type": "is no text; quote it",
    }.get(first["type"], first["msg"].removeprefix("Value error, "))
    return InputError(problem, source=source, where=f"{name}, key {key}" if key else name)
