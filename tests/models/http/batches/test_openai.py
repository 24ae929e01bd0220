"""What OpenAI's batches tell of themselves and of what came of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mien.models.http.batches.openai import OpenAIBatches
from mien.models.http.batches.service import Standing
from tests.models.http.batches.canned import at_the_desk, jsonl

if TYPE_CHECKING:
    from mien.models.http.batches.desk import Desk


def standing(**told: Any) -> Standing | None:
    async def use(desk: Desk) -> Standing | None:
        return await OpenAIBatches(desk).standing("b/1")

    return at_the_desk({"/batches/b%2F1": [(200, {"id": "b/1"} | told)]} if told else {}, use)


def test_where_a_batch_stands() -> None:
    assert standing() is None
    counts = {"total": 5, "completed": 2, "failed": 1}
    going_on = standing(status="in_progress", request_counts=counts, created_at=7, metadata={"mien": "n"})
    assert going_on == Standing(id="b/1", name="n", state="in_progress", done=3, total=5, created=7.0)
    ended = standing(status="expired", output_file_id="o", error_file_id="e", metadata=None)
    assert ended and (ended.outcome, ended.results) == ("expired", ("o", "e"))
    errors = {"data": [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]}
    failed = standing(status="failed", errors=errors, output_file_id=None)
    assert failed and (failed.outcome, failed.crowded) == ("failed", True)
    assert failed.problem == "Enqueued token limit reached"


def test_a_request_is_sent_as_it_is_but_for_the_stream() -> None:
    async def use(desk: Desk) -> tuple[bytes, bytes]:
        service = OpenAIBatches(desk)
        body = service.body({"model": "m", "stream": False, "messages": []})
        return body, service.line("k", body)

    body, line = at_the_desk({}, use)
    assert body == b'{"messages":[],"model":"m"}'
    told = json.loads(line)
    assert told["custom_id"] == "k" and told["body"] == json.loads(body)


def test_what_came_of_it() -> None:
    choice = {"message": {"content": "Hi."}, "finish_reason": "stop"}
    output = jsonl(
        {"custom_id": "a", "response": {"status_code": 200, "body": {"choices": [choice]}}, "error": None},
        {"custom_id": "b", "response": {"status_code": 400, "body": {"error": {"message": "no"}}}},
        {"response": {"status_code": 200}},
        [1, 2],
    )
    errors = jsonl(
        {"custom_id": "c", "response": None, "error": {"code": "batch_expired", "message": "late"}},
        {"custom_id": "d", "error": {"code": "server_error", "message": "oh"}},
    )

    async def use(desk: Desk) -> list[Any]:
        results = OpenAIBatches(desk).results(Standing(id="b", results=("o", "e")))
        return [
            (key, reply and (reply.text, reply.failure, reply.transient)) async for key, reply, _ in results
        ]

    canned = {"/files/o/content": [(200, b"{no json\n" + output)], "/files/e/content": [(200, errors)]}
    assert at_the_desk(canned, use) == [
        ("a", ("Hi.", "", False)),
        ("b", ("", "HTTP 400: no", False)),
        ("c", None),
        ("d", ("", "HTTP 500: oh", True)),
    ]


def test_a_batch_is_found_by_its_name_on_a_later_page() -> None:
    def page(*names: str, more: bool) -> dict[str, Any]:
        batches = [{"id": f"id-{name}", "metadata": {"mien": name}, "created_at": 10_000} for name in names]
        return {"data": [{"id": "other", "metadata": None}, *batches], "has_more": more}

    canned = {
        "/batches?limit=100": [(200, page("a", "b", more=True))],
        "/batches?limit=100&after=id-b": [(200, page("c", more=True))],
        "/batches?limit=100&after=id-c": [(500, {})],
    }

    async def use(desk: Desk) -> list[list[str]]:
        service = OpenAIBatches(desk)
        found = [
            await service.find("c", total=1, since=10_000),
            await service.find("d", total=1, since=20_000),
        ]
        return [[one.id for one in some] for some in found]

    assert at_the_desk(canned, use) == [["id-c"], []]
