"""How well a judge reads the examples of a spec."""

from __future__ import annotations

import pytest

from mien.evals.answers import Answers
from mien.evals.item import Item
from mien.evals.spec.examples import calibration
from mien.store.records import Answered, Asked


def read(clause: str, *, good: bool, chosen: str) -> tuple[Item, Answers]:
    asked = Asked(1, "k", "example", 1, 0, "judge", "call", chosen)
    item = Item(test=f"examples {clause}", id=f"{good} {chosen}", content={"good": good})
    return item, Answers([Answered(asked, "", "stop", "" if chosen else "HTTP 500")])


def test_clauses_are_counted_apart_and_together() -> None:
    found = calibration(
        [
            *[read("a", good=True, chosen="meets")] * 3,
            read("a", good=True, chosen="breaks"),
            *[read("a", good=False, chosen="breaks")] * 4,
            read("a", good=False, chosen="neither"),
            read("b", good=True, chosen="meets"),
            read("b", good=True, chosen=""),
        ]
    )
    assert found.acuity is not None
    assert (found.acuity.sensitivity.share, found.acuity.sensitivity.n) == (0.8, 5)
    assert (found.acuity.specificity.share, found.acuity.specificity.n) == (1, 4)
    of_a, of_b = found.clauses["a"], found.clauses["b"]
    assert (of_a.good, of_a.good_right, of_a.bad, of_a.bad_right, of_a.untold) == (4, 3, 4, 4, 1)
    assert of_a.kappa == pytest.approx(0.75)
    assert (of_b.right, of_b.n, of_b.kappa) == (1, 1, None)


def test_without_bad_examples_nothing_is_known() -> None:
    assert calibration([read("a", good=True, chosen="meets")]).acuity is None
    assert calibration([]).clauses == {}
