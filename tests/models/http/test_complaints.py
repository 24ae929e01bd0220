"""Errors as servers tell of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mien.models.http.complaints import complaint, tells_error


def behind(raw: Any, name: str | None = "SomeCloud") -> Any:
    return {"error": {"message": "Provider error", "metadata": {"raw": raw, "provider_name": name}}}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"error": {"message": "a"}}, "a"),
        ([{"error": {"message": "a"}}], "a"),
        ({"error": "a"}, "a"),
        ({"error": "Bad Request", "message": ["a", "b"]}, 'Bad Request: ["a","b"]'),
        ({"errors": [{"message": "a"}]}, '[{"message":"a"}]'),
        ({"message": {"error": "a"}}, "a"),
        ({"title": "a", "status": 400}, "a"),
        ({"error": {"message": '{"error": {"message": "a"}}'}}, "a"),
        ({"error": {"message": "{a}"}}, "{a}"),
        (behind('{"error": {"message": "a"}}'), "Provider error: a (SomeCloud)"),
        (behind("<p>a</p>", None), "Provider error: a"),
        (behind(None), "Provider error (SomeCloud)"),
        (behind({"error": {"message": "a"}}), "Provider error: a (SomeCloud)"),
        (behind("[" * 5000), "Provider error: " + "[" * 283 + "… (SomeCloud)"),
        (None, ""),
        ({}, ""),
    ],
)
def test_the_reason_is_found_wherever_it_is_told(error: Any, message: str) -> None:
    found = complaint(error, json.dumps(error).encode()).message
    assert found == message or (len(found) == 300 and found.startswith("Provider error: ["))


def test_codes_of_all_kinds() -> None:
    told = complaint(
        {"error": {"code": 0, "type": "t", "http_code": "429", "innererror": {"code": "p"}}}, b""
    )
    assert told.codes == {"t", "429", "p"}
    assert told.status == 429
    assert complaint({"code": "insufficient_quota"}, b"").status == 0


def test_a_page_is_told_as_its_text() -> None:
    page = b"<html><style>a { b }</style><script>x < y</script><h1>Not here</h1> if a < b</html>"
    assert " ".join(complaint(None, page).said.split()) == "Not here if a < b"


@pytest.mark.parametrize(
    ("told", "is_error"),
    [
        ({"error": None, "choices": []}, False),
        ({"error": {"message": "a"}}, True),
        ({"base_resp": {"status_code": 0, "status_msg": "success"}}, False),
        ({"base_resp": {"status_code": 1008}}, True),
        ({"code": 404, "message": "a"}, True),
        ({"code": 0, "message": "ok"}, False),
        ({"object": "error"}, True),
        ({"object": "list"}, False),
    ],
)
def test_an_error_may_stand_in_the_body_of_a_success(told: dict[str, Any], is_error: bool) -> None:
    assert bool(tells_error(told)) is is_error
