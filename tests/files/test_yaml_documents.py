"""YAML as people write it."""

from __future__ import annotations

import pytest

from mien.errors import InputError
from mien.files.yaml_documents import read_yaml, yaml_text


def test_valid_yaml_is_read_that_the_loader_in_pure_python_refuses() -> None:
    node, value = read_yaml("questions: [Is it raining?]\n", "a.yaml")
    assert value == {"questions": ["Is it raining?"]}
    assert node is not None
    assert node.start_mark.line == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\ntext: I say: no\n", "line 2: quote the text: it holds a colon"),
        ("a: 1\n  b: 2\n", "line 2: line the key up with those above, or quote the text: it holds a colon"),
        ("a: 1\n\tb: 2\n", "line 2: indent with spaces, not with tabs"),
        ("a: @home\n", "line 1: quote the text: it begins with @"),
        ("a: *bold* words\n", "line 1: "),
        ("a: - b\n", "line 1: quote the text: it begins with -"),
        ("a: 1\n---\nb: 2\n", "line 2: holds a second document after ---; keep one"),
        ("a: 1\nb: 2\na: 3\n", "line 3: key a was given on line 1 already; keep one"),
        ("- text: x\n  text: y\n", "line 2: key text was given on line 1 already; keep one"),
        ("a: \x1b[2J\n", "holds a control character; take it out"),
        ("a: 2024-13-01\n", "is not valid YAML: month must be in 1..12"),
        ("a: [1, 2\n", "is not valid YAML: "),
        ("&a [*a]\n", "is nested too deeply"),
    ],
)
def test_what_is_wrong_is_told_in_the_users_words_with_the_line(text: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        read_yaml(text, "a.yaml")
    assert str(caught.value).startswith("a.yaml")
    assert problem in str(caught.value)


def test_yaml_is_written_as_a_person_would() -> None:
    assert yaml_text({"b": "größer", "a": ["one\ntwo"]}) == "b: größer\na:\n- |-\n  one\n  two\n"
