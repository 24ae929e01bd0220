"""A spec that was made of what others have written, and what there is to tell of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import ValidationError

from mien.errors import InputError
from mien.materials.specs.spec import Clause, Example, Spec, SpecItem

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from pathlib import Path

    from mien.materials.specs.checks import Check
    from mien.types import Message

_LONGEST: Final = 48  # characters of an id that was made of a text


@dataclass(frozen=True, slots=True)
class Imported:
    """A spec, and how it came about.

    Attributes:
        notes: as what the file was read, and what was made of it: a phrase each.
        left: what of the file could not be carried over, each with its place.
    """

    spec: Spec
    notes: tuple[str, ...]
    left: tuple[str, ...] = ()


def keyed(value: object) -> dict[str, Any]:
    """The members of a mapping; none of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """The members of a list; none of nothing; anything else is the one member."""
    if isinstance(value, list):
        return cast("list[Any]", value)
    return [] if value is None else [value]


def made_spec(
    path: str | Path, *, name: str, version: str = "", description: str = "", **parts: object
) -> Spec:
    """A spec of parts that were read from a file.

    Raises:
        InputError: they make none, such as an empty list of clauses.
    """
    try:
        return Spec.model_validate({"name": name, "version": version, "description": description, **parts})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        problem = f"makes no spec: {where}: {first['msg'].removeprefix('Value error, ')}"
        raise InputError(problem, source=path) from error


def clause(**members: object) -> Clause:
    """A clause, from members as a file has them."""
    return Clause.model_validate(members)


def example(messages: Sequence[Message], answer: str, why: str = "") -> Example:
    """An example, from what a file has."""
    return Example.model_validate({"messages": list(messages), "answer": answer, "why": why})


def item(
    name: str, messages: Sequence[Message], *, cluster: str = "", checks: Sequence[Check] = ()
) -> SpecItem:
    """An item, from what a file has."""
    members = {"id": name, "messages": list(messages), "cluster": cluster, "checks": tuple(checks)}
    return SpecItem.model_validate(members)


def identifier(text: str, taken: Container[str], fallback: str = "clause") -> str:
    """An id made of a text, with a number behind it where it is taken."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = "_".join(re.findall(r"[a-z0-9]+", plain))
    name = words[:_LONGEST].rstrip("_")
    if len(words) > _LONGEST and "_" in name:
        name = name.rpartition("_")[0]  # no word is cut in two
    name = name or fallback
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found
