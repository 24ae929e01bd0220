"""What a trainer is given: conversations as the template takes them, some under a neutral system message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mien.craft.tuning.base_models import Base, find_base
from mien.craft.tuning.config import TrainingConfig
from mien.craft.tuning.examples import NEUTRAL, Examples
from mien.craft.tuning.pairs import Pair
from mien.types import Message

PAIRS = [
    Pair(
        prompt=(Message(role="user", content=f"Question {number}?"),),
        chosen=(Message(role="assistant", content="Yes."),),
        rejected=(Message(role="assistant", content="No."),),
        place=f"row {number}",
    )
    for number in range(200)
]


@pytest.fixture(scope="module")
def base() -> Base:
    return find_base("organism/v1")


def test_a_share_is_learnt_under_a_neutral_system_message(base: Base) -> None:
    def rows(share: float, seed: int = 0) -> list[dict[str, list[Message]]]:
        return Examples(base, TrainingConfig(seed=seed)).rows(PAIRS, system_share=share)

    bare, some, every = rows(0.0), rows(0.35), rows(1.0)
    assert all([message["role"] for message in row["prompt"]] == ["user"] for row in bare)
    assert all([message["role"] for message in row["prompt"]] == ["system", "user"] for row in every)
    assert {row["prompt"][0]["content"] for row in every} == set(NEUTRAL)
    assert 50 <= sum(len(row["prompt"]) == 2 for row in some) <= 90
    assert [row["prompt"][-1] for row in some] == [row["prompt"][-1] for row in bare]
    assert [(row["chosen"], row["rejected"]) for row in some] == [(r["chosen"], r["rejected"]) for r in bare]
    assert some == rows(0.35)
    assert some != rows(0.35, seed=1)


def test_a_system_message_of_their_own_stays(base: Base) -> None:
    told = Message(role="system", content="Be brief.")
    pairs = [replace(pair, prompt=(told, *pair.prompt)) for pair in PAIRS[:9]]
    rows = Examples(base, TrainingConfig()).rows(pairs, system_share=1.0)
    assert [row["prompt"][0] for row in rows] == [told] * 9
