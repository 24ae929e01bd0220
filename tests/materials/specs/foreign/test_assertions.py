"""Each assertion of promptfoo that has a check, and those that have none."""

from __future__ import annotations

from typing import Any

import pytest

from mien.materials.specs.foreign.assertions import Assertions


@pytest.mark.parametrize(
    ("kind", "value", "members"),
    [
        ("contains", "a.b", [{"matches": r"a\.b"}]),
        ("icontains", "a", [{"contains": "a"}]),
        ("not-icontains", "a", [{"lacks": "a"}]),
        ("contains-any", "a, b", [{"matches": "a|b"}]),
        ("icontains-all", ["a", "b"], [{"contains": "a"}, {"contains": "b"}]),
        ("regex", "^a", [{"matches": "^a"}]),
        ("not-regex", "^a", [{"matches": r"\A(?![\s\S]*(?:^a))"}]),
        ("equals", "a", [{"matches": r"\A\s*a\s*\Z"}]),
        ("not-equals", "a", [{"matches": r"\A(?!\s*a\s*\Z)"}]),
        ("is-json", {"type": "object"}, [{"schema": {"type": "object"}}]),
        ("word-count", {"min": 2, "max": 5}, [{"words": {"least": 2, "most": 5}}]),
        ("word-count", 5, [{"words": {"least": 5, "most": 5}}]),
        ("not-is-refusal", None, [{"judge": "Does the answer do what was asked, rather than decline it?"}]),
        ("model-graded-closedqa", "is kind", [{"judge": "Does this hold for the answer: is kind"}]),
        ("not-llm-rubric", "brags", [{"judge": "Is the answer free of this: brags"}]),
    ],
)
def test_what_has_a_check(kind: str, value: Any, members: list[dict[str, Any]]) -> None:
    assertions = Assertions({}, {})
    found = assertions.checks([{"type": kind, "value": value}])
    assert ([check.members() for check in found], assertions.left) == (members, [])


@pytest.mark.parametrize(
    ("assertion", "problem"),
    [
        ({"type": "python", "value": "1"}, "python has no check"),
        ({"value": "1"}, "nothing has no check"),
        ("contains", "nothing has no check"),
        ({"type": "contains"}, "has no value"),
        ({"type": "contains", "value": "file://a.py"}, "has its value in a file"),
        ({"type": "contains", "value": "a", "weight": 0}, "always holds"),
        ({"type": "contains", "value": "a", "transform": "x"}, "transformed answer"),
        ({"type": "regex", "value": "("}, "unterminated"),
        ({"type": "contains", "value": "{{x}}"}, "cannot be filled"),
        ({"type": "assert-set", "threshold": 0.5, "assert": []}, "a part of its assertions"),
        ({"type": "not-contains-all", "value": ["a", "b"]}, "not all of several"),
        ({"$ref": "#/assertionTemplates/a"}, "is not there"),
    ],
)
def test_what_has_none_is_left(assertion: Any, problem: str) -> None:
    assertions = Assertions({}, {})
    assert assertions.checks([assertion]) == []
    assert problem in assertions.left[0]
