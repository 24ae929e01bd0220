"""What an answer is checked for, apart from the clause itself."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

import msgspec

from mien.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["contains", "lacks", "matches", "schema", "words", "language", "manner", "judge"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a number has to lie between; either end may be open, and both belong to it.

    Raises:
        ValueError: neither end is given, or the least is above the most.
    """

    least: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        if self.least is None and self.most is None:
            raise ValueError("give least, most, or both")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least {self.least:g} is above most {self.most:g}: nothing meets it")

    def hold(self, value: float) -> bool:
        """Whether they hold a value; they don't hold what is not a number."""
        above = self.least is None or value >= self.least
        below = self.most is None or value <= self.most
        return not math.isnan(value) and above and below

    def meets(self, other: Bounds) -> bool:
        """Whether a value lies within both."""
        least = max((one.least for one in (self, other) if one.least is not None), default=-math.inf)
        most = min((one.most for one in (self, other) if one.most is not None), default=math.inf)
        return least <= most


@dataclass(frozen=True, slots=True)
class Check:
    """What an answer has to be like, apart from the clause itself.

    Attributes:
        kind: ``contains`` (any of some texts, in whatever case), ``lacks`` (none of them), ``matches`` (a
            regular expression finds something), ``schema`` (JSON of a JSON Schema), ``words`` (their
            number), ``language``, ``manner`` (counted features) or ``judge`` (a question whose answer has to
            be yes).
        value: a tuple of texts for ``contains`` and ``lacks``; the expression, language or question;
            the schema; `Bounds` for ``words``; a dict of features to `Bounds` for ``manner``.
    """

    kind: Kind
    value: Any

    @property
    def counted(self) -> bool:
        """Whether it takes no judge."""
        return self.kind != "judge"

    def members(self) -> dict[str, Any]:
        """The check as a file has it; `read_check` reads it again."""
        value = self.value
        if isinstance(value, tuple):
            texts = cast("tuple[str, ...]", value)
            value = texts[0] if len(texts) == 1 else list(texts)
        elif isinstance(value, Bounds):
            value = _ends(value)
        elif self.kind == "manner":
            value = {feature: _ends(bounds) for feature, bounds in self.value.items()}
        return {self.kind: value}


def read_check(given: object) -> Check:
    """The check that a file has as a mapping of its kind to its value.

    Raises:
        ValueError: there is no such check, or its value is not of its kind; says which.
    """
    if isinstance(given, Check):
        return given
    if not isinstance(given, dict) or not given:
        raise ValueError("a check is a key and its value, as in: contains: a text")
    members = cast("dict[Any, Any]", given)
    for kind in members:
        if kind not in _READERS:
            raise ValueError(str(UnknownName("check", str(kind), _READERS)))
    if len(members) > 1:
        raise ValueError(f"write each check as an entry of its own: - {'; - '.join(members)}")
    ((kind, value),) = members.items()
    try:
        return Check(kind, _READERS[kind](value))
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from None


def _ends(bounds: Bounds) -> dict[str, float]:
    ends = {"least": bounds.least, "most": bounds.most}
    return {end: int(at) if at == int(at) else at for end, at in ends.items() if at is not None}


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is blank, or no text; quote it")
    return value


def _texts(value: object) -> tuple[str, ...]:
    texts = tuple(map(_text, cast("list[object]", value))) if isinstance(value, list) else (_text(value),)
    if not texts:
        raise ValueError("is an empty list; write a text")
    return texts


def _expression(value: object) -> str:
    try:
        re.compile(_text(value))
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return cast("str", value)


def _language(value: object) -> str:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise ValueError("is the code of a language, such as de")
    return value


def _bounds(value: object) -> Bounds:
    if not isinstance(value, dict):
        raise ValueError("is least, most, or both, as in {least: 20, most: 120}")
    members = cast("dict[Any, Any]", value)
    for end, at in members.items():
        if end not in {"least", "most"}:
            raise ValueError(f"no such key: {end}; it has least and most")
        if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
            raise ValueError(f"{end} is a number")
    return Bounds(**members)


def _features(value: object) -> dict[str, Bounds]:
    if not isinstance(value, dict) or not value:
        raise ValueError("is features with their bounds, as in {hedges: {most: 2}}")
    found: dict[str, Bounds] = {}
    for feature, bounds in cast("dict[Any, Any]", value).items():
        try:
            found[str(feature)] = _bounds(bounds)
        except ValueError as error:
            raise ValueError(f"{feature}: {error}") from None
    return found


def _schema(value: object) -> dict[str, Any]:
    """A JSON Schema that stands for itself: nothing that it refers to is fetched from anywhere."""
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    if not isinstance(value, dict):
        raise ValueError("is a JSON Schema, as in {type: object}")
    schema = cast("dict[str, Any]", value)
    try:
        validator_for(schema).check_schema(schema)
        msgspec.json.encode(schema)
    except SchemaError as error:
        raise ValueError(f"is no JSON Schema: {error.message}") from None
    except (TypeError, msgspec.MsgspecError) as error:
        raise ValueError(f"holds what JSON cannot: {error}") from None
    _require_own(schema)
    return schema


def _require_own(part: object) -> None:
    if isinstance(part, dict):
        members = cast("dict[str, Any]", part)
        refers = members.get("$ref", members.get("$dynamicRef", "#"))
        if not str(refers).startswith("#"):
            raise ValueError(f"refers to {refers}; write out what it refers to")
        for member in members.values():
            _require_own(member)
    elif isinstance(part, list):
        for member in cast("list[object]", part):
            _require_own(member)


_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "contains": _texts,
    "lacks": _texts,
    "matches": _expression,
    "schema": _schema,
    "words": _bounds,
    "language": _language,
    "manner": _features,
    "judge": _text,
}
