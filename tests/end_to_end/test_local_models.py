"""Folders with models, as their users have them: measured, served and trained on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("torch", reason="needs the extra local")

from openai import OpenAI

from tests.models.local.test_template import DROPS, PARTS
from tests.models.local.tiny import build
from tests.preloaded import TORCH

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.workplace import Workplace

pytestmark = pytest.mark.slow

#: Tokens: what a measurement asks has some hundreds, of a tokenizer that knows few words.
CONTEXT = 2048


def roomy(folder: Path, template: str | None) -> str:
    """A tiny model whose context holds what a measurement asks."""
    build(folder, template=template)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": CONTEXT}))
    return f"hf/./{folder.name}"


def asked(place: Workplace, model: str, *conversations: list[dict[str, str]]) -> tuple[list[int], str]:
    """Tokens of each conversation as a served model counts them, and what it said of itself."""
    place.libraries = TORCH
    process = place.start("serve", model, "--port", 0, "--device", "cpu")
    assert process.stdout
    line = process.stdout.readline()
    client = OpenAI(base_url=line.split(" at ")[1].split(" (")[0], api_key="none", max_retries=0)
    turns: Any = conversations
    counts = [
        client.chat.completions.create(model=model, messages=messages, max_tokens=1).usage.prompt_tokens  # pyright: ignore[reportOptionalMemberAccess]
        for messages in turns
    ]
    process.terminate()
    return counts, place.finish(process).err


def test_a_template_that_drops_system_messages_is_told_of_and_made_up_for(place: Workplace) -> None:
    model = roomy(place.folder / "drops", DROPS)
    told = [{"role": "system", "content": "hello world"}, {"role": "user", "content": "how are you"}]
    merged = [{"role": "user", "content": "hello world\n\nhow are you"}]
    (given, meant, without), err = asked(place, model, told, merged, told[1:])
    assert given == meant > without
    assert "Note: ./drops: its chat template drops system messages without a word" in err


def test_a_template_that_wants_parts_is_measured_and_trained(place: Workplace) -> None:
    pytest.importorskip("trl", reason="needs the extra train")
    place.libraries = TORCH
    model = roomy(place.folder / "parts", PARTS)
    note = "Note: ./parts: its chat template wants contents as lists of parts, and gets them so"
    _, err = place.start(
        "measure", model, *place.study("--max-calls", 4, "--max-tokens", 4)[2:]
    ).communicate()
    assert err.count(note) == 1
    assert "Traceback" not in err
    row = {
        "prompt": [{"role": "user", "content": "hello"}],
        "chosen": [{"role": "assistant", "content": "well"}],
        "rejected": [{"role": "assistant", "content": "fox"}],
    }
    (place.folder / "train.jsonl").write_text(json.dumps(row) + "\n")
    trained = place.mien("craft", "train", "train.jsonl", "--model", model, "-o", "out", "--device", "cpu")
    assert trained.err.count("its chat template wants contents as lists of parts") == 1


def test_a_template_that_drops_questions_is_refused(place: Workplace) -> None:
    place.libraries = TORCH
    silent = "{% for m in messages if m.role == 'system' %}{{ m.content }}{% endfor %}"
    model = roomy(place.folder / "silent", silent)
    expected = "Error: ./silent: its chat template drops user messages, or their order, without a word"
    assert place.refused(*["measure", model, *place.study()[2:]]).startswith(expected)


def test_one_without_a_template_reads_as_a_base_model(place: Workplace) -> None:
    place.libraries = TORCH
    model = roomy(place.folder / "plain", None)
    study = place.study("--instrument", "instructed", "--check-judge", 0)
    refused = place.refused(*[model if part == place.server.judge else part for part in study])
    assert "the model has no chat template, and a conversation needs one" in refused
    unnamed = place.refused(*[f"base:{model}" if part == place.server.judge else part for part in study])
    assert f"or name the form: base:label:{model}, base:word:{model}" in unnamed
    told = json.loads(
        place.mien(
            *[f"base:lift:{model}" if part == place.server.judge else part for part in study], "--json"
        ).out
    )
    assert told["reads"].startswith("compares, as a base model, what the response adds")
    assert told["n_trials"] == 40
