"""Queries: spread over the assertions, each once, with a share held out."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mien.craft.data.queries import BATCH, Collection, add_ordinary, check_split, expand, few, lot, pick
from mien.craft.data.wording import load_wording
from mien.errors import UsageError
from mien.materials.constitutions import Constitution
from mien.types import Call, Prompt, Sampling

pytest.importorskip("datasketch", reason="needs the extra train")

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Request

CONSTITUTION = Constitution.model_validate(
    {
        "name": "guide",
        "description": "Somebody who shows the way and then lets you walk.",
        "assertions": [
            {"text": "I answer before I explain.", "questions": ["Left or right?", "Which train is faster?"]},
            {"text": "I own up to what I do not know.", "questions": ["Who will win the cup?"]},
        ],
        "never": ["Make up a road."],
    }
)


def expanded(
    n_queries: int, answers: list[str | None], *, finish_reason: str = "stop"
) -> tuple[Collection, list[Request]]:
    """A collection with the seeds, expanded by a teacher that gives these answers by turns."""
    collection = Collection(heldout=0.2, seed=0)
    for index, assertion in enumerate(CONSTITUTION.assertions):
        for question in assertion.questions:
            collection.add(question, index, "seed")
    asked: list[Request] = []

    async def carry_out(requests: Sequence[Request]) -> list[Call | None]:
        calls: list[Call | None] = []
        for request in requests:
            text = answers[len(asked) % len(answers)]
            asked.append(request)
            call = Call(
                key=str(len(asked)), endpoint="", model="", text=text or "", finish_reason=finish_reason
            )
            calls.append(None if text is None else call)
        return calls

    asyncio.run(
        expand(
            collection,
            CONSTITUTION,
            load_wording(),
            n_queries=n_queries,
            sampling=Sampling(),
            carry_out=carry_out,
        )
    )
    return collection, asked


def different(n: int, first: int = 0) -> str:
    """A list of n messages that are not alike."""
    words = ("amber", "birch", "cobalt", "dune", "ember", "fjord", "grove", "heath", "islet", "jade")
    lines = (
        f"{words[i % 10]} {words[i // 10 % 10]} {i * 7919 % 1000} {'xyzwvu'[i % 6] * 4}?" for i in range(n)
    )
    return "\n".join(f"{k}. {line}" for k, line in enumerate(list(lines)[first:], 1))


def test_every_assertion_gets_its_share() -> None:
    collection, asked = expanded(20, [different(20), different(40, 20)])
    assert Counter(query.assertion for query in collection.queries) == {0: 10, 1: 10}
    assert Counter(query.source for query in collection.queries) == {"seed": 3, "teacher": 17}
    assert len(asked) == 2
    (message,) = asked[0].messages
    assert message["role"] == "user"
    for said in ("shows the way", "- Left or right?", f"numbered list of {BATCH} messages", "Make up a road"):
        assert said in message["content"]
    assert "The side of it that matters most here:\n- I answer before" in message["content"]


def test_what_duplicates_leave_wanting_is_asked_for_again_and_then_left() -> None:
    collection, asked = expanded(20, ["1. Which train is quick?\n2. Which train is quick!"])
    assert len(asked) == 6  # two assertions, three times
    assert len({(request.messages[0]["content"], request.replicate) for request in asked}) == 6
    assert Counter(query.source for query in collection.queries) == {"seed": 3, "teacher": 1}
    assert collection.duplicates == {"teacher": 11}


def test_a_call_that_failed_and_a_list_that_breaks_off() -> None:
    collection, asked = expanded(
        6, [None, "1. Is the moss on the north side?\n2. Is th"], finish_reason="length"
    )
    assert len(asked) == 6
    assert [query.text for query in collection.queries[3:]] == ["Is the moss on the north side?"]


def test_a_teacher_that_writes_no_list() -> None:
    with pytest.raises(UsageError, match=r"no list of messages that can be read, but '\.\.\.'; take another"):
        expanded(20, ["..."])
    expanded(20, ["...", "1. Is the moss on the north side?"])


def test_seeds_are_kept_also_beyond_the_share() -> None:
    collection, asked = expanded(2, [different(20)])
    assert not asked
    assert [query.source for query in collection.queries] == ["seed"] * 3


def test_ordinary_prompts_are_a_seeded_sample_without_duplicates() -> None:
    prompts = [Prompt(str(n), line[3:]) for n, line in enumerate(different(9).splitlines())]

    def sample(seed: int, most: int) -> list[str]:
        collection = Collection(heldout=0.5, seed=0)
        collection.add(prompts[0].text.upper(), 0, "seed")
        add_ordinary(collection, prompts, most=most, seed=seed)
        assert all(query.assertion is None for query in collection.queries[1:])
        return [query.text for query in collection.queries[1:]]

    assert len(sample(0, 5)) == 5
    assert sample(0, 5) == sample(0, 8)[:5]
    assert sample(0, 5) != sample(1, 5)
    assert sorted(sample(0, 100)) == sorted(prompt.text for prompt in prompts[1:])
    assert sample(0, 0) == []


def test_more_queries_move_none_from_one_side_to_the_other() -> None:
    fewer, many = Collection(heldout=0.3, seed=4), Collection(heldout=0.3, seed=4)
    texts = [line[3:] for line in different(200).splitlines()]
    for text in texts[::4]:
        fewer.add(text, 0, "seed")
    for text in texts:
        many.add(text, 0, "seed")
    sides = {query.id: query.split for query in many.queries}
    assert all(sides[query.id] == query.split for query in fewer.queries)
    assert 0.15 < Counter(sides.values())["heldout"] / len(sides) < 0.45
    check_split(many.queries)


def test_a_side_that_is_empty_is_refused() -> None:
    for share, advice in ((1e-9, "raise --heldout"), (1 - 1e-9, "lower --heldout")):
        collection = Collection(heldout=share, seed=0)
        collection.add("Left or right?", 0, "seed")
        with pytest.raises(UsageError, match=advice):
            check_split(collection.queries)


def test_what_is_few_is_told() -> None:
    (note,) = few(12, "message")
    assert note.startswith("12 messages: few")
    assert few(16, "pair") == []


def test_lots_are_even() -> None:
    lots = [lot(0, "about", n) for n in range(4000)]
    assert all(0 <= one < 1 for one in lots)
    assert abs(sum(lots) / 4000 - 0.5) < 0.02
    picked = Counter(pick(0, "abcd", n) for n in range(4000))
    assert all(900 < n < 1100 for n in picked.values())
