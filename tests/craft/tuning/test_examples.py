"""What a trainer is given: conversations as the template takes them, some under a neutral system message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mien.craft.tuning.base_models import Base, find_base
from mien.craft.tuning.config import TrainingConfig
from mien.craft.tuning.examples import NEUTRAL, Examples
from mien.craft.tuning.pairs import Pair
from mien.errors import InputError, Notice
from mien.types import Message
from tests.models.local.test_template import DROPS, PARTS
from tests.models.local.tiny import build

if TYPE_CHECKING:
    from pathlib import Path

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
    def rows(share: float, seed: int = 0) -> list[dict[str, Any]]:
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


@pytest.mark.parametrize(
    ("template", "turns"),
    [
        (DROPS, [{"role": "user", "content": "Be brief.\n\nQuestion 0?"}]),
        (
            PARTS,
            [
                {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
                {"role": "user", "content": [{"type": "text", "text": "Question 0?"}]},
            ],
        ),
    ],
)
def test_examples_are_given_in_the_form_that_the_template_takes(
    tmp_path: Path, template: str, turns: object
) -> None:
    base = find_base(f"hf/{build(tmp_path / 'm', template=template)}")
    pair = replace(PAIRS[0], prompt=(Message(role="system", content="Be brief."), *PAIRS[0].prompt))
    with pytest.warns(Notice, match="its chat template "):
        examples = Examples(base, TrainingConfig(max_length=90))
    (row,) = examples.rows([pair])
    assert row["prompt"] == turns
    whole = examples._tokenizer.apply_chat_template(row["prompt"] + row["chosen"], tokenize=False)
    assert all(text in whole for text in ("Be brief.", "Question 0?", "Yes."))


def test_a_template_that_drops_answers_trains_nothing(tmp_path: Path) -> None:
    silent = "{% for m in messages if m.role != 'assistant' %}{{ m.content }}{% endfor %}"
    base = find_base(f"hf/{build(tmp_path / 'm', template=silent)}")
    with pytest.raises(InputError, match="drops assistant messages"):
        Examples(base, TrainingConfig(max_length=90))
