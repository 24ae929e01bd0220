"""Messages in place of chat completions: the same is asked, and the answer is read the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mien.models.http.batches.anthropic import LONGEST_ANSWER, AnthropicBatches
from mien.models.http.batches.service import Standing
from tests.models.http.batches.canned import at_the_desk, jsonl

if TYPE_CHECKING:
    from mien.models.http.batches.desk import Desk

SYSTEM, USER = {"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}


def body(**sent: Any) -> dict[str, Any]:
    async def use(desk: Desk) -> bytes:
        return AnthropicBatches(desk).body({"model": "m", "stream": False, "messages": [SYSTEM, USER]} | sent)

    return json.loads(at_the_desk({}, use))


def test_a_request_in_its_form() -> None:
    plain = {"model": "m", "system": "Be kind.", "messages": [USER], "max_tokens": LONGEST_ANSWER}
    assert body() == plain
    assert body(temperature=0.7, max_tokens=50) == plain | {"temperature": 0.7, "max_tokens": 50}
    assert body(thinking={"type": "enabled"}) == plain | {"thinking": {"type": "enabled"}}
    assert body(reasoning_effort="high", response_format={"type": "json_schema"}) == plain
    turns = [USER, {"role": "assistant", "content": "Hi"}, USER]
    assert body(messages=turns) == {k: v for k, v in plain.items() if k != "system"} | {"messages": turns}


def standing(**told: Any) -> Standing:
    async def use(desk: Desk) -> Standing | None:
        return await AnthropicBatches(desk).standing("b")

    found = at_the_desk({"/messages/batches/b": [(200, {"id": "b"} | told)]}, use)
    assert found is not None
    return found


def test_where_a_batch_stands() -> None:
    counts = {"processing": 2, "succeeded": 1, "errored": 1, "canceled": 0, "expired": 0}
    at = "2026-11-27T10:00:00Z"
    going_on = standing(processing_status="in_progress", request_counts=counts, created_at=at)
    assert (going_on.outcome, going_on.done, going_on.total) == ("", 2, 4)
    assert going_on.created == 1795773600.0
    assert (
        standing(processing_status="ended", request_counts=counts | {"processing": 0}).outcome == "completed"
    )
    ended = standing(processing_status="ended", request_counts={"expired": 1, "succeeded": 3})
    assert (ended.outcome, ended.results) == ("expired", ("b",))
    assert standing(processing_status="ended", cancel_initiated_at=at).outcome == "cancelled"


def message(*blocks: dict[str, Any], stop: str = "end_turn", **usage: int) -> dict[str, Any]:
    return {"type": "succeeded", "message": {"content": blocks, "stop_reason": stop, "usage": usage}}


def test_what_came_of_it() -> None:
    text, thought = {"type": "text", "text": "Hi."}, {"type": "thinking", "thinking": "Hm."}
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    results = {
        "a": message(thought, text, input_tokens=3, cache_read_input_tokens=4, output_tokens=5),
        "b": message(text, stop="max_tokens"),
        "c": message(stop="refusal"),
        "d": {"type": "errored", "error": error},
        "e": {"type": "errored", "error": overloaded},
        "f": {"type": "expired"},
        "g": {"type": "canceled"},
    }
    content = jsonl(*({"custom_id": key, "result": result} for key, result in results.items()))

    async def use(desk: Desk) -> dict[str, Any]:
        found = AnthropicBatches(desk).results(Standing(id="b", results=("b",)))
        return {result.key: result.reply async for result in found}

    replies = at_the_desk({"/messages/batches/b/results": [(200, content)]}, use)
    a = replies["a"]
    assert (a.text, a.reasoning, a.finish_reason, a.tokens_in, a.tokens_out) == ("Hi.", "Hm.", "stop", 7, 5)
    assert (replies["b"].text, replies["b"].finish_reason) == ("Hi.", "length")
    assert replies["c"].failure == "content filter"
    assert (replies["d"].failure, replies["d"].transient) == ("HTTP 400: no", False)
    assert (replies["e"].status, replies["e"].transient) == (529, True)
    assert replies["f"] is replies["g"] is None


def test_a_batch_without_a_name_is_looked_for_by_its_size_and_time() -> None:
    def one(id: str, n: int, hour: int) -> dict[str, Any]:
        at = f"2026-11-27T{hour:02}:00:00Z"
        return {
            "id": id,
            "processing_status": "in_progress",
            "created_at": at,
            "request_counts": {"processing": n},
        }

    pages = {
        "/messages/batches?limit=100": [
            (200, {"data": [one("a", 5, 12), one("b", 4, 12)], "has_more": True})
        ],
        "/messages/batches?limit=100&after_id=b": [
            (200, {"data": [one("c", 5, 11), one("d", 5, 8)], "has_more": True})
        ],
    }

    async def use(desk: Desk) -> list[str]:
        return [found.id for found in await AnthropicBatches(desk).find("n", total=5, since=1795777200.0)]

    assert at_the_desk(pages, use) == ["a", "c"]
