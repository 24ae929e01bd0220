"""What is wrong with a spec's file, or may not be meant, and on which line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from mien.errors import InputError, UnknownName
from mien.files import line_of
from mien.materials.likeness import near_duplicates
from mien.materials.specs.spec import KEYED, Spec, document, twice
from mien.materials.structure import Finding, structure
from mien.materials.traits import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from mien.materials.specs.checks import Check
    from mien.materials.specs.spec import Clause, Example, SpecItem

Place = tuple[str | int, ...]
_Found = tuple[Place, str]

_NEAR: Final = 0.7  # Jaccard similarity of character trigrams from which two texts count as near-duplicates
_LINK: Final = re.compile(r"\]\(#([^)\s]+)\)")
_OF_CLAUSE: Final = re.compile(r"\bclause\(\s*([^)\s]*)\s*\)")


@dataclass(frozen=True, slots=True)
class Names:
    """What the checks of a spec may name.

    Attributes:
        features: of ``manner``.
        languages: codes of those that can be told.
    """

    features: Collection[str]
    languages: Collection[str]


def check_spec(path: str | Path, names: Names) -> list[Finding]:
    """Everything that is wrong with a spec, by line; where its structure fails, that alone.

    Wrong are: keys unknown, missing or of another kind; ids that are there twice; checks of features and
    languages that nobody can count; checks that no answer can meet at once; an answer that is a good and a
    bad example; an item that is there twice; gates of clauses that are not there. Warned is of: clauses
    without items, or without the examples that calibrate their judge; links to clauses that are not there;
    and near-duplicates (trigrams with a Jaccard similarity of 0.7 or more).

    Raises:
        InputError: the file cannot be read, or is not a mapping in YAML.
    """
    node, members = document(path)
    try:
        spec = Spec.model_validate(members)
    except ValidationError as error:
        return structure(node, error, keyed=KEYED)
    found = {
        Finding(line_of(node, *place), problem, warning)
        for warning, several in ((False, wrong(spec, names)), (True, _warned(spec)))
        for place, problem in several
    }
    return sorted(found, key=lambda one: (one.line, one.warning, one.problem))


def require_sound(spec: Spec, path: str | Path, names: Names) -> None:
    """Refuse a spec that can be read, and cannot be run as it is.

    Raises:
        InputError: with the line of the first thing that is wrong.
    """
    for place, problem in wrong(spec, names):
        node, _ = document(path)
        raise InputError(problem, source=path, where=f"line {line_of(node, *place)}")


def wrong(spec: Spec, names: Names) -> Iterator[_Found]:
    """What is wrong with a spec whose structure is sound, each with its place."""
    yield from twice(spec)
    ids = {clause.id for clause in spec.clauses}
    for number, clause in enumerate(spec.clauses):
        for n, item in enumerate(clause.items):
            for place, problem in (*_unknown(item, names), *_at_odds(item.checks)):
                yield ("clauses", number, "items", n, *place), problem
        yield from _same_items(number, clause)
    yield from _good_and_bad(spec)
    for number, gates in enumerate(spec.gates):
        for n, gate in enumerate(gates.fail_on):
            for name in _OF_CLAUSE.findall(gate):
                if name not in ids:
                    yield ("gates", number, "fail_on", n), str(UnknownName("clause", name, ids))


def _unknown(item: SpecItem, names: Names) -> Iterator[_Found]:
    for n, check in enumerate(item.checks):
        if check.kind == "manner":
            for feature in check.value:
                if feature not in names.features:
                    yield ("checks", n), str(UnknownName("feature of manner", feature, names.features))
        elif check.kind == "language" and check.value not in names.languages:
            yield ("checks", n), str(UnknownName("language", check.value, names.languages))


def _at_odds(checks: Sequence[Check]) -> Iterator[_Found]:
    """Checks that no answer can meet at once."""
    lacked = {fold(text) for check in checks if check.kind == "lacks" for text in check.value}
    for n, check in enumerate(checks):
        if check.kind == "contains" and all(any(one in fold(text) for one in lacked) for text in check.value):
            yield ("checks", n), "contradicts what the answer is to lack: no answer meets both"
    for kind in ("language", "words"):
        same = [(n, check.value) for n, check in enumerate(checks) if check.kind == kind]
        for (_, first), (n, second) in combinations(same, 2):
            if kind == "language" and first != second:
                yield ("checks", n), f"the answer can't be in {first} and in {second}"
            elif kind == "words" and not first.meets(second):
                yield ("checks", n), "contradicts the numbers of words before: no answer meets both"


def _same_items(number: int, clause: Clause) -> Iterator[_Found]:
    first: dict[str, str] = {}
    for n, item in enumerate(clause.items):
        before = first.setdefault(clause.key(item), item.id)
        if before != item.id:
            yield ("clauses", number, "items", n), f"asks and checks the same as item {before}"


def _good_and_bad(spec: Spec) -> Iterator[_Found]:
    good: dict[tuple[str, str], str] = {}
    for clause in spec.clauses:
        for example in clause.good:
            good.setdefault(_shown(example), clause.id)
    for number, clause in enumerate(spec.clauses):
        for n, example in enumerate(clause.bad):
            if other := good.get(_shown(example)):
                problem = (
                    "the same answer is a good example of this clause"
                    if other == clause.id
                    else f"contradicts clause {other}, of which the same answer is a good example"
                )
                yield ("clauses", number, "bad", n), problem


def _shown(example: Example) -> tuple[str, str]:
    return _said(example.messages), fold(example.answer)


def _said(messages: Sequence[object]) -> str:
    return fold("\n".join(str(message) for message in messages))


def _warned(spec: Spec) -> Iterator[_Found]:
    ids = {clause.id for clause in spec.clauses}
    for number, clause in enumerate(spec.clauses):
        place = ("clauses", number, "id")
        if not clause.items:
            yield place, f"clause {clause.id} has no items: nothing tests it"
        elif not (clause.good and clause.bad) and not all(item.checks for item in clause.items):
            missing = " and ".join(kind for kind in ("good", "bad") if not getattr(clause, kind))
            yield place, f"clause {clause.id} has no {missing} examples to calibrate its judge on"
        for name in _LINK.findall(clause.text):
            if name not in ids:
                yield ("clauses", number, "text"), f"links to #{name}, which is no clause"
        said = [_last(item) for item in clause.items]
        for one, other in near_duplicates(said, _NEAR):
            if said[one] != said[other]:
                like = clause.items[other].id
                yield ("clauses", number, "items", one), f"asks almost the same as item {like}"
    texts = [fold(clause.text) for clause in spec.clauses]
    for one, other in near_duplicates(texts, _NEAR):
        like = spec.clauses[other].id
        yield ("clauses", one, "text"), f"almost the same text as clause {like}"


def _last(item: SpecItem) -> str:
    return fold(item.messages[-1]["content"])
