"""What can be checked in an answer without a judge: pure functions of texts."""

from __future__ import annotations

import re
from functools import cached_property
from math import isnan
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mien.instruments.manner.features import FEATURES, Answer
from mien.instruments.manner.languages import answer_language, language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.materials.specs import Bounds, Check
    from mien.types import Message

_FEATURES: Final = {feature.name: feature for feature in FEATURES}


class Checked:
    """An answer, and what checks find of it.

    Args:
        text: the answer.
        messages: the conversation before it.
    """

    def __init__(self, text: str, messages: Sequence[Message]) -> None:
        self.text, self._messages = text, messages

    def holds(self, check: Check) -> bool | None:
        """Whether a check without a judge holds; None where that cannot be told."""
        found: bool | None
        match check.kind:
            case "contains":
                found = any(self._has(part) for part in check.value)
            case "lacks":
                found = not any(self._has(part) for part in check.value)
            case "matches":
                found = re.search(check.value, self.text) is not None
            case "schema":
                found = self._follows(check.value)
            case "words":
                found = check.value.hold(len(self._answer.words))
            case "language":
                told = language(self.text)
                found = told == check.value if told else None
            case "manner":
                found = self._counts(check.value)
            case "judge":
                raise ValueError("a judge has to be asked")
        return found

    def _has(self, part: str) -> bool:
        return " ".join(part.casefold().split()) in self._folded

    @cached_property
    def _folded(self) -> str:
        return " ".join(self.text.casefold().split())

    @cached_property
    def _answer(self) -> Answer:
        said = [message["content"] for message in self._messages if message["role"] == "user"]
        return Answer(
            text=self.text,
            message=said[-1],
            language=answer_language(self.text, said[-1]),
            later=len(said) > 1,
        )

    def _follows(self, schema: Mapping[str, Any]) -> bool:
        from jsonschema.validators import validator_for

        try:
            found: Any = msgspec.json.decode(self.text.strip())
            return bool(validator_for(schema)(schema).is_valid(found))
        except (msgspec.DecodeError, RecursionError):
            return False

    def _counts(self, features: Mapping[str, Bounds]) -> bool | None:
        """Whether all features lie within their bounds; one outside is enough for a no."""
        untold = False
        for name, bounds in features.items():
            value = _FEATURES[name].measure(self._answer)
            if isnan(value):
                untold = True
            elif not bounds.hold(value):
                return False
        return None if untold else True
