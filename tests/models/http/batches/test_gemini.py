"""Generated content in place of chat completions: the same is asked, and the answer is read the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import EndpointRefused, UsageError
from mien.models.http.batches.gemini import GeminiBatches
from mien.models.http.batches.service import Standing
from tests.models.http.batches.canned import at_the_desk, jsonl

if TYPE_CHECKING:
    from mien.models.http.batches.desk import Desk

SYSTEM, USER = {"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}
HELLO = {"role": "user", "parts": [{"text": "Hello"}]}


def body(**sent: Any) -> dict[str, Any]:
    async def use(desk: Desk) -> bytes:
        return GeminiBatches(desk).body({"model": "m", "stream": False, "messages": [SYSTEM, USER]} | sent)

    return json.loads(at_the_desk({}, use))


def test_a_request_in_its_form() -> None:
    plain = {"contents": [HELLO], "systemInstruction": {"parts": [{"text": "Be kind."}]}}
    assert body() == plain
    config = {"temperature": 0.7, "topP": 0.9, "maxOutputTokens": 50}
    assert body(temperature=0.7, top_p=0.9, max_tokens=50) == plain | {"generationConfig": config}
    schema = {"type": "object"}
    asked = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    config = {"responseMimeType": "application/json", "responseJsonSchema": schema}
    assert body(response_format=asked) == plain | {"generationConfig": config}
    turns = [USER, {"role": "assistant", "content": "Hi"}]
    assert body(messages=turns) == {"contents": [HELLO, {"role": "model", "parts": [{"text": "Hi"}]}]}


def test_what_it_has_no_place_for_is_refused() -> None:
    with pytest.raises(UsageError, match="batches take no reasoning_effort and no seed: leave that"):
        body(seed=1, reasoning_effort="low")


def standing(state: str, **told: Any) -> Standing:
    async def use(desk: Desk) -> Standing | None:
        return await GeminiBatches(desk).standing("batches/b")

    batch = {"state": f"BATCH_STATE_{state}", "displayName": "n", "batchStats": {"requestCount": "4"}}
    found = at_the_desk({"/batches/b": [(200, {"name": "batches/b", "metadata": batch} | told)]}, use)
    assert found is not None
    return found


def test_where_a_batch_stands() -> None:
    assert standing("RUNNING") == Standing(id="batches/b", name="n", state="running", total=4)
    assert standing("SUCCEEDED", response={"responsesFile": "files/f"}).results == ("files/f",)
    assert [standing(one).outcome for one in ("EXPIRED", "CANCELLED")] == ["expired", "cancelled"]
    failed = standing("FAILED", error={"code": 8, "message": "too much"})
    assert (failed.outcome, failed.problem, failed.crowded) == ("failed", "too much", True)


def test_what_came_of_it() -> None:
    parts = [{"text": "Hm.", "thought": True}, {"text": "Hi."}]
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 4, "thoughtsTokenCount": 5}
    results = {
        "a": {
            "response": {
                "candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}],
                "usageMetadata": usage,
            }
        },
        "b": {"response": {"candidates": [{"content": {"parts": parts}, "finishReason": "MAX_TOKENS"}]}},
        "c": {"response": {"promptFeedback": {"blockReason": "SAFETY"}}},
        "d": {"error": {"code": 3, "message": "no"}},
        "e": {"error": {"code": 14, "message": "busy"}},
        "f": {"error": {"code": 1, "message": "cancelled"}},
    }
    content = jsonl(*({"key": key} | result for key, result in results.items()))

    async def use(desk: Desk) -> dict[str, Any]:
        found = GeminiBatches(desk).results(Standing(id="b", results=("files/f",)))
        return {result.key: result.reply async for result in found}

    replies = at_the_desk({"/files/f:download?alt=media": [(200, content)]}, use)
    a = replies["a"]
    assert (a.text, a.reasoning, a.finish_reason, a.tokens_in, a.tokens_out) == ("Hi.", "Hm.", "stop", 3, 9)
    assert (replies["b"].text, replies["b"].finish_reason) == ("Hi.", "length")
    assert replies["c"].failure == "content filter"
    assert (replies["d"].failure, replies["d"].transient) == ("HTTP 400: no", False)
    assert (replies["e"].status, replies["e"].transient) == (503, True)
    assert replies["f"] is None


def test_a_file_goes_nowhere_but_to_the_provider() -> None:
    async def use(desk: Desk) -> str:
        import tempfile

        with tempfile.TemporaryFile() as file:
            return await GeminiBatches(desk).upload("n", file)

    with pytest.raises(EndpointRefused, match="it names no place of its own for a file"):
        at_the_desk({"/upload/files": [(200, {})]}, use)
