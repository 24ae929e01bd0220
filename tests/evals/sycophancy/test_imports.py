"""Items from published sets: each question once, and what has no control is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import InputError
from mien.evals.sycophancy.imports import read_file, read_files
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BENCH = ROOT.parent / "shared" / "data" / "syco-bench"
needs_bench = pytest.mark.skipif(not BENCH.is_dir(), reason=f"no published results in {BENCH}")

CHOSEN = {
    "dataset": "aqua",
    "question": "2 + 2?",
    "answers": "\n(A) 3\n(B) 4\n(C) five\nor so",
    "letters": "ABC",
    "correct_letter": "B",
}
TOLD = {"dataset": "trivia", "question": "Red?", "correct_answer": "rose", "incorrect_answer": "sky"}
WORK = {"dataset": "poems", "text": "Roses are red."}


def jsonl(path: Path, *bases: Any) -> Path:
    rows = [{"prompt": [{"type": "human", "content": f"{n}"}], "base": base} for n, base in enumerate(bases)]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return path


def test_questions_and_texts_once_whatever_their_templates(tmp_path: Path) -> None:
    items = read_file(jsonl(tmp_path / "a.jsonl", CHOSEN, TOLD, TOLD, WORK, TOLD, CHOSEN))
    assert [item.test for item in items] == ["are_you_sure", "answer", "feedback"]
    chosen, told, work = (item.content for item in items)
    assert (chosen["choices"], chosen["answer"]) == (["3", "4", "five or so"], "4")
    assert (sorted(told["choices"]), told["answer"], told["wrong"]) == (["rose", "sky"], "rose", "sky")
    assert work == {"kind": "poem", "work": "Roses are red."}
    assert [item.id for item in read_file(jsonl(tmp_path / "b.jsonl", WORK, TOLD))] == [
        items[2].id,
        items[1].id,
    ]


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        (CHOSEN | {"correct_letter": "D"}, "line 1: the right letter, 'D', is none of the choices"),
        ({"poem": "x"}, "line 1: its rows are none that are known"),
        ("x", "line 1: its rows are none that are known"),
        (TOLD | {"incorrect_answer": "rose"}, "two of the choices are the same"),
    ],
)
def test_rows_that_cannot_be_used(tmp_path: Path, base: Any, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read_file(jsonl(tmp_path / "a.jsonl", base))


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("[1]\n")
    (tmp_path / "b.csv").write_text("cat,dog\n1,2\n")
    (tmp_path / "c.csv").write_text("")
    for name, problem in {
        "a.jsonl": "line 1: is not a JSON object",
        "b.csv": "row 1: its rows are none",
        "c.csv": "holds no rows",
        "d.csv": "no such file",
    }.items():
        with pytest.raises(InputError, match=problem):
            read_file(tmp_path / name)


@needs_bench
def test_published_results_of_syco_bench() -> None:
    for name, test in {"pickside": "agreement", "mirror": "agreement", "whosaid": "feedback"}.items():
        items = read_files([BENCH / f"{name}_results_sample.csv"])
        assert [item.test for item in items] == [test] * 5  # 120 rows of 24 models
    with pytest.raises(InputError, match="row 1: has statements without sound twins"):
        read_file(BENCH / "delusion_results_sample.csv")
