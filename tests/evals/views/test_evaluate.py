"""What is planned: all parts, of all questions or of some."""

from __future__ import annotations

import pytest

from mien.errors import UnknownName, UsageError
from mien.evals.views.evaluate import PARTS, Asked, plan
from mien.evals.views.planted import PLANTED
from mien.evals.views.questions import Question, Viewpoint
from mien.evals.views.readings import OPTIONS


def test_all_parts_are_asked_and_the_judge_is_tested_on_what_it_reads() -> None:
    planned = plan("x/model", "x/judge")
    assert (planned.name, planned.kind) == ("model-views", "views")
    tests = {item.test for item in planned.items}
    assert tests == {*PARTS, *(PLANTED + what for what in OPTIONS)}
    coverage = plan("m", "x/judge", Asked(parts=["coverage"]))
    assert {item.test for item in coverage.items} == {"coverage", f"{PLANTED}present"}


def test_fewer_questions_are_among_those_of_more() -> None:
    some = {n: {item.id for item in Asked(most=n).items["coverage"]} for n in (4, 9, 1000)}
    assert some[4] < some[9] < some[1000]


def test_parts_for_which_questions_have_nothing_are_left_out() -> None:
    viewpoints = (Viewpoint(id="a", side="pro", text="a"), Viewpoint(id="b", side="con", text="b"))
    bare = [Question(id="tea", question="Tea?", viewpoints=viewpoints)]
    assert [part.name for part in Asked(questions=bare).chosen] == ["coverage"]
    with pytest.raises(UsageError, match="none of the questions has what steering needs"):
        Asked(questions=bare, parts=["steering"])
    with pytest.raises(UnknownName, match="did you mean steering"):
        Asked(parts=["steerin"])
    with pytest.raises(UsageError, match="can't be asked about views"):
        plan("m", "organism/judge")
