"""Constitutions: a character written down, as assertions in the first person, in a YAML file."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mien.errors import InputError, MienError, UnknownName
from mien.files import read_text
from mien.traits import fold, load_traits

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHIPPED = resources.files("mien") / "data" / "constitutions"
_NEAR = 0.7  # Jaccard similarity of character trigrams from which two texts count as near-duplicates
_ASSERTION_WORDS = 5
_DESCRIPTION_WORDS = 8


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assertion(_Strict):
    """What a character says of itself, and what belongs to it.

    Attributes:
        text: the assertion, in the first person.
        raises: traits that it should raise; the key ``raise`` of the file.
        lowers: traits that it should lower; the key ``lower``.
        questions: messages that people might send where the assertion matters.
        in_character: answers that show it.
        out_of_character: answers that fail it.
    """

    text: str
    raises: tuple[str, ...] = Field(default=(), alias="raise")
    lowers: tuple[str, ...] = Field(default=(), alias="lower")
    questions: tuple[str, ...] = ()
    in_character: tuple[str, ...] = ()
    out_of_character: tuple[str, ...] = ()


class Constitution(_Strict):
    """A written character.

    Attributes:
        traits: the trait set that `raise` and `lower` name traits of: a built-in one, or a file.
        never: what the character must never do.
    """

    name: str
    description: str
    traits: str = "classic-144"
    assertions: tuple[Assertion, ...] = Field(min_length=1)
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, with the line of the file, from 1."""

    line: int
    problem: str


