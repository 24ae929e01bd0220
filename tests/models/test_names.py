"""What models are called."""

from __future__ import annotations

import pytest

from mien.models.names import own_name, place


@pytest.mark.parametrize(
    ("spec", "name", "where"),
    [
        ("openai/gpt-5.1", "gpt-5.1", "openai"),
        ("openrouter/z-ai/glm-4.5-air", "glm-4.5-air", "openrouter"),
        ("http://127.0.0.1:8000/v1#model", "model", "127.0.0.1:8000"),
        ("logprobs:https://me:key@host/v1#Qwen/Qwen3-4B", "Qwen3-4B", "host"),
        ("hf/./folder/", "folder", "hf"),
        ("served", "served", ""),
    ],
)
def test_a_name_and_a_place(spec: str, name: str, where: str) -> None:
    assert (own_name(spec), place(spec)) == (name, where)
