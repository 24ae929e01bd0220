"""What models with long names are called."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.report.names import LONGEST, brief, labels, shared
from mien.report.rendering import drawn

HEAD = "organisation/experiment-2026-11/llama-3.3-70b-instruct-character-tuned-"


def test_what_all_names_begin_with_goes_and_is_told() -> None:
    names = [HEAD + end for end in ("warm-v1-seed-0", "warm-v1-seed-1", "base")]
    assert brief(names) == ["…tuned-warm-v1-seed-0", "…tuned-warm-v1-seed-1", "…tuned-base"]
    assert shared(names) == HEAD.removesuffix("tuned-")


def test_short_names_stay_as_they_are() -> None:
    assert brief(["aster", "birch"]) == ["aster", "birch"]
    assert shared(["aster-1", "aster-2"]) == ""
    assert labels(["aster", "birch"]) == {}


@pytest.mark.parametrize(
    "names",
    [
        ["x" * 40 + "b" * 3 + "y" * 40, "x" * 40 + "d" * 3 + "y" * 40, "z"],
        ["short", f"x/{HEAD}1", f"y/{HEAD}1", f"x/{HEAD}2"],
        ["a" * 50, "a" * 51, "a" * 52],
        ["模" * 40 + "一", "模" * 40 + "二"],
    ],
)
def test_long_names_stay_apart(names: list[str]) -> None:
    short = brief(names)
    assert len(set(short)) == len(names)
    assert all(len(name) <= LONGEST for name in short)


@given(st.lists(st.text(alphabet="ab-/…", min_size=1, max_size=70), min_size=1, max_size=8, unique=True))
def test_no_name_is_called_like_another(names: list[str]) -> None:
    short = brief(names)
    assert len(set(short)) == len(names)
    assert all(len(one) <= LONGEST + len(" (8)") for one in short)


def test_the_expression_holds_any_name() -> None:
    names = ['a"b\\' * 20, "__proto__" * 5, "a\u202eb" * 20, "constructor"]
    expression = labels(names)["labelExpr"]
    assert expression.endswith(", datum.value)]")
    assert json.loads(expression[: expression.index("[indexof(")]) == [drawn(name) for name in brief(names)]
    assert json.dumps(drawn("constructor"), ensure_ascii=False) in expression  # as the figure holds it
