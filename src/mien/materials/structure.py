"""What is wrong with the structure of a document in YAML, by line and in the words of whoever wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from mien.files import line_of, part_of

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_COLON = "quote the text: it holds a colon"
_MISSING = "is missing"
_QUOTED = re.compile("'([^']+)'")
_READ_AS = {"bool": "yes or no", "int": "a number", "float": "a number", "timestamp": "a date"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, with the line of the file, from 1.

    Attributes:
        warning: it can be used as it is, though it may not be meant.
    """

    line: int
    problem: str
    warning: bool = False


def structure(node: yaml.Node, error: ValidationError, *, keyed: str) -> list[Finding]:
    """What is wrong with the structure, in the user's words; a mistake is told once, without what follows.

    Args:
        node: the document.
        error: what pydantic found in it.
        keyed: what to say of a part that is to have keys and has none.
    """
    errors = error.errors()
    # A text that holds a colon is a mapping to YAML, with a key that is a sentence.
    torn = {
        one["loc"][:-1] for one in errors if one["type"] == "extra_forbidden" and " " in str(one["loc"][-1])
    }
    found: dict[Finding, None] = {}
    for one in errors:
        place = next((place for place in torn if one["loc"][: len(place)] == place and place), one["loc"])
        if one["type"] == "too_short" and any(
            other["loc"][:1] == one["loc"] for other in errors if other != one
        ):
            continue  # what is wrong with its members is told
        problem = _COLON if place in torn else _explained(part_of(node, *place), one, keyed)
        where = f"key {'.'.join(map(str, place))}: " if place else ""
        found[Finding(line_of(node, *place), f"{where}{problem}")] = None
    # On one line, a key that is mistyped comes before the key that is missing for it.
    return sorted(found, key=lambda finding: (finding.line, finding.problem.endswith(_MISSING)))


def _explained(node: yaml.Node | None, error: ErrorDetails, keyed: str) -> str:
    """What pydantic found in a part of the document, as the user would say it."""
    kind = error["type"]
    if kind == "string_type" and isinstance(node, yaml.MappingNode):
        return _COLON
    if kind == "string_type" and isinstance(node, yaml.ScalarNode):
        read_as = _READ_AS.get(node.tag.rpartition(":")[2])
        return f"quote the text: {node.value} is read as {read_as}" if read_as else "is blank; write it"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return keyed
    if kind == "literal_error":
        return f"is none of {', '.join(_QUOTED.findall(str(error.get('ctx', {}).get('expected'))))}"
    said = {
        "extra_forbidden": "no such key",
        "missing": _MISSING,
        "too_short": "holds nothing",
        "tuple_type": "is to be a list: write [one, another], or one a line with - before it",
        "string_type": "is to be a text, not a list",
    }
    return said.get(kind, error["msg"].removeprefix("Value error, "))
