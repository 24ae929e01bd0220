"""Checks of texts that other tools have, as checks of a spec that mean the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mien.materials.specs.checks import Check, read_check

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ANYTHING: Final = r"[\s\S]*"


def contains(texts: Sequence[str], *, cased: bool, absent: bool = False) -> Check:
    """Any of some texts is there; or, ``absent``, none is."""
    if not cased:
        return read_check({"lacks" if absent else "contains": list(texts)})
    return expression("|".join(map(re.escape, texts)), cased=True, absent=absent)


def expression(pattern: str, *, cased: bool = True, absent: bool = False) -> Check:
    """A regular expression finds something; or, ``absent``, nothing.

    Raises:
        ValueError: Python takes it for none.
    """
    read_check({"matches": pattern})
    pattern = pattern if cased else f"(?i:{pattern})"
    return read_check({"matches": rf"\A(?!{_ANYTHING}(?:{pattern}))" if absent else pattern})


def begins(text: str, *, cased: bool = True, absent: bool = False) -> Check:
    """The answer begins with a text; or, ``absent``, does not."""
    escaped = re.escape(text) if cased else f"(?i:{re.escape(text)})"
    return read_check({"matches": rf"\A(?!{escaped})" if absent else rf"\A{escaped}"})


def equals(text: str, *, absent: bool = False) -> Check:
    """The answer is a text, white space around it aside; or, ``absent``, is another."""
    escaped = re.escape(text.strip())
    return read_check({"matches": rf"\A(?!\s*{escaped}\s*\Z)" if absent else rf"\A\s*{escaped}\s*\Z"})


def word(text: str, *, cased: bool, absent: bool = False) -> Check:
    """A text is there as whole words; or, ``absent``, is not."""
    return expression(rf"(?<!\w){re.escape(text)}(?!\w)", cased=cased, absent=absent)


def met(criterion: str, *, absent: bool = False) -> Check:
    """A judge says that the answer meets a criterion; or, ``absent``, that it does not do something."""
    asked = "Is the answer free of this" if absent else "Does this hold for the answer"
    return read_check({"judge": f"{asked}: {criterion.strip()}"})


def either(ways: Iterable[Sequence[str]], *, absent: bool = False) -> Check:
    """A judge says that the answer goes one of several ways, each of several criteria."""
    listed = "\n".join(f"{n}. {'; '.join(one.strip() for one in way)}" for n, way in enumerate(ways, 1))
    if absent:
        return read_check(
            {"judge": f"Is there one of these lines of which nothing at all holds for the answer:\n{listed}"}
        )
    return read_check(
        {"judge": f"Does all that stands in at least one of these lines hold for the answer:\n{listed}"}
    )
