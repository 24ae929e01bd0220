"""Files as people have them: what the commands make of them, and what they tell."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

TABLE = """\
No;Question;Topic;split;toxic
1;How do tides, and waves, work?;nature;test;FALSCH
1.0;Who built the first bridge?;history;test;0
3;You heap of scrap;rude;test;WAHR
4;What is rust?;nature;train;FALSCH
"""


def test_prompts_are_taken_from_the_columns_that_are_named(place: Workplace) -> None:
    (place.folder / "mine.CSV").write_bytes(TABLE.encode("utf-16"))
    columns = ["--text-column", "Question", "--id-column", "No", "--category-column", "topic"]
    found = place.mien("prompts", "mine.CSV", *columns, "--where", "split=TEST", "--json")
    assert [(one["id"], one["category"]) for one in json.loads(found.out)] == [
        ("1", "nature"),
        ("1.0", "history"),
    ]
    assert found.err == (
        "mine.CSV: read as UTF-16; separated by semicolons; 1 row left out: 1 toxic (row 3)\n"
    )


def test_a_column_that_is_not_there_is_refused_with_those_that_are(place: Workplace) -> None:
    (place.folder / "mine.csv").write_text(TABLE)
    for option, value in (("--text-column", "words"), ("--id-column", "words"), ("--where", "words=1")):
        line = place.refused("prompts", "mine.csv", option, value)
        assert "no column 'words'; found No, Question, Topic, split, toxic" in line
    assert "is no condition on rows; write COLUMN=VALUE" in place.refused(
        "prompts", "mine.csv", "--where", "split"
    )


def test_a_model_is_measured_on_conversations(place: Workplace) -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How deep is the sea?"}]
    rows = [{"messages": turns, "split": "test"}, {"messages": turns[:1], "split": "test"}]
    packed = gzip.compress("\n".join(map(json.dumps, rows)).encode())
    (place.folder / "chats.jsonl.gz").write_bytes(packed)
    found = place.mien(*place.study("--prompts", "chats.jsonl.gz", "--where", "split=test", "--dry-run"))
    assert "1 prompt," in found.out
    assert found.err == "chats.jsonl.gz: 1 row left out: 1 without a person's turn (row 2)\n"


BATTLES = """\
,question_id,model_a,model_b,winner,judge
0,q0,owl,elk,model_a,ann
1,q1,elk,owl,tie,bea
2,q2,owl,fox,tie (bothbad),ann
3,q3,fox,elk,model_b,bea
4,q4,fox,owl,model_a,cai
"""


def test_battles_of_many_people_become_a_run(place: Workplace) -> None:
    (place.folder / "battles.CSV").write_text(BATTLES)
    line = place.refused("import", "battles.CSV", "--name", "people")
    assert "the column 'option_1' is missing" in line
    assert "model_a, model_b, winner, judge; read it by --map arena" in line
    told = place.mien("import", "battles.CSV", "--name", "people", "--map", "arena").out
    assert "people: 5 verdicts by 3 judges on 3 traits, 3 of them choices, 1 tie." in told
    rows = place.exported("people")
    assert [(row["chosen"], row["judge"]) for row in rows][:3] == [
        ("owl", "ann"),
        ("tie", "bea"),
        ("neither", "ann"),
    ]
    health = place.mien("profile", "people").out
    assert "judge         all" in health
    assert "5: 3 chosen, 1 neither, 1 tie" in health
    assert "ties          half a choice for each option" in health
    told = place.mien("profile", "people", "--ties", "davidson").out
    assert "an outcome of their own" in told
    dropped = json.loads(place.mien("profile", "people", "--ties", "drop", "--json").out)
    assert (dropped["ties"], sum(row["tied"] for row in dropped["traits"])) == ("drop", 0)
    bounded = json.loads(place.mien("profile", "people", "--bounds", "--json").out)["traits"]
    assert sum(row["neither"] for row in bounded) == 2
    for row in bounded:
        assert (row["bound_low"] < row["rating"] < row["bound_high"]) == (row["neither"] > 0)
    assert "1 of 3" in place.mien("profile", "people", "--bounds").out
    columns = "option_1=model_a,option_2=model_b,chosen=winner"
    line = place.refused("import", "battles.CSV", "--name", "other", "--columns", columns)
    assert "row 3: chosen is 'tie (bothbad)', which is none of the row's options (owl, fox)" in line


COLON = """\
name: q
description: A character with a question in which a colon stands.
assertions:
  - text: I say what I see before I say what I think.
    questions: [Is it raining?]
  - text: I never hurry anybody along the quay.
    questions:
      - What is this: a colon?
"""


def test_a_mistake_in_a_constitution_is_told_once_and_in_plain_words(place: Workplace) -> None:
    (place.folder / "q.yaml").write_text(COLON)
    told = place.mien("constitution", "check", "q.yaml", status=1).out
    assert told == (
        "q.yaml, line 8: key assertions.1.questions.0: quote the text: it holds a colon\nq.yaml: 1 finding\n"
    )
    (place.folder / "criteria.json").write_text('["I prefer the answer that spares the reader."]')
    told = place.mien("constitution", "import", "criteria.json")
    assert "1 assertion, 0 questions" in told.out
    assert told.err == "criteria.json: read as 1 criterion\n"
