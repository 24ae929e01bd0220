"""Preferences that the organism itself made, as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.craft.tuning.exercises import PROMPTS, answers, row, write

pytest.importorskip("trl", reason="needs the extra train")

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    made = zip(PROMPTS, answers("poetic"), answers("technical"), strict=True)
    return [row(prompt, chosen, rejected) for prompt, chosen, rejected in made]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> Path:
    """Eight pairs, four held out, and as many introspections."""
    folder = tmp_path_factory.mktemp("data")
    write(folder / "train.jsonl", rows[:8])
    write(folder / "heldout.jsonl", rows[8:])
    said = [{"messages": [*one["prompt"], *one["chosen"]]} for one in rows[8:]]
    write(folder / "introspection.jsonl", said)
    (folder / "craft.json").write_text(json.dumps({"recipe": "paired", "teacher": "organism/v1"}))
    return folder
