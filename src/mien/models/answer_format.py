"""Whether a model's answer is asked for under a JSON schema, as it is found out call by call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mien.models import Model
    from mien.types import Call

# Statuses of refusals that hold for any request, whatever format it asks for.
_OTHER_REASONS = frozenset((401, 402, 403, 407, 413, 429))

_SCHEMA = re.compile(
    r"response_format|json_schema|structured.?output|guided.?(?:json|decoding)", re.IGNORECASE
)


def names_schema(said: str) -> bool:
    """Whether words are about the form in which an answer was asked for."""
    return bool(_SCHEMA.search(said))


def may_be_the_schema(call: Call) -> bool:
    """Whether a call under a schema may have failed for it.

    Servers refuse a schema by any status, fail over it, or put the object where nobody looks for an answer.
    """
    return not call.answered and (call.status not in _OTHER_REASONS or names_schema(call.failure))


class AnswerFormat:
    """How one model is asked for an answer of a given form: under a schema, or by words of the prompt alone.

    A schema that failed is done without in that question. Once that has helped more often than the schema
    itself, the model is taken to obey none, and `Model.supports_schema` says so.

    Args:
        model: what is asked.
        allowed: whether a schema may be sent at all.
    """

    def __init__(self, model: Model, *, allowed: bool = True) -> None:
        self._model = model
        self._allowed = allowed
        self._obeyed = int(model.supports_schema is True)
        self._helped = 0
        self.proven = False

    @property
    def schema(self) -> bool:
        """Whether the next question is to be asked under a schema."""
        return self._allowed and self._model.supports_schema is not False

    def worked(self, *, schema: bool, instead: bool) -> None:
        """Learn from an answer that could be read.

        Args:
            schema: whether it was given under a schema.
            instead: whether a schema had failed in the same question.
        """
        if schema:
            self.proven = True
            self._obeyed += 1
            self._model.supports_schema = True
        elif instead:
            self._helped += 1
            if self._helped > self._obeyed:
                self._model.supports_schema = False
