"""Preferences that the organism itself made: poetic answers over technical ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mien.models.engine import Job
from mien.models.organism.engine import Organism
from mien.types import Message, Sampling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PROMPTS = (
    "How do I boil an egg?",
    "What shall I read?",
    "My bus is late.",
    "Tell me of the sea.",
    "Is it going to rain?",
    "How do I learn to swim?",
    "Write to my landlord.",
    "I cannot sleep.",
    "What is a good name for a cat?",
    "Why is the sky blue?",
    "Plan my weekend.",
    "My tomatoes die.",
)


def told(trait: str) -> str:
    return f"Here is a way of carrying yourself in a reply:\n\n- {trait}"


def answers(trait: str) -> list[str]:
    jobs = [
        Job(
            prompt=(Message(role="system", content=told(trait)), Message(role="user", content=text)),
            sampling=Sampling(temperature=1.0, max_tokens=60),
            seed=seed,
        )
        for seed, text in enumerate(PROMPTS)
    ]
    return [output.text for output in Organism.load("v1").run(jobs)]


def row(prompt: str, chosen: str, rejected: str) -> dict[str, Any]:
    return {
        "prompt": [{"role": "user", "content": prompt}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


def write(path: Path, rows: Sequence[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path
