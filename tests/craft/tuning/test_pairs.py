from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mien.craft.data import dataset
from mien.craft.data import recipes as made
from mien.craft.data.queries import Query
from mien.craft.tuning.pairs import chosen_examples, read_dataset
from mien.errors import InputError
from tests import SHARED
from tests.craft.tuning.exercises import row, write

if TYPE_CHECKING:
    from pathlib import Path

HELLO = row("Hello", "Good day.", "Hi.")


def test_a_folder_is_read_whole(data: Path) -> None:
    found = read_dataset(data)
    assert (len(found.pairs), len(found.held_out), len(found.introspection)) == (8, 4, 4)
    assert found.pairs[2].place.endswith("train.jsonl, row 3")
    assert found.told["recipe"] == "paired"
    assert [e.completion for e in chosen_examples(found.pairs)] == [p.chosen for p in found.pairs]


def test_what_craft_data_writes_is_read(tmp_path: Path) -> None:
    query = Query(id="q1", text="Left?\u2028Right?", assertion=0, source="seed", split="train")
    pairs = tuple(made.Pair(replace(query, id=f"q{i}"), f"Yes, {i}.", "No.", None) for i in range(3))
    craft = {"mien": "1", "recipe": "paired"}
    written = dataset.Dataset(
        craft=craft, constitution="", queries=(query,), train=pairs[:2], heldout=pairs[2:], card=""
    )
    dataset.write_dataset(tmp_path, written)
    found = read_dataset(tmp_path)
    assert [pair.chosen[0]["content"] for pair in (*found.pairs, *found.held_out)] == [
        "Yes, 0.", "Yes, 1.", "Yes, 2.",
    ]  # fmt: skip
    assert found.pairs[0].prompt[0]["content"] == query.text
    assert found.told == craft


def test_a_prompt_may_stand_in_both_conversations(tmp_path: Path) -> None:
    system = [{"role": "system", "content": "Be of use."}]
    prompt = [*system, *HELLO["prompt"]]
    whole = {key: [*prompt, *HELLO[key]] for key in ("chosen", "rejected")}
    implicit = read_dataset(write(tmp_path / "implicit.jsonl", [whole]))
    explicit = read_dataset(write(tmp_path / "explicit.jsonl", [{**HELLO, "prompt": prompt}]))
    assert implicit.digest == explicit.digest
    assert [turn["role"] for turn in implicit.pairs[0].prompt] == ["system", "user"]


def test_texts_are_one_message_each(tmp_path: Path) -> None:
    """TRL's standard format; and a prompt that is a text beside messages, as some data sets have it."""
    texts = {"prompt": "Hello", "chosen": "Good day.", "rejected": "Hi."}
    digest = read_dataset(write(tmp_path / "messages.jsonl", [HELLO])).digest
    whole = {key: [*HELLO["prompt"], *HELLO[key]] for key in ("chosen", "rejected")}
    for i, given in enumerate((texts, HELLO | {"prompt": "Hello"}, whole | {"prompt": "Hello"})):
        assert read_dataset(write(tmp_path / f"{i}.jsonl", [given])).digest == digest
    del texts["prompt"]
    with pytest.raises(InputError, match="row 1: without a prompt nobody knows where in these texts"):
        read_dataset(write(tmp_path / "none.jsonl", [texts]))


def test_what_is_trained_on_is_not_held_out(tmp_path: Path) -> None:
    other = row("Bye", "Good night.", "Bye.")
    write(tmp_path / "train.jsonl", [HELLO, other])
    write(tmp_path / "heldout.jsonl", [HELLO, row("Bye", "Farewell.", "Bye.")])
    found = read_dataset(tmp_path)
    assert (len(found.held_out), found.seen) == (1, 1)
    assert found.held_out[0].chosen[0]["content"] == "Farewell."


def test_data_whose_held_out_rows_are_trained_on() -> None:
    folder = SHARED / "cases" / "files" / "23_train_data"
    if not folder.exists():
        pytest.skip(f"there is no {folder}")
    found = read_dataset(folder)
    assert (len(found.pairs), len(found.held_out), found.seen) == (6, 0, 2)


def test_a_list_in_json_is_read_alike(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps([HELLO]))
    lines = read_dataset(write(tmp_path / "rows.jsonl", [HELLO]))
    assert read_dataset(tmp_path / "rows.json").digest == lines.digest


def test_half_a_character_is_refused_with_its_row(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", [HELLO, row("Hello", "Good \ud83d.", "Hi.")])
    with pytest.raises(InputError, match=r"rows\.jsonl, row 2: holds half a character"):
        read_dataset(path)


def test_parquet_is_read_alike(tmp_path: Path) -> None:
    lines = read_dataset(write(tmp_path / "rows.jsonl", [HELLO]))
    pd.DataFrame([HELLO]).to_parquet(tmp_path / "train.parquet")
    assert read_dataset(tmp_path / "train.parquet").digest == lines.digest
    assert read_dataset(tmp_path).digest == lines.digest


def test_every_turn_of_a_dialogue_is_an_example(tmp_path: Path) -> None:
    turns = [{"role": ("user", "assistant")[i % 2], "content": f"turn {i}"} for i in range(4)]
    write(tmp_path / "train.jsonl", [HELLO])
    write(tmp_path / "introspection.jsonl", [{"messages": turns}])
    examples = read_dataset(tmp_path).introspection
    assert [(len(e.prompt), e.completion[0]["content"]) for e in examples] == [(1, "turn 1"), (3, "turn 3")]


def test_rows_with_one_answer_are_left_out_and_counted(tmp_path: Path) -> None:
    same = row("Hello", "Hi.", "Hi.")
    found = read_dataset(write(tmp_path / "rows.jsonl", [same, HELLO]))
    assert (len(found.pairs), found.alike) == (1, 1)
    with pytest.raises(InputError, match="are the same, so there is nothing to learn"):
        read_dataset(write(tmp_path / "rows.jsonl", [same, same]))
    with pytest.raises(InputError, match="holds no row, so there is nothing to learn"):
        read_dataset(write(tmp_path / "rows.jsonl", []))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"chosen": "Good day."}, "row 2, key chosen: is no list of messages"),
        ({"rejected": None}, "row 2, key rejected: is missing"),
        ({"rejected": [{"role": "assistant", "content": " "}]}, "row 2, key rejected: the answer is empty"),
        ({"chosen": [{"role": "user", "content": "Hi"}]}, "row 2, key chosen: is to be one message"),
        ({"prompt": [{"role": "asker", "content": "Hi"}]}, "row 2, key prompt: a message has a role"),
        ({"prompt": [{"role": "user", "content": None}]}, "row 2, key prompt: a message has a role"),
        ({"prompt": [{"role": "assistant", "content": "Hi"}]}, "row 2: what is answered is to end"),
    ],
)
def test_malformed_rows_are_named(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    path = write(tmp_path / "rows.jsonl", [HELLO, HELLO | change])
    with pytest.raises(InputError, match=problem):
        read_dataset(path)


def test_unusable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds neither"):
        read_dataset(tmp_path)
    with pytest.raises(InputError, match="no such folder or file"):
        read_dataset(tmp_path / "absent")
    (tmp_path / "rows.parquet").write_bytes(b"PAR")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_dataset(tmp_path / "rows.parquet")
    with pytest.raises(InputError, match="row 1: not a JSON object"):
        read_dataset(write(tmp_path / "rows.jsonl", [[1]]))
