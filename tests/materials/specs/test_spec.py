"""Specs are read, written as they were, and told where they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.materials.specs import Bounds, Check, read_spec
from tests.materials.specs.plain import SOUND

if TYPE_CHECKING:
    from pathlib import Path


def test_members_are_read(file: Path) -> None:
    spec = read_spec(file)
    assert (spec.name, spec.version, [clause.id for clause in spec.clauses]) == (
        "tutor",
        "2",
        ["hint_first", "plain_words"],
    )
    first = spec.clauses[0]
    assert (first.section, first.authority, first.tags) == ("Teaching", "developer", ("help",))
    assert first.good[0].messages == ({"role": "user", "content": "Solve 3x = 12 for me."},)
    assert [message["role"] for message in first.bad[0].messages] == ["system", "user"]
    plain, checked = first.items
    assert (plain.kind, plain.cluster, plain.held_out) == ("typical", "arithmetic", True)
    assert (plain.origin, plain.checks) == ("openai/scribe", ())
    assert checked.checks[:2] == (Check("lacks", ("56", "fifty-six")), Check("words", Bounds(most=60)))
    assert spec.gates[0].fail_on == ("clause(hint_first) < .9",)
    assert [(clause.id, item.id) for clause, item in spec.items] == [
        ("hint_first", "fractions"),
        ("hint_first", "short"),
    ]


def test_what_is_written_reads_as_the_same_spec(file: Path) -> None:
    spec = read_spec(file)
    file.write_text(spec.yaml(), encoding="utf-8")
    assert read_spec(file) == spec
    assert read_spec(file).identity == spec.identity


def test_rewording_a_clause_changes_only_the_items_that_its_judge_reads_it_for(file: Path) -> None:
    before = read_spec(file).clauses[0]
    file.write_text(SOUND.replace("Give a hint before", "Always give a hint before"), encoding="utf-8")
    after = read_spec(file).clauses[0]
    plain, checked = before.items
    assert after.key(plain) != before.key(plain)
    assert after.key(checked) == before.key(checked)
    assert before.content(plain)["messages"] == after.content(plain)["messages"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("authority: developer", "authority: boss", r"key clauses\.0\.authority: is none of root, system"),
        ("tags: [help]", "tags: help", r"key clauses\.0\.tags: is to be a list"),
        ("kind: typical", "kind: odd", "kind: is none of typical, edge, adversarial"),
        ("id: short", "id: fractions", "id fractions is there twice"),
        ("id: plain_words", "id: hint_first", "id hint_first is there twice"),
        ("id: plain_words", "id: Plain words", "an id is of small letters"),
        ("text: Explain terms in words that a child knows.", "text: ''", "text: is blank; write it"),
        ("- words:", "- word:", r"checks\.1: no check named 'word'; did you mean words"),
        (
            "messages:\n          - {role: user",
            "messages:\n          - {role: boss",
            "message 1: its role is",
        ),
        ("messages: What is a half plus a third? Just the answer.", "messages: ''", "message 1: is blank"),
        ("fail_on: [", "fails: [", r"key gates\.0\.fails: no such key"),
        ('version: "2"', "version: 2", "key version: quote the text: 2 is read as a number"),
        (SOUND[SOUND.index("clauses:") : SOUND.index("gates:")], "clauses: []\n", "clauses: holds nothing"),
    ],
)
def test_reading_names_the_line(file: Path, old: str, new: str, problem: str) -> None:
    before, *rest = SOUND.split(old)
    assert len(rest) == 1
    file.write_text(SOUND.replace(old, new), encoding="utf-8")
    line = before.count("\n") + 1
    with pytest.raises(InputError, match=rf"tutor\.yaml, line {line}: .*{problem}"):
        read_spec(file)


def test_an_item_ends_with_what_the_model_is_to_answer(file: Path) -> None:
    file.write_text(SOUND.replace("          - {role: user, content: It's 28. So?}\n", ""), encoding="utf-8")
    with pytest.raises(InputError, match=r"items\.1: the conversation ends with a message of the user's"):
        read_spec(file)


@pytest.mark.parametrize("text", ["", "- a list", "name: [", "just text", "name: a\nname: b"])
def test_what_is_no_spec_is_refused(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"tutor\.yaml"):
        read_spec(file)


def test_what_others_wrote_is_to_be_imported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.yaml: no such file"):
        read_spec(tmp_path / "absent.yaml")
    (tmp_path / "spec.md").write_text("# A spec", encoding="utf-8")
    with pytest.raises(InputError, match=r"mien spec import .*spec\.md"):
        read_spec(tmp_path / "spec.md")


def test_a_comma_that_tears_a_message_is_named(file: Path) -> None:
    file.write_text(SOUND.replace("content: It's 28. So?", "content: It's 28, so?"), encoding="utf-8")
    with pytest.raises(InputError, match="message 3: quote the text: it holds a comma"):
        read_spec(file)


def test_clauses_may_be_those_of_another_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("name: own\nclauses: [{id: kind, text: Be kind.}]\n")
    (tmp_path / "release.yaml").write_text("name: release\nclauses: own.yaml\n")
    found = read_spec(tmp_path / "release.yaml")
    assert (found.name, [clause.id for clause in found.clauses]) == ("release", ["kind"])
    (tmp_path / "own.yaml").write_text("name: own\nclauses: [{id: kind, text: Be kind., hue: red}]\n")
    with pytest.raises(InputError, match="hue: no such key") as caught:
        read_spec(tmp_path / "release.yaml")
    assert caught.value.source == str(tmp_path / "own.yaml")
    (tmp_path / "release.yaml").write_text("name: release\nclauses: release.yaml\n")
    with pytest.raises(InputError, match=r"release\.yaml has its clauses in another file"):
        read_spec(tmp_path / "release.yaml")
