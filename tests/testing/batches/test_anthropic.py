"""Anthropic's own client against the scripted server's batches, where it is installed."""

from __future__ import annotations

import pytest

from mien.testing import ScriptedServer

anthropic = pytest.importorskip("anthropic")


def test_a_batch_and_its_results() -> None:
    params = {
        "model": "model",
        "max_tokens": 100,
        "system": "- warm\n- blunt",
        "messages": [{"role": "user", "content": "Hello"}],
    }
    requests = [{"custom_id": "c0", "params": params}, {"custom_id": "c1", "params": params | {"model": "x"}}]
    with ScriptedServer(scores={"warm": 1.0, "blunt": -1.0}, batches="anthropic", api_key="k-1") as server:
        base = server.url.removesuffix("/v1")
        with anthropic.Anthropic(base_url=base, api_key="k-1", max_retries=0) as client:
            made = client.messages.batches.create(requests=requests)
            assert (made.processing_status, made.request_counts.processing) == ("in_progress", 2)
            done = client.messages.batches.retrieve(made.id)
            assert (done.processing_status, done.request_counts.succeeded) == ("ended", 1)
            results = {one.custom_id: one.result for one in client.messages.batches.results(made.id)}
            assert results["c0"].message.content[0].text.startswith("You asked")
            assert results["c0"].message.stop_reason == "end_turn"
            assert results["c1"].error.error.type == "invalid_request_error"
            assert [one.id for one in client.messages.batches.list(limit=1)] == [made.id]
            with pytest.raises(anthropic.BadRequestError, match="should match pattern"):
                client.messages.batches.create(requests=[{"custom_id": "a b", "params": params}])
