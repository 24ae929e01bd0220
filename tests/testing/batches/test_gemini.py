"""Google's own client against the scripted server's batches, where it is installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mien.testing import ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path

genai = pytest.importorskip("google.genai")


def test_a_file_a_batch_and_its_answers(tmp_path: Path) -> None:
    request = {
        "system_instruction": {"parts": [{"text": "- warm\n- blunt"}]},
        "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
        "generation_config": {"temperature": 0.5},
    }
    path = tmp_path / "requests.jsonl"
    path.write_text(json.dumps({"key": "c0", "request": request}) + "\n")
    with ScriptedServer(scores={"warm": 1.0, "blunt": -1.0}, batches="gemini", api_key="k-1") as server:
        options = {"base_url": server.url.removesuffix("/v1"), "api_version": "v1"}
        client = genai.Client(api_key="k-1", http_options=options)
        file = client.files.upload(file=path, config={"mime_type": "application/jsonl"})
        made = client.batches.create(model="model", src=file.name, config={"display_name": "n"})
        done = client.batches.get(name=made.name)
        assert (done.state.name, done.display_name) == ("JOB_STATE_SUCCEEDED", "n")
        (answer,) = map(json.loads, client.files.download(file=done.dest.file_name).splitlines())
        assert answer["key"] == "c0"
        text = answer["response"]["candidates"][0]["content"]["parts"][0]["text"]
        assert text.startswith("You asked")
        assert [one.name for one in client.batches.list()] == [made.name]
