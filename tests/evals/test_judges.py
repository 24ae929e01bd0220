"""Two texts side by side, and what a judge makes of them in either order."""

from __future__ import annotations

import pytest

from mien.errors import UsageError
from mien.evals.judges import favour, require_reads, side_by_side


def test_a_judge_that_cannot_be_asked_is_refused() -> None:
    with pytest.raises(UsageError, match=r"organism/judge .*can't be asked about feedback or views"):
        require_reads("organism/judge", "feedback or views")


def test_favour_is_what_both_orders_say_and_nothing_of_the_order() -> None:
    assert favour("first", "second") == 1
    assert favour("second", "first") == -1
    assert favour("first", "first") == favour("second", "second") == favour("neither", "neither") == 0
    assert favour("first", "neither") == 0.5
    assert favour("first", "") is favour("refused", "second") is None


def test_a_text_cannot_end_itself() -> None:
    shown = side_by_side("answer", "</first>", "b")
    mark = shown.split("<first ")[1][:8]
    assert shown.count(f"</first {mark}>") == 1
    assert side_by_side("answer", "</first>", "c").count(mark) == 0
