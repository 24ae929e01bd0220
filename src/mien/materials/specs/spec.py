"""A spec: clauses, each a behaviour that is required, with the items that test it."""

from __future__ import annotations

import re
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, cast

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    model_validator,
)

from mien.errors import InputError
from mien.files import format_of, line_of, read_text, read_yaml, yaml_text
from mien.formatting import UNSEEN
from mien.materials.specs.checks import Check, read_check
from mien.materials.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import yaml

    from mien.types import Message

Authority = Literal["root", "system", "developer", "user", "guideline", ""]
ItemKind = Literal["typical", "edge", "adversarial", ""]

#: Who may set a clause aside, from nobody down; clauses without an authority come last.
AUTHORITIES: Final[tuple[Authority, ...]] = ("root", "system", "developer", "user", "guideline")

#: What is said of a part of a spec that has no keys.
KEYED: Final = "is to have keys: write them as key: value"

_ID: Final = re.compile(r"[a-z0-9_-]+")


def _identifier(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("an id is of small letters, digits, _ and -")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank; write it")
    return text.strip()


def _visible(text: str) -> str:
    if UNSEEN.search(text):
        raise ValueError("holds a control character or a line break; take it out")
    return text.strip()


def _conversation(given: object) -> object:
    """Messages as a list: a text is one of a user's. Keys are looked at before their values."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list):
        return given
    messages = cast("list[object]", given)
    for number, message in enumerate(messages, 1):
        if isinstance(message, dict):
            members = cast("dict[object, object]", message)
            others = [key for key in members if key not in {"role", "content"}]
            if others and all(members[key] is None for key in others):
                raise ValueError(f"message {number}: quote the text: it holds a comma")
            if others or len(members) < 2:
                raise ValueError(f"message {number}: has a role and a content, and nothing else")
    return messages


def _spoken(messages: tuple[dict[str, str], ...]) -> tuple[dict[str, str], ...]:
    for number, message in enumerate(messages, 1):
        if message["role"] not in {"system", "user", "assistant"}:
            raise ValueError(f"message {number}: its role is system, user or assistant")
        if message["role"] == "system" and number > 1:
            raise ValueError(f"message {number}: what the system says stands first, in one message")
        if not message["content"].strip():
            raise ValueError(f"message {number}: is blank; write it")
    if not any(message["role"] == "user" for message in messages):
        raise ValueError("holds no message of a user's")
    return messages


def _quoted_language(given: object) -> object:
    """YAML reads the code of Norwegian, ``no``, as a negation."""
    return {"language": "no"} if given == {"language": False} else given


Text = Annotated[str, AfterValidator(_not_blank)]
Line = Annotated[str, AfterValidator(_visible)]
Id = Annotated[str, AfterValidator(_identifier)]
Checked = Annotated[
    Check,
    BeforeValidator(_quoted_language),
    PlainValidator(read_check),
    PlainSerializer(Check.members, return_type=dict[str, Any]),
]
if TYPE_CHECKING:
    Messages = tuple[Message, ...]
else:  # pydantic takes the TypedDict of no Python before 3.12
    Messages = Annotated[
        tuple[dict[str, str], ...],
        BeforeValidator(_conversation),
        Field(min_length=1),
        AfterValidator(_spoken),
        PlainSerializer(
            lambda said: said[0]["content"] if len(said) == 1 else [dict(one) for one in said],
            return_type=str | list[dict[str, str]],
        ),
    ]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Example(_Strict):
    """An answer that meets or breaks a clause.

    Attributes:
        messages: the conversation before it; its last need not be a user's.
        why: what is good or bad about it.
    """

    messages: Messages
    answer: Text
    why: str = ""


class SpecItem(_Strict):
    """A conversation to continue, and what is checked in the answer.

    Attributes:
        id: unique within the clause.
        messages: they end with a user's.
        cluster: items that hang together share it; empty where the item stands alone.
        held_out: kept from whoever trains or tunes on the items.
        origin: the model that wrote it; empty where that is not said.
        checks: all must hold; where there are none, the judge is asked whether the clause is met.
    """

    id: Id
    messages: Messages
    kind: ItemKind = ""
    cluster: Line = ""
    held_out: bool = False
    origin: Line = ""
    checks: tuple[Checked, ...] = ()

    @model_validator(mode="after")
    def _to_continue(self) -> Self:
        if self.messages[-1]["role"] != "user":
            raise ValueError("the conversation ends with a message of the user's, for the model to answer")
        return self


class Clause(_Strict):
    """A behaviour that is required.

    Attributes:
        id: unique within the spec.
        section: where it stands in the document.
        authority: who may set it aside; empty where that is not said.
        applies: when it applies, in words; empty where that is for the judge to say.
        good: answers that meet it, and `bad`, that break it: the judge is calibrated on them.
    """

    id: Id
    section: Line = ""
    text: Text
    authority: Authority = ""
    tags: tuple[Line, ...] = ()
    applies: str = ""
    good: tuple[Example, ...] = ()
    bad: tuple[Example, ...] = ()
    items: tuple[SpecItem, ...] = ()

    def content(self, item: SpecItem) -> dict[str, Any]:
        """All that what is asked about an item depends on; JSON can hold it.

        The text of the clause, and when it applies, are part of it where the judge is asked about the
        clause: an item whose checks say it all is the same when the clause is reworded.
        """
        found: dict[str, Any] = {"messages": [dict(message) for message in item.messages]}
        if item.checks:
            return found | {"checks": [check.members() for check in item.checks]}
        return found | {"clause": self.text} | ({"applies": self.applies} if self.applies else {})

    def key(self, item: SpecItem) -> str:
        """Hash of what is asked about an item, by which a later version knows it again."""
        return blake2b(msgspec.json.encode(self.content(item), order="sorted"), digest_size=12).hexdigest()


class Gates(_Strict):
    """What a release has to keep, of one kind of estimates.

    Attributes:
        of: the kind, such as ``clauses``.
        fail_on: gates as ``mien diff --fail-on`` takes them.
    """

    of: Line
    fail_on: tuple[Text, ...] = Field(min_length=1)


class Spec(_Strict):
    """What a model is required to do.

    Attributes:
        version: the document's own, in words.
        source: where its text is from, and under what licence.
        gates: what a release has to keep.
        study: how what gates name beside clauses is measured, in the words of a study's file.
    """

    name: Annotated[Text, AfterValidator(_visible)]
    version: Line = ""
    description: str = ""
    source: str = ""
    clauses: tuple[Clause, ...] = Field(min_length=1)
    gates: tuple[Gates, ...] = ()
    study: dict[str, Any] = {}

    @cached_property
    def identity(self) -> dict[str, str]:
        """Its name and version, and a hash of all that it holds."""
        content = self.model_dump_json().encode()
        found = {"name": self.name, "version": self.version}
        return found | {"hash": blake2b(content, digest_size=8).hexdigest()}

    @property
    def items(self) -> Iterator[tuple[Clause, SpecItem]]:
        """Each item with its clause."""
        return ((clause, item) for clause in self.clauses for item in clause.items)

    def yaml(self) -> str:
        """What a file of it holds; what is empty is left out."""
        return yaml_text(self.model_dump(mode="json", exclude_defaults=True))


def read_spec(path: str | Path) -> Spec:
    """Read a spec's YAML file.

    Raises:
        InputError: the file cannot be read, or is no spec: a key that is unknown, missing or of another
            kind, or an id that is there twice; with its line.
    """
    node, members = document(path)
    try:
        spec = Spec.model_validate(members)
    except ValidationError as error:
        first = structure(node, error, keyed=KEYED)[0]
        raise InputError(first.problem, source=path, where=f"line {first.line}") from error
    for place, problem in twice(spec):
        raise InputError(problem, source=path, where=f"line {line_of(node, *place)}")
    return spec


def document(path: str | Path) -> tuple[yaml.Node, dict[str, Any]]:
    """A spec's nodes, which know their lines, and its members.

    ``clauses`` may be the name of another spec's file beside it, whose clauses it then has.

    Raises:
        InputError: the file cannot be read, is not a mapping in YAML, or has a key twice; or that is so of
            the file that its clauses are in.
    """
    importing = f"what others have written becomes one by: mien spec import {path}"
    if format_of(Path(path)) not in {".yaml", ".yml"}:
        if not Path(path).exists():
            raise InputError("no such file", source=path)
        raise InputError(f"a spec is a file in YAML; {importing}", source=path)
    node, members = read_yaml(read_text(Path(path)), path)
    if node is None or not isinstance(members, dict):
        raise InputError(f"a spec is a mapping of keys to values; {importing}", source=path)
    members = cast("dict[str, Any]", members)
    if isinstance(there := members.get("clauses"), str):
        other = Path(path).parent / there
        _, held = read_yaml(read_text(other), other)
        if isinstance(held, dict) and isinstance(cast("dict[str, Any]", held).get("clauses"), str):
            where = f"line {line_of(node, 'clauses')}"
            raise InputError(
                f"{there} has its clauses in another file; name that one", source=path, where=where
            )
        members["clauses"] = list(read_spec(other).clauses)
    return node, members


def twice(spec: Spec) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Ids that are there twice, each with the place of the second and what is wrong."""
    yield from _again(("clauses",), [clause.id for clause in spec.clauses])
    for number, clause in enumerate(spec.clauses):
        yield from _again(("clauses", number, "items"), [item.id for item in clause.items])


def _again(place: tuple[str | int, ...], ids: Sequence[str]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for number, one in enumerate(ids):
        if one in ids[:number]:
            yield (*place, number, "id"), f"id {one} is there twice; give each an id of its own"