def shipped_constitutions() -> list[str]:
    """Names of the built-in constitutions."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _SHIPPED.iterdir())


def load_constitution(source: str | Path) -> Constitution:
    """Load a built-in constitution by name, or a user's from a YAML file.

    Raises:
        UnknownName: neither a built-in constitution nor a file.
        InputError: not YAML, or a key that is unknown, missing or of another kind; with its line.
    """
    node, members = _read(source)
    try:
        return Constitution.model_validate(members)
    except ValidationError as error:
        first = next(_structure(node, error))
        raise InputError(first.problem, source=source, where=f"line {first.line}") from error


def check_constitution(source: str | Path) -> list[Finding]:
    """Everything that is wrong with a constitution, by line; where its structure fails, that alone.

    Found are: keys unknown, missing or of another kind; texts that are too short; duplicates and
    near-duplicates (trigrams with a Jaccard similarity of 0.7 or more); traits that are not in the trait
    set; and traits that are to be raised and lowered at once.

    Raises:
        UnknownName: neither a built-in constitution nor a file.
        InputError: the file cannot be read, or is not a mapping in YAML.
    """
    node, members = _read(source)
    try:
        constitution = Constitution.model_validate(members)
    except ValidationError as error:
        return sorted(_structure(node, error), key=lambda finding: finding.line)
    found = [
        *_too_short(node, constitution),
        *_twice(_texts(node, constitution)),
        *_traits(node, constitution),
    ]
    return sorted(found, key=lambda finding: finding.line)


def constitution_text(source: str | Path) -> str:
    """The text of a built-in constitution, or of a user's file, as it was written.

    Raises:
        UnknownName: neither a built-in constitution nor a file.
        InputError: the file cannot be read.
    """
    if str(source) in shipped_constitutions():
        return (_SHIPPED / f"{source}.yaml").read_text(encoding="utf-8")
    if Path(source).is_file():
        return read_text(Path(source))
    if Path(source).suffix or Path(source).name != str(source):
        raise InputError("no such file", source=source)
    raise UnknownName("constitution", str(source), shipped_constitutions())


def _read(source: str | Path) -> tuple[yaml.Node, dict[str, Any]]:
    text = constitution_text(source)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        members = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        problem = f"is not valid YAML: {getattr(error, 'problem', error)}"
        raise InputError(problem, source=source, where=where) from error
    if node is None or not isinstance(members, dict):
        raise InputError("a constitution is a mapping of keys to values", source=source)
    return node, cast("dict[str, Any]", members)


def _line(node: yaml.Node, *path: str | int) -> int:
    """The line of the deepest part of a path that the document holds."""
    line = node.start_mark.line + 1
    for part in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            pairs = ((key, value) for key, value in node.value if key.value == part)
            key, found = next(pairs, (None, None))
            line = key.start_mark.line + 1 if key is not None else line
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
            line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return line


def _structure(node: yaml.Node, error: ValidationError) -> Iterator[Finding]:
    for one in error.errors():
        problem = {"extra_forbidden": "no such key", "missing": "is missing"}.get(one["type"], one["msg"])
        key = ".".join(map(str, one["loc"]))
        yield Finding(_line(node, *one["loc"]), f"key {key}: {problem}")


def _too_short(node: yaml.Node, constitution: Constitution) -> Iterator[Finding]:
    if (n := len(constitution.description.split())) < _DESCRIPTION_WORDS:
        problem = f"the description has {n} words; write at least {_DESCRIPTION_WORDS}"
        yield Finding(_line(node, "description"), problem)
    for index, assertion in enumerate(constitution.assertions):
        if (n := len(assertion.text.split())) < _ASSERTION_WORDS:
            problem = f"the assertion has {n} words; write at least {_ASSERTION_WORDS}"
            yield Finding(_line(node, "assertions", index, "text"), problem)
        if not assertion.questions:
            yield Finding(_line(node, "assertions", index), "the assertion has no seed questions")
    for line, text in _texts(node, constitution):
        if not text.strip():
            yield Finding(line, "a blank text; remove it or write it")


def _texts(node: yaml.Node, constitution: Constitution) -> list[tuple[int, str]]:
    texts = [(_line(node, "never", n), text) for n, text in enumerate(constitution.never)]
    for index, assertion in enumerate(constitution.assertions):
        texts.append((_line(node, "assertions", index, "text"), assertion.text))
        for key in ("questions", "in_character", "out_of_character"):
            for n, text in enumerate(getattr(assertion, key)):
                texts.append((_line(node, "assertions", index, key, n), text))
    return sorted(texts)


def _twice(texts: list[tuple[int, str]]) -> Iterator[Finding]:
    earlier: list[tuple[int, str, set[str]]] = []
    for line, text in texts:
        folded = fold(text)
        grams = {folded[n : n + 3] for n in range(max(1, len(folded) - 2))}
        for other, words, theirs in earlier:
            if not folded:
                break
            if folded == words:
                yield Finding(line, f"the same text as on line {other}")
                break
            if len(grams & theirs) >= _NEAR * len(grams | theirs):
                yield Finding(line, f"almost the same text as on line {other}")
                break
        earlier.append((line, folded, grams))


def _traits(node: yaml.Node, constitution: Constitution) -> Iterator[Finding]:
    try:
        known = {fold(name): name for name in load_traits(constitution.traits).names}
    except MienError as error:
        yield Finding(_line(node, "traits"), str(error))
        return
    ways: dict[str, tuple[str, int]] = {}
    for index, assertion in enumerate(constitution.assertions):
        for way, names in (("raise", assertion.raises), ("lower", assertion.lowers)):
            for n, name in enumerate(names):
                line = _line(node, "assertions", index, way, n)
                if fold(name) not in known:
                    yield Finding(line, str(UnknownName("trait", name, known.values())))
                    continue
                before, there = ways.setdefault(fold(name), (way, line))
                if before != way:
                    yield Finding(line, f"{way} {name!r} contradicts {before} on line {there}")


def template(name: str) -> str:
    """A commented constitution to begin with; it passes the check."""
    return _TEMPLATE.replace("NAME", yaml.safe_dump(name).splitlines()[0])


_TEMPLATE = """\
# A character, written down. Check it with: mien constitution check FILE
name: NAME
# One paragraph: whom would a reader meet?
description: An assistant that answers the question first and is glad of the person who asks.
# The trait set that `raise` and `lower` name traits of.
traits: classic-144
# What the character says of itself, in the first person.
assertions:
  - text: I answer the question in my first sentence and explain afterwards.
    # Traits that this should raise or lower; both may be left out.
    raise: [direct]
    lower: [indirect]
    # Messages that people might send where this matters.
    questions:
      - Should I take the train or drive to the airport?
    # Answers that show it, and answers that fail it; both may be left out.
    in_character:
      - Take the train. It is slower on paper, but you can't miss a flight to a traffic jam.
    out_of_character:
      - There are many aspects to weigh before one could begin to compare the two.
# What the character must never do.
never:
  - Sound certain of what it does not know.
"""
