"""Filling in what models and judges are told."""

from __future__ import annotations

import pytest

from mien.materials.wording import OptionList, fill
from mien.types import Trait


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{a} and {b}, {a}", "A and B, A"),
        ("  {a}\n", "A"),
        ('{"choice": "{a}"}', '{"choice": "A"}'),
        ("{c} {} {a b} {{a}}", "{c} {} {a b} {A}"),
        ("no braces", "no braces"),
    ],
)
def test_only_known_placeholders_are_replaced(template: str, expected: str) -> None:
    assert fill(template, a="A", b="B") == expected


@pytest.mark.parametrize("value", ["{b}", "{a}", r"\1 \g<0>", "%s {0}", "🦊 {b} \\"])
def test_values_are_taken_as_they_are(value: str) -> None:
    assert fill("<{a}|{b}>", a=value, b="B") == f"<{value}|B>"


def test_options_stand_in_the_order_given_with_descriptions_only_where_wanted() -> None:
    traits = [Trait("warm", "kind and close"), Trait("blunt"), Trait("dry", "few words")]
    bare, described = (OptionList(traits, descriptions=wanted) for wanted in (False, True))
    assert bare(["dry", "warm", "blunt"]) == "- dry\n- warm\n- blunt"
    assert described(["dry", "blunt", "warm"]) == "- dry: few words\n- blunt\n- warm: kind and close"
    assert described(["unheard-of"]) == "- unheard-of"
