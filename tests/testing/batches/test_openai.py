"""OpenAI's own client against the scripted server's batches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import openai
import pytest

from mien.testing import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGES = [{"role": "system", "content": "- warm\n- blunt"}, {"role": "user", "content": "Hello"}]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(scores={"warm": 1.0, "blunt": -1.0}, batch_looks=1, api_key="k-1") as running:
        yield running


def test_a_file_a_batch_and_its_answers(server: ScriptedServer) -> None:
    bodies = {f"c{n}": {"model": name, "messages": MESSAGES} for n, name in enumerate(("model", "model"))}
    lines = [
        {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body}
        for key, body in bodies.items()
    ]
    content = "\n".join(map(json.dumps, lines)).encode()
    with openai.OpenAI(base_url=server.url, api_key="k-1", max_retries=0) as client:
        file = client.files.create(file=("requests.jsonl", content), purpose="batch")
        made = client.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"mien": "n"},
        )
        assert made.status == "validating"
        assert client.batches.retrieve(made.id).status == "in_progress"
        done = client.batches.retrieve(made.id)
        assert (done.status, done.metadata, done.error_file_id) == ("completed", {"mien": "n"}, None)
        assert done.request_counts is not None and done.request_counts.completed == 2
        assert done.output_file_id is not None
        answers = [json.loads(line) for line in client.files.content(done.output_file_id).text.splitlines()]
        assert [one["custom_id"] for one in answers] == ["c1", "c0"]
        assert answers[0]["response"]["body"]["choices"][0]["message"]["content"].startswith("You asked")
        assert [one.id for one in client.batches.list(limit=1)] == [made.id]
        assert client.batches.cancel(made.id).status == "completed"
        with pytest.raises(openai.NotFoundError):
            client.batches.retrieve("batch_9")
        with pytest.raises(openai.BadRequestError):
            client.files.create(file=("requests.jsonl", content), purpose="evals")
    assert [one.batch for one in server.requests()] == [made.id] * 2
    assert server.counts().batched == 2
    another = openai.OpenAI(base_url=server.url, api_key="another", max_retries=0)
    with another, pytest.raises(openai.AuthenticationError):
        another.batches.list()


def test_a_file_may_be_long(server: ScriptedServer) -> None:
    with openai.OpenAI(base_url=server.url, api_key="k-1", max_retries=0) as client:
        file = client.files.create(file=("requests.jsonl", b"x" * 3_000_000), purpose="batch")
        assert file.bytes == 3_000_000
