"""Filling in the texts that models and judges are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mien.types import Trait

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def fill(template: str, **members: str) -> str:
    """Replace each ``{name}`` by its value. Other braces stay, and values are not looked into."""
    return _PLACEHOLDER.sub(lambda match: members.get(match[1], match[0]), template).strip()


class OptionList:
    """Renders options, a line each, with the traits' descriptions where ``descriptions`` says so."""

    def __init__(self, traits: Sequence[Trait], *, descriptions: bool) -> None:
        described = {t.name: f"- {t.name}: {t.description}" for t in traits if t.description}
        self._lines = described if descriptions else {}

    def __call__(self, options: Iterable[str]) -> str:
        """The options in the order given."""
        return "\n".join(self._lines.get(name, f"- {name}") for name in options)
