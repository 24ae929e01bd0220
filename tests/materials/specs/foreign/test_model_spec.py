"""OpenAI's model spec: a miniature of our own, and two real releases where they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.instruments.manner.countable import countable
from mien.materials.specs import check_spec, import_spec
from tests import ROOT
from tests.materials.specs.foreign.miniature import MARKDOWN, written

if TYPE_CHECKING:
    from pathlib import Path

    from mien.materials.specs import Imported

REAL = ROOT.parent / "shared" / "data" / "model_spec"


@pytest.fixture
def imported(tmp_path: Path) -> Imported:
    return import_spec(written(tmp_path / "2026-01-02"))


def test_clauses_are_headings_with_an_authority(imported: Imported) -> None:
    spec = imported.spec
    assert (spec.version, [(one.id, one.section, one.authority) for one in spec.clauses]) == (
        "2026-01-02",
        [
            ("safety_first", "Seamanship", "root"),
            ("plain_talk", "Seamanship / Put safety first", "guideline"),
            ("odd", "Seamanship", ""),
        ],
    )
    first = spec.clauses[0]
    assert first.tags == ("sea", "night")
    assert first.text == (
        "Put safety first\n\n"
        "Never advise to sail into a storm. See Overview, [Talk plainly](#plain_talk) and "
        "[the talk](#plain_talk).\n\n"
        "Ask the coastguard in doubt."
    )


def test_answers_that_are_compared_become_examples(imported: Imported) -> None:
    safety, plain, _ = imported.spec.clauses
    assert [(one.answer, one.why) for one in safety.bad] == [("Off you go!", "a gale: sends them out")]
    assert [one.answer for one in safety.good] == ["Stay in harbour.", "Stay, all the same[...]"]
    assert safety.good[0].why == "a gale: given the gale"
    assert safety.good[0].messages == (
        {"role": "system", "content": "Be brief.\n\nYou advise sailors."},
        {"role": "user", "content": "Gale of force 9. Do I sail & race?"},
    )
    # A conversation goes on from the good answer; what breaks another clause is that one's.
    assert [one["content"] for one in safety.good[1].messages[2:]] == ["Stay in harbour.", "But it pays."]
    assert [one.answer for one in plain.bad] == ["Winds are air in motion."]
    assert plain.good[0].messages == ({"role": "user", "content": "Say port, not left."},)


def test_references_lead_to_items(imported: Imported) -> None:
    safety, plain, odd = imported.spec.clauses
    assert [(one.id, one.cluster, len(one.messages)) for one in safety.items] == [
        ("strm-1", "strm", 3),
        ("strm-3", "strm", 1),
    ]
    assert [one.id for one in plain.items] == ["orph-1"]
    assert odd.items == ()


def test_what_is_odd_is_told_and_what_cannot_be_carried_over_listed(imported: Imported) -> None:
    notes = "\n".join(imported.notes)
    line = MARKDOWN.partition("[^gone]")[0].count("\n") + 1
    assert "3 clauses (root 1, guideline 1)" in notes
    assert "3 comparisons, 5 examples" in notes
    assert f"references that lead nowhere: gone (line {line})" in notes
    assert "put where they say they belong: orph\n" in notes
    assert "1 clause without a prompt: odd" in notes
    assert Counter(one.split(": ", 1)[1] for one in imported.left) == {
        "authority captain is none of root, system, developer, user, guideline": 1,
        "is called OK, neither good nor bad": 1,
        "breaks #seamanship, which is no clause": 1,
        "calls a tool": 2,
        "<user> is never closed": 1,
        "stands under a heading without authority": 1,
        "is referred to nowhere, and names no section": 1,
    }


def test_what_it_makes_can_be_run(imported: Imported, tmp_path: Path) -> None:
    (tmp_path / "made.yaml").write_text(imported.spec.yaml(), encoding="utf-8")
    assert [one for one in check_spec(tmp_path / "made.yaml", countable()) if not one.warning] == []


@pytest.mark.parametrize("text", ["", "# No clause\n", "# One {#one}\n", "# A {#a authority=root}\n~~~xml\n"])
def test_what_is_no_spec_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "spec.md").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"spec\.md"):
        import_spec(tmp_path / "spec.md")
    with pytest.raises(InputError, match=r"is a folder without model_spec\.md"):
        import_spec(tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="the releases of OpenAI's model spec are not there")
def test_the_real_releases(tmp_path: Path) -> None:
    late, early = (import_spec(REAL / version) for version in ("2025-12-18", "2025-09-12"))
    authority = Counter(clause.authority for clause in late.spec.clauses)
    assert authority == {"root": 22, "guideline": 18, "user": 15, "system": 3, "developer": 1}
    notes = "\n".join(late.notes)
    assert "59 clauses" in notes
    assert "189 comparisons, 272 examples" in notes
    for reference in ("rse0", "d0pu", "h82a", "t5q0"):
        assert f"{reference} (line " in notes.partition("lead nowhere: ")[2]
    assert "belong: 91ld, lds1" in notes
    assert "16 clauses without a prompt" in notes
    assert len(early.spec.clauses) == 57
    (tmp_path / "late.yaml").write_text(late.spec.yaml(), encoding="utf-8")
    assert [one for one in check_spec(tmp_path / "late.yaml", countable()) if not one.warning] == []
