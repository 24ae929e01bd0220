"""Configurations of promptfoo: prompts filled, assertions carried over, nothing run or fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.materials.specs import import_spec

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
description: Translations
providers: [openai:gpt-4o]
outputPath: out.json
prompts:
  - "Translate to {{language}}: {{text}}"
  - {id: file://chat.json, label: chat}
  - file://../secret.txt
  - exec:./run.sh
assertionTemplates:
  polite: {type: llm-rubric, value: "is polite to {{who}}"}
defaultTest:
  vars: {who: Ann}
  assert: [{type: not-contains, value: AI}]
tests:
  - description: greeting
    vars: {language: [French, German], text: Hello}
    assert:
      - {type: icontains-any, value: [bonjour, hallo], weight: 2}
      - {type: javascript, value: output.length}
      - $ref: '#/assertionTemplates/polite'
      - {type: assert-set, assert: [{type: cost, threshold: 1}, {type: starts-with, value: "{{text}}"}]}
  - {vars: {language: French}, assert: [{type: equals, value: Bonjour}]}
  - {vars: {language: French, text: file://long.txt}, assert: [{type: is-json}]}
  - file://more.yaml
"""


def test_a_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    chat = '[{"role": "system", "content": "You translate."}, {"role": "user", "content": "{{text}}"}]'
    (folder / "chat.json").write_text(chat, encoding="utf-8")
    (folder / "more.yaml").write_text(
        "- {vars: {language: Dutch, text: Hi}, assert: [{type: is-refusal}]}", encoding="utf-8"
    )
    (folder / "promptfooconfig.yaml").write_text(CONFIG, encoding="utf-8")
    found = import_spec(folder / "promptfooconfig.yaml")
    items = found.spec.clauses[0].items
    by_id = {item.id: item for item in items}
    assert set(by_id) >= {"greeting", "greeting_2", "test_4"}
    assert {item.cluster for item in items} == {"greeting", "test_4"}
    assert by_id["greeting"].messages == ({"role": "user", "content": "Translate to French: Hello"},)
    assert [one["role"] for one in by_id["greeting_2"].messages] == ["system", "user"]
    assert [check.members() for check in by_id["greeting"].checks] == [
        {"matches": r"\A(?![\s\S]*(?:AI))"},
        {"contains": ["bonjour", "hallo"]},
        {"judge": "Does this hold for the answer: is polite to Ann"},
        {"matches": r"\AHello"},
    ]
    assert found.left == (
        "prompt 3: file://../secret.txt: lies outside the configuration's folder, and is not read",
        "prompt 4: exec:./run.sh is a program, and is not run",
        "test 1 ('greeting'), assertion 3: javascript has no check that means the same",
        "test 1 ('greeting'), assert-set, assertion 1: cost has no check that means the same",
        "test 2: cannot be filled: 'text' is undefined",
        "test 3: the variable text stands in a file: file://long.txt",
    )
    assert "passed over: outputPath" in found.notes


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        ("{vars: {a: 1}}", "nothing is left to check"),
        ("{vars: {a: '{{ '}, assert: [{type: regex, value: (}]}", "no test that can be asked"),
        ("5", "nothing is left to check"),
        (f"{{vars: {{a: {list(range(40))}, b: {list(range(40))}}}}}", "make more than 1,000 combinations"),
    ],
)
def test_a_configuration_of_which_nothing_is_left_is_refused(tmp_path: Path, test: str, problem: str) -> None:
    (tmp_path / "c.yaml").write_text(f"prompts: ['{{{{a}}}}']\ntests: [{test}]", encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        import_spec(tmp_path / "c.yaml")


def test_yes_is_a_text_as_in_what_reads_these_files(tmp_path: Path) -> None:
    config = (
        "prompts: ['{{a}}, {{b}}']\ntests: [{vars: {a: Yes, b: true}, assert: [{type: equals, value: No}]}]"
    )
    (tmp_path / "c.yaml").write_text(config, encoding="utf-8")
    [item] = import_spec(tmp_path / "c.yaml").spec.clauses[0].items
    assert item.messages[0]["content"] == "Yes, true"
    assert item.checks[0].value == r"\A\s*No\s*\Z"
