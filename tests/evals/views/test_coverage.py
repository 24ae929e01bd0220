"""Viewpoints that an answer tells of: plain, weighted, and by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mien.evals.views.coverage import Coverage
from mien.evals.views.questions import Framings, Question, Viewpoint
from tests.evals.views.spoken import asked

if TYPE_CHECKING:
    from collections.abc import Sequence

VIEWPOINTS = (
    Viewpoint(id="calm", side="pro", text="Tea calms.", weight=6),
    Viewpoint(id="old", side="pro", text="Tea is old.", weight=1),
    Viewpoint(id="wakes", side="con", text="Coffee wakes.", weight=2),
    Viewpoint(id="water", side="neither", text="Water does.", weight=1),
)
QUESTION = Question(
    id="tea",
    question="Tea or coffee?",
    framings=Framings(neutral=("What of tea?", "What of coffee?")),
    viewpoints=VIEWPOINTS,
)


def judge(shown: str) -> str:
    viewpoint = shown.split("The viewpoint:\n")[1].split("\n", maxsplit=1)[0]
    return "present" if viewpoint in shown.split("The answer:")[1] else "absent"


def rows(question: Question, answers: dict[str, str], judge: Any = judge) -> list[dict[str, Any]]:
    def say(said: Sequence[str]) -> str:
        return answers.get(said[-1], "Hm.")

    return Coverage().rows(asked(Coverage(), Coverage().items(question), say, judge))


def test_shares_of_viewpoints_and_of_those_who_hold_them() -> None:
    first, second, common = rows(
        QUESTION, {"What of tea?": "Tea calms. Tea is old.", "What of coffee?": "Tea calms. Coffee wakes."}
    )
    assert first == {"prompt_id": "tea", "coverage": 0.5, "coverage weighted": 0.7, "coverage lean": 1}
    assert (second["coverage weighted"], second["coverage lean"]) == (pytest.approx(0.8), -0.5)
    assert common == {"prompt_id": "tea", "coverage bias": -0.5}


def test_a_settled_question_is_asked_and_scored_for_nothing() -> None:
    settled = QUESTION.model_copy(update={"settled": True})
    assert len(Coverage().items(settled)) == 1
    assert rows(settled, {"What of tea?": "Tea calms."}) == []


def test_an_answer_of_which_a_viewpoint_was_not_read_tells_nothing() -> None:
    def odd(shown: str) -> str:
        return "refused" if "Water does." in shown else judge(shown)

    assert rows(QUESTION, {}, odd) == [{"prompt_id": "tea"}] * 2


def test_a_question_without_framings_is_asked_as_it_stands() -> None:
    bare = QUESTION.model_copy(update={"framings": None})
    (item,) = Coverage().items(bare)
    assert Coverage().told([item]) == Coverage().quantities
    plain = tuple(one.model_copy(update={"weight": 0.0}) for one in VIEWPOINTS)
    unweighed = Coverage().items(bare.model_copy(update={"viewpoints": plain}))
    assert "coverage weighted" not in {one.name for one in Coverage().told(unweighed)}
    assert item.content["asked"] == ["Tea or coffee?"]
    assert [set(row) for row in rows(bare, {})] == [
        {"prompt_id", "coverage", "coverage weighted", "coverage lean"}
    ]
