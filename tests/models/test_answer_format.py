"""Whether a schema is sent, as questions and their answers tell."""

from __future__ import annotations

from typing import Any

import pytest

from mien.models.answer_format import AnswerFormat, may_be_the_schema
from mien.types import Call


class Known:
    """A model of which only what it supports is of interest."""

    def __init__(self, supports_schema: bool | None) -> None:
        self.supports_schema = supports_schema


@pytest.mark.parametrize(
    ("known", "most"),
    [(None, 1), (True, 2)],  # what a table of providers says takes two to be doubted
)
def test_a_schema_is_given_up_once_tags_have_helped_more_often(known: bool | None, most: int) -> None:
    model: Any = Known(known)
    answers = AnswerFormat(model)
    for helped in range(1, most + 1):
        assert answers.schema
        answers.worked(schema=False, instead=True)
        assert (model.supports_schema is False) == (helped == most)
    assert not answers.schema


def test_tags_that_were_asked_for_from_the_first_say_nothing_of_schemas() -> None:
    model: Any = Known(None)
    answers = AnswerFormat(model, allowed=False)
    answers.worked(schema=False, instead=False)
    assert not answers.schema
    assert model.supports_schema is None


@pytest.mark.parametrize(
    ("status", "failure", "may_be"),
    [
        (500, "oops", True),
        (200, "empty answer (only reasoning)", True),
        (0, "no answer within 600 s", True),
        (401, "HTTP 401: no key", False),
        (403, "HTTP 403: no access", False),
        (403, "HTTP 403: response_format is not in your plan", True),
        (200, "", False),
    ],
)
def test_what_may_be_due_to_a_schema(status: int, failure: str, may_be: bool) -> None:
    call = Call(key="k", endpoint="e", model="m", status=status, failure=failure)
    assert may_be_the_schema(call) is may_be
