"""A constitution of mien's own as a spec."""

from __future__ import annotations

from mien.materials.constitutions import load_constitution
from mien.materials.specs import import_spec


def test_assertions_are_clauses_and_questions_items() -> None:
    constitution = load_constitution("candid-friend")
    found = import_spec("candid-friend")
    clauses = found.spec.clauses
    assert len(clauses) == len(constitution.assertions) + len(constitution.never)
    first, assertion = clauses[0], constitution.assertions[0]
    assert first.text.endswith(assertion.text)
    assert [item.messages[0]["content"] for item in first.items] == list(assertion.questions)
    assert set(first.tags) == {f"+{one}" for one in assertion.raises} | {
        f"-{one}" for one in assertion.lowers
    }
    assert clauses[-1].section == "Never"
    assert found.left == ("assertion 1: 2 answers without a conversation",)
