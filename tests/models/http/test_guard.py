"""The limit that is sent where nobody set one."""

from __future__ import annotations

from typing import Any

import pytest

from mien.models.http.guard import REFUSED, guard, guarded, refuses_guard
from mien.models.http.providers import resolve

ASKED: dict[str, Any] = {"model": "m", "messages": ()}
HERE = resolve("http://here/v1#m")[0]


def test_what_is_asked_gets_a_limit_where_it_has_none() -> None:
    assert guarded(ASKED, 8192, HERE, {}) == ASKED | {"max_tokens": 8192}
    for asked, longest, learnt in (
        (ASKED, None, {}),
        (ASKED, 8192, {REFUSED: "left out"}),
        (ASKED | {"max_tokens": 9}, 8192, {}),
        (ASKED | {"max_completion_tokens": 9}, 8192, {}),
        (ASKED | {"num_predict": 9}, 8192, {}),  # a member of the user's own
    ):
        assert guarded(asked, longest, HERE, learnt) == asked


@pytest.mark.parametrize(
    "spec",
    ["openai/m", "groq/m", "https://x.openai.azure.com/openai/v1#m", "http://here/v1?api-version=v1#m"],
)
def test_endpoints_that_count_limits_against_their_rate_get_none(spec: str) -> None:
    assert guarded(ASKED, 8192, resolve(spec)[0], {}) == ASKED


def test_a_limit_that_was_asked_for_is_no_guard() -> None:
    assert guard(ASKED, ASKED | {"max_completion_tokens": 8192}) == 8192
    assert guard(ASKED | {"max_tokens": 9}, ASKED | {"max_completion_tokens": 9}) is None
    assert guard(ASKED, ASKED) is None


@pytest.mark.parametrize(
    ("status", "said", "refused"),
    [
        (400, "max_tokens is too large: 8192. This model supports at most 4096 completion tokens", True),
        (400, "max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens", True),
        (400, "'max_tokens' or 'max_completion_tokens' is too large: 8192", True),
        (400, "This model's maximum context length is 4096 tokens. However, you requested 8700 tokens", True),
        (422, "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 508 and 8192", True),
        (400, "Range of max length is 1 to 8,000, not 8,192", True),
        (400, "Extra inputs are not permitted: max_tokens", True),
        (413, "Request too large for model on tokens per minute (TPM): Limit 6000, Requested 8810", True),
        (429, "Request too large for gpt on tokens per min (TPM): Limit 6000, Requested 8810", True),
        (429, "Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000, Requested 8810", False),
        (402, "You requested up to 8192 tokens, but can only afford 12", False),
        (400, "No such model", False),
        (500, "Internal Server Error", False),
    ],
)
def test_what_refuses_it(status: int, said: str, refused: bool) -> None:
    assert refuses_guard(status, f"HTTP {status}: {said}", 8192) is refused
