"""The table of marks."""

from __future__ import annotations

from mien.models.reasoning.marks import among


def test_special_tokens_that_are_marks() -> None:
    assert among({"[THINK]", "[/THINK]", "[INST]", "</s>"}) == {"[THINK]", "[/THINK]"}
    assert among({"<|channel>", "<channel|>", "<|turn>"}) == {"<|channel>", "<channel|>"}
    harmony = {"<|start|>", "<|channel|>", "<|message|>", "<|end|>"}
    assert among(harmony | {"<|return|>"}) == harmony
    assert among({"<|start|>", "<|end|>", "<|im_end|>"}) == set()  # of other templates
