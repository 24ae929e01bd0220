"""Tables in the formats that people have them in."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mien.errors import InputError
from mien.files.rows import read_rows

if TYPE_CHECKING:
    from pathlib import Path


def rows(path: Path) -> list[dict[str, Any]]:
    return [row for _, row in read_rows(path).rows]


SAME = [{"text": "a, b", "id": "1"}, {"text": "c", "id": "2"}]


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("a.csv", 'text,id\n"a, b",1\nc,2\n', ""),
        ("a.CSV", "\ufefftext;id\r\na, b;1\r\nc;2\r\n", "separated by semicolons"),
        ("a.csv", "sep=;\ntext;id\na, b;1\nc;2\n", "separated by semicolons"),
        ("a.csv", "text\tid\na, b\t1\nc\t2\n", "separated by tabs"),
        ("a.tsv", "text\tid\na, b\t1\nc\t2\n", ""),
        ("a.csv", "text|id\na, b|1\nc|2\n", "separated by bars"),
        ("a.jsonl", '{"text": "a, b", "id": "1"}\n\n{"text": "c", "id": "2"}\n', ""),
        ("a.jsonl", '[{"text": "a, b", "id": "1"}, {"text": "c", "id": "2"}]', ""),
        ("a.json", '[{"text": "a, b", "id": "1"},\n{"text": "c", "id": "2"}]', ""),
        ("a.json", '{"version": 1, "data": [{"text": "a, b", "id": "1"}, {"text": "c", "id": "2"}]}', ""),
        ("a.json", '{"text": "a, b", "id": "1"}\n{"text": "c", "id": "2"}\n', ""),
        ("a.yaml", '- {text: "a, b", id: "1"}\n- text: c\n  id: "2"\n', ""),
        ("a.yml", 'prompts:\n- {text: "a, b", id: "1"}\n- text: c\n  id: "2"\n', ""),
    ],
)
def test_a_table_is_read_in_any_format(tmp_path: Path, name: str, content: str, note: str) -> None:
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(content.encode()))
    table = read_rows(path)
    assert [row for _, row in table.rows] == SAME
    assert table.notes == ([note] if note else [])


def test_parquet_is_read_by_the_columns_asked_for(tmp_path: Path) -> None:
    pd.DataFrame([row | {"picture": b"x" * 9} for row in SAME]).to_parquet(tmp_path / "a.parquet")
    assert [row for _, row in read_rows(tmp_path / "a.parquet", columns={"text", "id", "more"}).rows] == SAME


def test_a_list_of_texts_and_a_text_file_have_a_column_text(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('["one", "two"]')
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    (tmp_path / "a.yaml").write_text("prompts: [one, two]")
    same = [{"text": "one"}, {"text": "two"}]
    assert rows(tmp_path / "a.json") == rows(tmp_path / "a.txt") == rows(tmp_path / "a.yaml") == same


def test_a_single_object_is_one_row_also_where_it_holds_turns(tmp_path: Path) -> None:
    for row in (
        {"messages": [{"role": "user", "content": "hi"}]},
        {"id": 1, "turns": ["a", "b"]},
        {"turns": ["a"]},
    ):
        (tmp_path / "a.json").write_text(json.dumps(row))
        assert rows(tmp_path / "a.json") == [row]


def test_a_header_alone_is_no_sign_of_a_separator(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("text|kind of it\nwhy\n")
    assert rows(tmp_path / "b.csv") == [{"text|kind of it": "why"}]


def test_a_cell_may_be_long(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\n" + "x" * 300_000)
    assert len(rows(tmp_path / "a.csv")[0]["text"]) == 300_000


def test_nan_is_nothing_and_half_a_character_does_not_refuse_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"a": NaN}, {"a": "\\ud83d"}, {"a": Infinity}]')
    assert rows(tmp_path / "a.json") == [{"a": None}, {"a": "\ud83d"}, {"a": None}]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", "", "is empty"),
        ("a.jsonl", " \n\n", "is empty"),
        ("a.csv", "text,text\na,b\n", "first line: column 'text' stands twice"),
        ("a.csv", "text\na,b\n", "row 1: has more fields than there are columns"),
        ("a.json", '{"a": ', "is not JSON: "),
        ("a.json", '{"a": 1}\n{"a": ', "row 2: not a JSON object"),
        ("a.json", "[1]", "row 1: is neither an object nor a text: 1"),
        ("a.json", "5", "is no list of rows: 5"),
        ("a.json", "[" * 100_000, "is not JSON: "),
        ("a.jsonl", "{}\n" + "[" * 100_000, "row 2: not a JSON object: "),
        ("a.jsonl", "{}\n" + f'"{"x" * 200_000}"', "row 2: not a JSON object: 'xxx"),
        (
            "a.yaml",
            "- Why?\n- Is it so: now?\n",
            "row 2: quote the text: it holds a colon: {'Is it so': 'now?'}",
        ),
        ("a.yaml", "- a: b: c", "line 1: quote the text: it holds a colon"),
        ("a.yaml", "- a: 1\n  a: 2\n", "line 2: key a was given on line 1 already"),
        ("a.parquet", "version https://git-lfs.github.com/spec/v1\n", "only points to a file that Git LFS"),
        ("a.xlsx", "PK", "unknown format; rows come as .jsonl, .json, .csv"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line(tmp_path: Path, name: str, content: str, problem: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as caught:
        rows(tmp_path / name)
    assert problem in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        read_rows(tmp_path)
