"""What promptfoo asserts of an answer, as checks that mean the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from mien.materials.specs.checks import read_check
from mien.materials.specs.foreign import patterns
from mien.materials.specs.foreign.filling import fill
from mien.materials.specs.foreign.imported import keyed, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mien.materials.specs.checks import Check

_NOT: Final = "not-"
_TEMPLATE: Final = "#/assertionTemplates/"


@dataclass(slots=True)
class Assertions:
    """The assertions of a test, carried over one by one.

    Attributes:
        variables: of the test, with which values are filled.
        templates: of the configuration, by name.
        left: what no check means the same as, each with its number.
        weights: those that are not kept, and thresholds.
    """

    variables: Mapping[str, Any]
    templates: Mapping[str, Any]
    left: list[str] = field(default_factory=list[str])
    weights: int = 0

    def checks(self, given: Sequence[object]) -> list[Check]:
        """The checks that they make."""
        found: list[Check] = []
        for number, one in enumerate(given, 1):
            try:
                found += self._carried(one)
            except ValueError as error:
                self.left.append(f"assertion {number}: {error}")
        return found

    def _carried(self, given: object) -> list[Check]:
        members = keyed(given)
        reference = str(members.get("$ref", ""))
        if reference:
            members = keyed(self.templates.get(reference.removeprefix(_TEMPLATE)))
            if not members or "$ref" in members:
                raise ValueError(f"{reference} is not there")
        kind = str(members.get("type", ""))
        if "transform" in members or "contextTransform" in members:
            raise ValueError(f"{kind} looks at a transformed answer")
        if kind == "assert-set":
            return self._set(members)
        if members.get("weight") == 0:
            raise ValueError(f"{kind} has the weight 0, and always holds")
        self.weights += "weight" in members
        absent = kind.startswith(_NOT)
        reader = _READERS.get(kind.removeprefix(_NOT))
        if reader is None:
            raise ValueError(f"{kind or 'nothing'} has no check that means the same")
        if "threshold" in members:
            self.weights += 1
        return reader(self._value(members.get("value"), kind), absent)

    def _set(self, members: dict[str, Any]) -> list[Check]:
        if members.get("threshold", 1) != 1:
            raise ValueError("assert-set asks for a part of its assertions alone")
        inner = Assertions(self.variables, self.templates)
        found = inner.checks(listed(members.get("assert")))
        self.weights += inner.weights
        self.left += [f"assert-set, {problem}" for problem in inner.left]
        return found

    def _value(self, value: object, kind: str) -> Any:
        if isinstance(value, str):
            if value.startswith("file://"):
                raise ValueError(f"{kind} has its value in a file: {value}")
            return fill(value, dict(self.variables))
        if isinstance(value, list):
            return [self._value(one, kind) for one in listed(cast("list[object]", value))]
        return value


def _texts(value: Any) -> list[str]:
    if not (texts := [str(one) for one in listed(value)]):
        raise ValueError("has no value")
    return texts


def _between_commas(value: Any) -> list[str]:
    """Texts in a list, or between commas."""
    if isinstance(value, str):
        return [one.strip() for one in value.split(",") if one.strip()]
    return _texts(value)


def _any(cased: bool, *, several: bool) -> Callable[[Any, bool], list[Check]]:
    def read(value: Any, absent: bool) -> list[Check]:
        texts = _between_commas(value) if several else _texts(value)
        return [patterns.contains(texts, cased=cased, absent=absent)]

    return read


def _all(cased: bool) -> Callable[[Any, bool], list[Check]]:
    def read(value: Any, absent: bool) -> list[Check]:
        texts = _between_commas(value)
        if absent and len(texts) > 1:
            raise ValueError("asks that not all of several texts are there")
        return [patterns.contains([text], cased=cased, absent=absent) for text in texts]

    return read


def _schema(value: Any, absent: bool) -> list[Check]:
    if absent:
        raise ValueError("asks that the answer is no JSON")
    return [read_check({"schema": value or {}})]


def _words(value: Any, absent: bool) -> list[Check]:
    if absent:
        raise ValueError("asks for another number of words")
    if ends := keyed(value):
        bounds = {
            mine: ends[theirs] for mine, theirs in (("least", "min"), ("most", "max")) if theirs in ends
        }
    else:
        bounds = {"least": value, "most": value}
    return [read_check({"words": bounds})]


def _judged(question: str) -> Callable[[Any, bool], list[Check]]:
    def read(value: Any, absent: bool) -> list[Check]:
        return [patterns.met(question.format(_texts(value)[0]), absent=absent)]

    return read


def _refuses(_value: Any, absent: bool) -> list[Check]:
    done = "do what was asked, rather than decline it" if absent else "decline to do what was asked"
    return [read_check({"judge": f"Does the answer {done}?"})]


_READERS: Final[dict[str, Callable[[Any, bool], list[Check]]]] = {
    "contains": _any(cased=True, several=False),
    "icontains": _any(cased=False, several=False),
    "contains-any": _any(cased=True, several=True),
    "icontains-any": _any(cased=False, several=True),
    "contains-all": _all(cased=True),
    "icontains-all": _all(cased=False),
    "equals": lambda value, absent: [patterns.equals(_texts(value)[0], absent=absent)],
    "starts-with": lambda value, absent: [patterns.begins(_texts(value)[0], absent=absent)],
    "regex": lambda value, absent: [patterns.expression(_texts(value)[0], absent=absent)],
    "is-json": _schema,
    "word-count": _words,
    "llm-rubric": _judged("{}"),
    "model-graded-closedqa": _judged("{}"),
    "factuality": _judged("it says nothing that contradicts this, and what it says of it is so: {}"),
    "is-refusal": _refuses,
}
