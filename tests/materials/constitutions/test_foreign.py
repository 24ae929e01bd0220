"""Characters that were written down otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.materials.constitutions import check_constitution, import_constitution, load_constitution
from tests import SHARED
from tests.materials.constitutions.plain import SOUND

if TYPE_CHECKING:
    from pathlib import Path

TWO = ["I say what I see before I say what I think.", "I never hurry: anybody."]
MARKDOWN = """\
# The pilot

Whoever brings ships in.

- I say what I see
  before I say what I think.
* I never hurry: anybody.

Nothing more.
"""


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        (
            "a.json",
            '["I say what I see before I say what I think.", "I never hurry: anybody."]',
            "2 criteria",
        ),
        (
            "a.json",
            '{"criteria": ["I say what I see before I say what I think.",\n"I never hurry: anybody."]}',
            "",
        ),
        (
            "a.yaml",
            "- I say what I see before I say what I think.\n- 'I never hurry: anybody.'\n",
            "2 criteria",
        ),
        (
            "a.md",
            MARKDOWN,
            "2 items; passed over: '# The pilot', 'Whoever brings ships in.', 'Nothing more.'",
        ),
        ("a.md", "I say what I see\nbefore I say what I think.\n\nI never hurry: anybody.\n", "2 paragraphs"),
        ("a.txt", "I say what I see before I say what I think.\n\nI never hurry: anybody.\n", "2 lines"),
        ("a.txt", "1. I say what I see before I say what I think.\n2) I never hurry: anybody.\n", "2 items"),
    ],
)
def test_what_was_written_otherwise_becomes_a_constitution(
    tmp_path: Path, name: str, text: str, note: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    imported = import_constitution(tmp_path / name)
    assert [one.text for one in imported.constitution.assertions] == TWO
    assert note in "; ".join(imported.notes)
    (tmp_path / "b.yaml").write_text(imported.constitution.yaml(), encoding="utf-8")
    assert load_constitution(tmp_path / "b.yaml") == imported.constitution


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.yaml", SOUND, "is a constitution already; look at it with: mien constitution check"),
        ("a.md", "# Only a heading\n", "holds no trait, criterion or sentence"),
        ("a.json", '["I am kind.", " "]', "item 2: is blank"),
        ("a.json", '{"a": 1}', "holds no list of criteria or traits"),
    ],
)
def test_what_holds_no_character_is_told(tmp_path: Path, name: str, text: str, problem: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        import_constitution(tmp_path / name)


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.jsonl", "a.json"])
def test_other_layouts_are_told_how_they_become_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('["I am kind: always."]', encoding="utf-8")
    with pytest.raises(InputError, match=r"becomes one by: mien constitution import .*a"):
        check_constitution(tmp_path / name)


def test_criteria_that_were_refused() -> None:
    path = SHARED / "cases" / "files" / "10_eigenbench_list.json"
    if not path.exists():
        pytest.skip(f"there is no {path}")
    assert len(import_constitution(path).constitution.assertions) == 2
