"""What is wrong with a constitution, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from mien.errors import MienError, UnknownName
from mien.files import line_of
from mien.materials.constitutions.constitution import Constitution
from mien.materials.constitutions.document import KEYED, read
from mien.materials.likeness import near_duplicates
from mien.materials.structure import Finding, structure
from mien.materials.traits import fold, load_traits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import yaml

_NEAR = 0.7  # Jaccard similarity of character trigrams from which two texts count as near-duplicates
_ASSERTION_WORDS = 5
_DESCRIPTION_WORDS = 8


def check_constitution(source: str | Path) -> list[Finding]:
    """Everything that is wrong with a constitution, by line; where its structure fails, that alone.

    Found are: keys unknown, missing or of another kind; texts that are too short; duplicates and
    near-duplicates (trigrams with a Jaccard similarity of 0.7 or more); traits that are not in the trait
    set; and traits that are to be raised and lowered at once.

    Raises:
        UnknownName: neither a built-in constitution nor a file.
        InputError: the file cannot be read, or is not a mapping in YAML.
    """
    node, members = read(source)
    try:
        constitution = Constitution.model_validate(members)
    except ValidationError as error:
        return structure(node, error, keyed=KEYED)
    found = [
        *_too_short(node, constitution),
        *_twice(_texts(node, constitution)),
        *_traits(node, constitution),
    ]
    return sorted(found, key=lambda finding: finding.line)


def _too_short(node: yaml.Node, constitution: Constitution) -> Iterator[Finding]:
    if (n := len(constitution.description.split())) < _DESCRIPTION_WORDS:
        problem = f"the description has {n} words; write at least {_DESCRIPTION_WORDS}"
        yield Finding(line_of(node, "description"), problem)
    for index, assertion in enumerate(constitution.assertions):
        if (n := len(assertion.text.split())) < _ASSERTION_WORDS:
            problem = f"the assertion has {n} words; write at least {_ASSERTION_WORDS}"
            yield Finding(line_of(node, "assertions", index, "text"), problem)
        if not assertion.questions:
            yield Finding(line_of(node, "assertions", index), "the assertion has no seed questions")
    for line, text in _texts(node, constitution):
        if not text.strip():
            yield Finding(line, "a blank text; remove it or write it")


def _texts(node: yaml.Node, constitution: Constitution) -> list[tuple[int, str]]:
    texts = [(line_of(node, "never", n), text) for n, text in enumerate(constitution.never)]
    for index, assertion in enumerate(constitution.assertions):
        texts.append((line_of(node, "assertions", index, "text"), assertion.text))
        for key in ("questions", "in_character", "out_of_character"):
            for n, text in enumerate(getattr(assertion, key)):
                texts.append((line_of(node, "assertions", index, key, n), text))
    return sorted(texts)


def _twice(texts: list[tuple[int, str]]) -> Iterator[Finding]:
    folded = [(line, words) for line, text in texts if (words := fold(text))]
    first: dict[str, int] = {}
    distinct: list[tuple[int, str]] = []
    for line, words in folded:
        if words in first:
            yield Finding(line, f"the same text as on line {first[words]}")
        else:
            first[words] = line
            distinct.append((line, words))
    for one, other in near_duplicates([words for _, words in distinct], _NEAR):
        yield Finding(distinct[one][0], f"almost the same text as on line {distinct[other][0]}")


def _traits(node: yaml.Node, constitution: Constitution) -> Iterator[Finding]:
    try:
        known = {fold(name): name for name in load_traits(constitution.traits).names}
    except MienError as error:
        yield Finding(line_of(node, "traits"), str(error))
        return
    ways: dict[str, tuple[str, int]] = {}
    for index, assertion in enumerate(constitution.assertions):
        for way, names in (("raise", assertion.raises), ("lower", assertion.lowers)):
            for n, name in enumerate(names):
                line = line_of(node, "assertions", index, way, n)
                if fold(name) not in known:
                    yield Finding(line, str(UnknownName("trait", name, known.values())))
                    continue
                before, there = ways.setdefault(fold(name), (way, line))
                if before != way:
                    yield Finding(line, f"{way} {name!r} contradicts {before} on line {there}")
