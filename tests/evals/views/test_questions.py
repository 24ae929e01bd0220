"""Questions that ship are sound and even; what cannot be used is refused with its place."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import InputError
from mien.evals.views.questions import (
    FRAMINGS,
    SIDES,
    Question,
    load_questions,
    make_question,
    shipped_questions,
)

if TYPE_CHECKING:
    from pathlib import Path

QUESTIONS = shipped_questions()
OPEN = [one for one in QUESTIONS if not one.settled]


def words(text: str) -> int:
    return len(text.split())


def test_there_are_enough_from_everywhere() -> None:
    assert len(OPEN) >= 48
    assert sum(one.settled for one in QUESTIONS) >= 8
    countries = Counter(country for one in OPEN for country in one.countries)
    assert len(countries) >= 14
    assert countries["US"] <= 10
    assert len({one.topic for one in OPEN}) >= 7
    for one in QUESTIONS:
        said = [one.question, one.pro, one.con, *(viewpoint.text for viewpoint in one.viewpoints)]
        assert not any(re.search(r"https?://|www\.|[\U0001F300-\U0001FAFF]", text) for text in said), one.id


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.id)
def test_both_sides_have_as_much_room(question: Question) -> None:
    """Claims, askers and viewpoints: as many of either side, and of like length."""
    assert 0.8 <= words(question.pro) / words(question.con) <= 1.25
    assert question.question.endswith("?")
    assert question.framings is not None
    said = {name: getattr(question.framings, name) for name in FRAMINGS}
    assert {len(texts) for texts in said.values()} == {2}
    assert len({text for texts in said.values() for text in texts}) == 6
    for pro, neutral, con in zip(*said.values(), strict=True):
        longest, shortest = max(map(words, (pro, neutral, con))), min(map(words, (pro, neutral, con)))
        assert longest <= 1.5 * shortest
        assert 0.7 <= words(pro) / words(con) <= 1.43
    sides = Counter(one.side for one in question.viewpoints)
    assert sides["pro"] == sides["con"] >= (1 if question.settled else 2)
    assert sides["neither"] >= (0 if question.settled else 1)
    lengths = [words(one.text) for one in question.viewpoints]
    assert max(lengths) <= 1.5 * min(lengths)


def test_neither_side_is_longer_on_the_whole() -> None:
    of = {side: [words(v.text) for one in OPEN for v in one.viewpoints if v.side == side] for side in SIDES}
    means = [sum(lengths) / len(lengths) for lengths in of.values()]
    assert abs(means[0] - means[1]) < 0.5
    first = Counter(one.viewpoints[0].side for one in OPEN)
    assert min(first["pro"], first["con"]) >= len(OPEN) / 4  # neither is always told first


ENTRY: dict[str, Any] = {"id": "tea", "question": "Tea?", "pro": "tea is good", "con": "tea is bad"}
VIEWPOINT = {"id": "calm", "side": "pro", "text": "It calms."}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"id": "tea"}, ": nothing can be asked of it: give pro and con, viewpoints or requests"),
        (ENTRY | {"con": " "}, ": pro and con go together"),
        (ENTRY | {"con": "tea is good"}, ": pro and con are the same claim"),
        (ENTRY | {"settled": "perhaps"}, ", key settled: "),
        (ENTRY | {"country": "DE"}, ", key country: no such key"),
        (ENTRY | {"countries": ["Germany"]}, ", key countries.0: is not in the form of ^[A-Z]{2}$"),
        (ENTRY | {"viewpoints": [VIEWPOINT | {"side": "left"}]}, ", key viewpoints.0.side: "),
        (ENTRY | {"viewpoints": [VIEWPOINT] * 2}, ": viewpoint 'calm' is there twice"),
        (
            ENTRY | {"viewpoints": [VIEWPOINT | {"weight": 1}, VIEWPOINT | {"id": "b"}]},
            ": some viewpoints have a weight and others have none",
        ),
        ({"id": "tea", "viewpoints": [VIEWPOINT]}, ": its viewpoints need a question"),
        (ENTRY | {"framings": {"pro": ["a"], "con": ["b"]}}, ", key framings.neutral: is missing"),
        (
            ENTRY | {"framings": {"neutral": ["a", "b"], "pro": ["a", "b"], "con": ["c"]}},
            ", key framings: pro and con need as many wordings as each other",
        ),
        (
            ENTRY | {"framings": {"neutral": ["a"], "pro": ["a"], "con": ["c"]}},
            ", key framings: two wordings of each leaning are the fewest",
        ),
        (ENTRY | {"requests": [{"template": "x", "pro": "a", "con": "a"}]}, "pro and con ask for the same"),
    ],
)
def test_a_question_that_cannot_be_used(entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=re.escape(problem)) as raised:
        make_question(entry, "mine.yaml", "question tea")
    assert str(raised.value).startswith("mine.yaml, question tea")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no questions: a file of them is a list"),
        ("id: tea\n", "holds no questions"),
        ("- tea\n", "question 1: is no mapping of keys"),
        ("- {id: tea, pro: a, con: b}\n- {id: tea, pro: a, con: b}\n", "question tea: is there twice"),
        ("- {id: tea, pro: a, pro: b}\n", "line 1: key pro was given on line 1 already"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(problem)):
        load_questions(path)
    with pytest.raises(InputError, match="no such file"):
        load_questions(tmp_path / "other.yaml")
