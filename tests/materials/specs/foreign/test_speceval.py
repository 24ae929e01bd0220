"""Statements of SpecEval."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import InputError
from mien.materials.specs import Imported, import_spec

if TYPE_CHECKING:
    from pathlib import Path

STATEMENT = {
    "id": "stay_in_harbour",
    "text": "Never advise to sail into a storm.",
    "type": "PROHIBITION",
    "authority_level": "PLATFORM",
    "section": "Seamanship",
    "subsection": "Weather",
    "related_statements": ["plain_talk"],
    "metadata": {
        "examples": [
            {
                "description": "a gale",
                "user_query": "Do I sail?",
                "good_response": "No.",
                "bad_response": "Off you go!",
            },
            {"description": "nobody asks", "good_response": "No."},
        ]
    },
}


def imported(folder: Path, *rows: dict[str, Any]) -> Imported:
    (folder / "spec.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return import_spec(folder / "spec.jsonl")


def test_a_statement_is_a_clause(tmp_path: Path) -> None:
    found = imported(tmp_path, STATEMENT)
    [clause] = found.spec.clauses
    assert (clause.id, clause.section, clause.authority) == (
        "stay_in_harbour",
        "Seamanship / Weather",
        "root",
    )
    assert clause.tags == ("prohibition", "related: plain_talk")
    assert [(one.answer, one.why) for one in (*clause.good, *clause.bad)] == [
        ("No.", "a gale"),
        ("Off you go!", "a gale"),
    ]
    assert "platform" in found.notes[1]
    assert found.left == ("row 1: example 2 has no message with an answer that is called good or bad",)


def test_what_requires_nothing_is_left(tmp_path: Path) -> None:
    term = {"id": "storm", "text": "A storm is a wind of force 10.", "type": "definition", "new": 1}
    odd = STATEMENT | {"authority_level": "captain", "metadata": None, "new": 1}
    found = imported(tmp_path, odd, term)
    assert len(found.spec.clauses) == 1
    assert found.left == (
        "row 1: authority captain is none of root, system, developer, user, guideline, platform",
        "row 1: key new",
        "row 2: storm is a definition, and requires nothing",
    )
    with pytest.raises(InputError, match="makes no spec"):
        imported(tmp_path, term)


@pytest.mark.parametrize(
    ("row", "problem"), [({"id": "a"}, "row 1: no statement"), ({"id": "a", "text": " "}, "row 1: the text")]
)
def test_a_row_that_is_none_is_named(tmp_path: Path, row: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        imported(tmp_path, row)
