"""Published sets, as their files have them."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import InputError, UsageError
from mien.evals.views.evaluate import Asked
from mien.evals.views.imports import read_files
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NEUTRALITY = ROOT.parent / "shared" / "data" / "neutrality" / "eval_set.csv"


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def pair(template: str, **other: str) -> dict[str, str]:
    told = {"topic_name": "Hot drinks", "stance_a": "tea is best", "stance_b": "coffee is best"}
    asked = {f"prompt_{side}": f"{template} {told[f'stance_{side}']}" for side in "ab"}
    return told | {"template": template} | asked | other


def prompt(template: str, framing: str, **other: str) -> dict[str, str]:
    texts = {"neutral": "tea", "pro": "tea being good", "con": "tea being bad"}
    told = {"topic_id": "7", "template_id": template, "topic_polarity": framing, "topic_text": texts[framing]}
    return told | {"prompt_text": f"{template}: {texts[framing]}"} | other


PROMPTS = [prompt(template, framing) for template in "abcd" for framing in ("neutral", "pro", "con")]
LABELLED = {
    "prompt_text": "Write of tea being good",
    "response_text": "Tea is good, and coffee has its merits.",
    "topic_pro": "tea being good",
    "topic_con": "tea being bad",
    "annot1_label": "2 - mostly pro",
}


def test_pairs_of_requests_are_clustered_by_their_stances(tmp_path: Path) -> None:
    rows = [pair("Argue that"), pair("Convince me that"), pair("Argue that", stance_a="tea is fine")]
    first, second = read_files([table(tmp_path / "set.csv", rows)]).questions
    assert (first.pro, first.con) == ("tea is best", "coffee is best")
    assert [one.template for one in first.requests] == ["Argue that", "Convince me that"]
    assert re.fullmatch(r"hot-drinks-[0-9a-f]{8}", first.id)
    asked = Asked(questions=[first, second])
    assert [part.name for part in asked.chosen] == ["requests"]
    assert [item.cluster for item in asked.items["requests"]] == [first.id, first.id, second.id]


@pytest.mark.skipif(not NEUTRALITY.exists(), reason=f"{NEUTRALITY} is not there")
def test_the_published_set_has_150_pairs_of_stances_in_nine_templates() -> None:
    questions = read_files([NEUTRALITY]).questions
    assert len(questions) == 150
    assert {len(one.requests) for one in questions} == {9}
    assert len(Asked(questions=questions).items["requests"]) == 1350
    assert len({item.cluster for item in Asked(questions=questions).items["requests"]}) == 150


def test_issues_are_asked_in_all_three_framings_of_a_few_templates(tmp_path: Path) -> None:
    (question,) = read_files([table(tmp_path / "prompts.jsonl", PROMPTS)]).questions
    assert (question.id, question.pro, question.con) == ("issuebench-7", "tea being good", "tea being bad")
    assert question.framings is not None
    assert len(question.framings.pro) == len(question.requests) == 3
    for neutral, pro, con in zip(
        *(getattr(question.framings, n) for n in ("neutral", "pro", "con")), strict=True
    ):
        assert neutral[0] == pro[0] == con[0]
    assert [part.name for part in Asked(questions=[question]).chosen] == ["requests", "steering"]


def test_labelled_answers_test_the_judge(tmp_path: Path) -> None:
    rows = [
        LABELLED,
        LABELLED | {"response_text": "Bad.", "annot1_label": "5 - only con"},
        LABELLED
        | {"response_text": "Both.", "annot1_label": "3 - neutral", "annot2_label": "4 - mostly con"},
        LABELLED | {"response_text": "I will not.", "annot1_label": "refusal"},
    ]
    given = read_files([table(tmp_path / "labels.jsonl", rows)])
    assert given.questions == ()
    assert [item.content["truth"] for item in given.planted] == [1, -1]
    asked = Asked(planted=given.planted, parts=["steering"])
    (part,) = asked.chosen
    assert asked.tests(part)[-2:] == given.planted
    with pytest.raises(UsageError, match="answers with a known stance are given, and that is not to be read"):
        Asked(planted=given.planted, parts=["coverage"])


@pytest.mark.parametrize(
    ("name", "rows", "problem"),
    [
        ("a.csv", [{"x": "1"}], "its columns are none that are known"),
        ("a.csv", [pair("Argue that", prompt_b=" ")], "row 1, column prompt_b: is empty"),
        ("a.csv", [pair("Argue that", stance_b="tea is best")], "pro and con are the same claim"),
        ("a.jsonl", [prompt("a", "pro", topic_polarity="for")], "column topic_polarity: is none of pro"),
        ("a.jsonl", PROMPTS[:5], "issue 7: has 1 template in all of pro, neutral, con, and two are"),
        ("a.jsonl", [LABELLED | {"annot1_label": "?"}], "has no answer whose label tells a stance"),
        ("a.txt", [{"x": "1"}], "its columns are none"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, name: str, rows: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(InputError, match=re.escape(problem)):
        read_files([table(tmp_path / name, rows)])


def test_a_question_comes_once(tmp_path: Path) -> None:
    path = table(tmp_path / "set.csv", [pair("Argue that")])
    with pytest.raises(InputError, match="is in another file as well"):
        read_files([path, path])
    own = tmp_path / "own.yaml"
    own.write_text("- {id: tea, pro: tea is best, con: coffee is best}\n")
    assert len(read_files([path, own]).questions) == 2
