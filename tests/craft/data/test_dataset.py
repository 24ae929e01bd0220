"""The folder that training data go to: written whole, read back, refused where it holds other data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mien.craft.data.dataset import Dataset, check_folder, read_dataset, row, write_dataset
from mien.craft.data.queries import Query
from mien.craft.data.recipes import Pair
from mien.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

CRAFT: dict[str, Any] = {"mien": "1", "recipe": "ranked", "heldout": 0.5, "counts": {"train": 2}}


def dataset(*, margin: float | None = 0.75) -> Dataset:
    queries = (
        Query(id="q1", text="Left?\u2028Right? „Ja“ 🦊", assertion=0, source="seed", split="train"),
        Query(id="q2", text="And now?", assertion=None, source="ordinary", split="train"),
        Query(id="q3", text="Really?", assertion=1, source="teacher", split="heldout"),
    )
    pairs = tuple(Pair(one, f"Yes, {one.text}", "No.\n\nNo.", margin) for one in queries)
    return Dataset(
        craft=CRAFT,
        constitution="name: guide\n",
        queries=queries,
        train=pairs[:2],
        heldout=pairs[2:],
        card="# Card\n",
    )


@pytest.mark.parametrize("margin", [0.75, None])
def test_what_is_written_is_read(tmp_path: Path, margin: float | None) -> None:
    made = dataset(margin=margin)
    write_dataset(tmp_path / "a" / "b", made)
    assert read_dataset(tmp_path / "a" / "b") == made
    names = "README.md constitution.yaml craft.json heldout.jsonl queries.jsonl train.jsonl train.parquet"
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == names.split()
    before = {path.name: path.read_bytes() for path in (tmp_path / "a" / "b").iterdir()}
    write_dataset(tmp_path / "a" / "b", made)
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "a" / "b").iterdir()}


def test_rows_are_in_trl_s_format(tmp_path: Path) -> None:
    write_dataset(tmp_path, dataset())
    lines = [json.loads(line) for line in (tmp_path / "train.jsonl").read_bytes().splitlines()]
    user, yes = {"role": "user", "content": "And now?"}, {"role": "assistant", "content": "Yes, And now?"}
    assert lines[1] == {
        "id": "q2",
        "assertion": None,
        "prompt": [user],
        "chosen": [yes],
        "rejected": [{"role": "assistant", "content": "No.\n\nNo."}],
        "messages": [user, yes],
        "margin": 0.75,
    }
    assert lines == [row(pair) for pair in dataset().train]
    assert "margin" not in row(dataset(margin=None).train[0])
    table = pd.read_parquet(tmp_path / "train.parquet")
    assert table.columns.tolist() == list(lines[0])
    assert [list(one) for one in table["messages"]] == [line["messages"] for line in lines]
    assert table["assertion"].isna().tolist() == [False, True]


def test_other_data_are_not_written_over(tmp_path: Path) -> None:
    check_folder(tmp_path, CRAFT)
    check_folder(tmp_path / "none", CRAFT)
    write_dataset(tmp_path, dataset())
    check_folder(tmp_path, CRAFT | {"mien": "2", "counts": {}})
    with pytest.raises(InputError, match="data made with another heldout and another recipe; choose another"):
        check_folder(tmp_path, CRAFT | {"recipe": "distill", "heldout": 0.1})
    with pytest.raises(InputError, match="is a file; choose another folder"):
        check_folder(tmp_path / "craft.json", CRAFT)


def test_folders_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no training data; make some with: mien craft data"):
        read_dataset(tmp_path)
    write_dataset(tmp_path, dataset())
    (tmp_path / "train.jsonl").write_text('{"id": "q1"}\n')
    with pytest.raises(InputError, match=r"train\.jsonl, row 1: has no id .* or no answer"):
        read_dataset(tmp_path)
    queries = (tmp_path / "queries.jsonl").read_text().replace("ordinary", "elsewhere")
    (tmp_path / "queries.jsonl").write_text(queries)
    with pytest.raises(InputError, match=r"queries\.jsonl, row 2: source 'elsewhere' or split"):
        read_dataset(tmp_path)
    (tmp_path / "queries.jsonl").write_text('{"id": "q1"}\n')
    with pytest.raises(InputError, match=r"queries\.jsonl, row 1: a query has id, text"):
        read_dataset(tmp_path)
    (tmp_path / "craft.json").write_text("[]")
    with pytest.raises(InputError, match="no JSON object"):
        read_dataset(tmp_path)
    (tmp_path / "craft.json").write_text("{")
    with pytest.raises(InputError, match="not valid JSON"):
        read_dataset(tmp_path)
