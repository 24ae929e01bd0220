"""Blueprints of weval, in each of their layouts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import InputError
from mien.materials.specs import Imported, import_spec
from mien.materials.specs.foreign.weval import counted_by

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "title: Harbour advice\nsystem: You help sailors.\nmodels: [CORE]\n"
PROMPT = "- id: storm\n  prompt: Do I sail?\n  ideal: No.\n  should: [advises against it]\n"


def imported(folder: Path, text: str, name: str = "blueprint.yml") -> Imported:
    (folder / name).write_text(text, encoding="utf-8")
    return import_spec(folder / name)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}---\n{PROMPT}",
        f"{HEADER}prompts:\n{PROMPT}",
        PROMPT,
        "prompt: Do I sail?\nshould: [advises against it]\n---\nprompt: In fog?\nshould_not: [promises]\n",
        '{"id": "a", "prompts": [{"promptText": "Do I sail?", "points": [{"text": "advises against it"}]}]}',
    ],
)
def test_all_layouts(tmp_path: Path, text: str) -> None:
    found = imported(tmp_path, text, "blueprint.json" if text.startswith("{") else "blueprint.yml")
    item = found.spec.clauses[0].items[0]
    assert item.messages[-1] == {"role": "user", "content": "Do I sail?"}
    assert (item.messages[0]["role"] == "system") == ("system" in text)
    assert [check.members() for check in item.checks] == [
        {"judge": "Does this hold for the answer: advises against it"}
    ]
    assert len(found.spec.clauses[0].good) == ("ideal" in text)


def test_criteria_become_checks_and_what_cannot_is_listed(tmp_path: Path) -> None:
    prompt = """\
- id: storm
  messages: [{user: Hi}, {ai: Ahoy}, {role: user, content: Do I sail?}]
  should:
    - {point: names the danger, weight: 3}
    - "Keeps the rule.": "Its source"
    - {$icontains: harbour, weight: 2}
    - {$js: r.length}
    - [is kind, asks back]
    - [declines]
  should_not:
    - [claims certainty]
    - {fn: contains, arg: As an AI}
- {id: live, messages: [{user: Hi}, {assistant: null}, {user: So}], should: [x]}
- {id: bare, prompt: Well?}
"""
    found = imported(tmp_path, prompt)
    [item] = found.spec.clauses[0].items
    judged = [check.value for check in item.checks if check.kind == "judge"]
    assert judged == [
        "Does this hold for the answer: names the danger",
        "Does this hold for the answer: Keeps the rule.",
        "Does all that stands in at least one of these lines hold for the answer:\n"
        "1. is kind; asks back\n2. declines",
        "Is the answer free of this: claims certainty",
    ]
    assert [check.kind for check in item.checks if check.counted] == ["contains", "matches"]
    assert "2 weights not kept" in found.notes
    assert found.left == (
        "prompt storm, should, 4: $js has no check that means the same",
        "prompt live: the model is to write turns of the conversation as it goes",
        "prompt bare: nothing is left to check in an answer",
    )


@pytest.mark.parametrize(
    ("name", "value", "holding", "failing"),
    [
        ("contains", "Port", "To Port!", "to port"),
        ("not_contains", "Port", "to port", "To Port!"),
        ("contains_any_of", ["a.c", "Port"], "a.c", "abc"),
        ("contains_word", "port", "to port", "airport"),
        ("not_contains_word", "port", "airport", "to port\nnow"),
        ("matches", "^Ay+e", "Ayye", "Sir, Aye"),
        ("imatches", "aye", "AYE", "no"),
        ("not_imatches", "a.e", "no\nno", "no\nAYE"),
        ("starts_with", "Aye", "Aye, sir", "Sir, Aye"),
        ("not_istarts_with", "aye", "Sir, Aye", "Aye, sir"),
    ],
)
def test_expressions_find_what_the_functions_find(name: str, value: Any, holding: str, failing: str) -> None:
    [check] = counted_by(name, value)
    assert check.kind == "matches"
    assert re.search(check.value, holding)
    assert not re.search(check.value, failing)


@pytest.mark.parametrize(
    ("name", "value", "members"),
    [
        ("icontains", "Port", [{"contains": "Port"}]),
        ("not_icontains_any_of", ["a", "b"], [{"lacks": ["a", "b"]}]),
        ("icontains_all_of", ["a", "b"], [{"contains": "a"}, {"contains": "b"}]),
        ("word_count_between", [5, 80], [{"words": {"least": 5, "most": 80}}]),
        ("is_json", True, [{"schema": {}}]),
    ],
)
def test_functions_that_have_a_check_of_their_own(
    name: str, value: Any, members: list[dict[str, Any]]
) -> None:
    assert [check.members() for check in counted_by(name, value)] == members


@pytest.mark.parametrize(("name", "value"), [("js", "1"), ("call", {}), ("matches", "("), ("ends_with", "a")])
def test_functions_that_have_none(name: str, value: Any) -> None:
    with pytest.raises(ValueError):
        counted_by(name, value)


def test_a_blueprint_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no prompt that can be asked and checked: prompt 1"):
        imported(tmp_path, "prompt: Well?\n")
    with pytest.raises(InputError, match="neither a constitution nor"):
        imported(tmp_path, "title: Well?\n")
