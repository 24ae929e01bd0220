"""Comparison tables of others, read as mien's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import InputError, UnknownName, UsageError
from mien.runs.interop.tables import read_table
from tests import SHARED

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    Row = dict[str, Any]

BATTLES = """\
,question_id,model_a,model_b,winner,judge,turn
0,q0,owl-7b,elk-13b,model_a,ann,1
1,q1,elk-13b,owl-7b,tie,bea,1
2,q2,owl-7b,fox-70b,tie (bothbad),ann,1
3,q3,fox-70b,elk-13b,model_b,,1
"""


def rows(table: pd.DataFrame) -> list[list[str]]:
    return table.to_numpy().tolist()


def test_battles_of_the_arena(tmp_path: Path) -> None:
    (tmp_path / "battles.csv").write_text(BATTLES)
    table = read_table(tmp_path / "battles.csv", map_by="arena")
    assert [*table.columns] == ["option_1", "option_2", "chosen", "prompt_id", "judge"]
    assert rows(table) == [
        ["owl-7b", "elk-13b", "owl-7b", "q0", "ann"],
        ["elk-13b", "owl-7b", "tie", "q1", "bea"],
        ["owl-7b", "fox-70b", "neither", "q2", "ann"],
        ["fox-70b", "elk-13b", "elk-13b", "q3", ""],
    ]


def test_judgments_of_mt_bench(tmp_path: Path) -> None:
    judged = {
        "question_id": 81,
        "model_a": "owl",
        "model_b": "elk",
        "winner": "model_b",
        "judge": ["gpt-4", "pair"],
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(judged))
    table = read_table(tmp_path / "a.jsonl", map_by="arena")
    assert rows(table) == [["owl", "elk", "elk", "81", "gpt-4, pair"]]


def test_annotations_of_alpacaeval(tmp_path: Path) -> None:
    asked = {"instruction": "Why?", "generator_1": "owl", "generator_2": "elk", "annotator": "gpt"}
    given = [1, 2.0, 1.5, 0, 1.2, 1.8, None, float("nan")]
    (tmp_path / "a.json").write_text(json.dumps([asked | {"preference": one} for one in given]))
    table = read_table(tmp_path / "a.json", map_by="alpaca")
    expected = ["owl", "elk", "tie", "tie", "owl", "elk", "unreadable", "unreadable"]
    assert table["chosen"].tolist() == expected
    assert set(table["judge"]) == {"gpt"}
    assert len(set(table["prompt_id"])) == 1
    assert table.attrs["notes"] == ["2 preferences between 1 and 2 taken for the nearer"]
    for wrong in (3, "owl"):
        (tmp_path / "a.json").write_text(json.dumps([asked | {"preference": wrong}]))
        with pytest.raises(InputError, match=r"a\.json, row 1: "):
            read_table(tmp_path / "a.json", map_by="alpaca")


def pair(**annotations: object) -> Row:
    sides = {"response_a": {"text": "…", "model": "owl"}, "response_b": {"text": "…", "model": "elk"}}
    return {"id": "c1", "prompt": "Why?", **sides, "annotations": annotations, "metadata": {}}


def written(path: Path, *comparisons: object) -> Path:
    people = {"h1": {"name": "people", "type": "human"}, "h2": {"description": "prefers the shorter"}}
    document = {"metadata": {"version": "2.0"}, "annotators": people, "comparisons": comparisons}
    path.write_text(json.dumps(document))
    return path


def test_annotated_pairs_of_icai(tmp_path: Path) -> None:
    first = pair(h1={"pref": "a"}, h2={"pref": None, "no_pref_reason": "not_applicable"})
    second = pair(h1={"pref": "text_b"}, h2={"pref": None, "no_pref_reason": "invalid"}) | {"id": "c2"}
    table = read_table(written(tmp_path / "ap.json", first, second), map_by="icai")
    told = table[["chosen", "judge", "trial_id"]]
    assert rows(told) == [
        ["owl", "people", "c1"],
        ["neither", "prefers the shorter", "c1"],
        ["elk", "people", "c2"],
        ["unreadable", "prefers the shorter", "c2"],
    ]
    assert set(table["option_1"]) == {"owl"}


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (pair(h1={"pref": "c"}), "the verdict is 'c', none of a, b"),
        (pair() | {"response_a": {"text": "…"}}, "response_a does not say which model it is by"),
        ({"id": "c1"}, "lacks 'response_a'"),
        (5, "is no annotated pair"),
    ],
)
def test_a_pair_that_cannot_be_read_is_named(tmp_path: Path, one: object, problem: str) -> None:
    with pytest.raises(InputError, match=r"ap\.json, comparison 2: ") as caught:
        read_table(written(tmp_path / "ap.json", pair(h1={"pref": "a"}), one), map_by="icai")
    assert problem in str(caught.value)


def test_votes_of_llmfao(tmp_path: Path) -> None:
    votes = "id,prompt,left,right,winner,worker\n7,8,owl,elk,left,w1\n7,8,owl,elk,tie,w2\n"
    (tmp_path / "votes.csv").write_text(votes)
    told = read_table(tmp_path / "votes.csv", map_by="llmfao")[["chosen", "prompt_id", "judge", "trial_id"]]
    assert rows(told) == [["owl", "8", "w1", "7"], ["tie", "8", "w2", "7"]]


def test_columns_of_other_names(tmp_path: Path) -> None:
    (tmp_path / "battles.csv").write_text(BATTLES.replace("tie (bothbad)", "neither"))
    columns = {"option_1": "model_a", "option_2": "model_b", "chosen": "winner", "prompt_id": "question_id"}
    table = read_table(tmp_path / "battles.csv", columns=columns)
    assert table["chosen"].tolist() == ["owl-7b", "tie", "neither", "elk-13b"]
    assert table["prompt_id"].tolist() == ["q0", "q1", "q2", "q3"]
    with pytest.raises(InputError, match="no column 'side'; found , question_id, model_a"):
        read_table(tmp_path / "battles.csv", columns={"option_1": "side"})
    with pytest.raises(UsageError, match="has no column 'winner'; it has option_1"):
        read_table(tmp_path / "battles.csv", columns={"winner": "winner"})
    with pytest.raises(UsageError, match="give one of the two"):
        read_table(tmp_path / "battles.csv", columns=columns, map_by="arena")


@pytest.mark.parametrize(
    ("file", "content", "found"),
    [
        ("a.csv", BATTLES, "arena"),
        ("a.json", json.dumps([{"generator_1": "a", "generator_2": "b", "preference": 1}]), "alpaca"),
        ("a.csv", "left,right,winner\na,b,left\n", "llmfao"),
    ],
)
def test_the_map_that_reads_a_table_is_named(tmp_path: Path, file: str, content: str, found: str) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(InputError, match=f"'option_1' is missing; found: .*; read it by --map {found}$"):
        read_table(tmp_path / file)
    with pytest.raises(InputError, match=r"--map icai$"):
        read_table(written(tmp_path / "ap.json", pair(h1={"pref": "a"})))


def test_a_verdict_that_a_map_does_not_know_is_refused_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "battles.csv").write_text(BATTLES.replace("q1,elk-13b,owl-7b,tie", "q1,elk-13b,owl-7b,draw"))
    with pytest.raises(InputError, match="row 2: the verdict is 'draw', none of model_a, model_b, tie"):
        read_table(tmp_path / "battles.csv", map_by="arena")
    with pytest.raises(UnknownName, match="no map named 'arean'; did you mean arena"):
        read_table(tmp_path / "battles.csv", map_by="arean")


@pytest.mark.parametrize("file", ["12_arena_battles.csv", "16_UPPER.CSV"])
def test_battles_that_were_refused(file: str) -> None:
    path = SHARED / "cases" / "files" / file
    if not path.exists():
        pytest.skip(f"there is no {path}")
    table = read_table(path, map_by="arena")
    assert table["chosen"].tolist() == ["alpha-7b", "tie", "neither", "beta-13b"]
