"""What real endpoints answer: what of it is an answer, and what is told of answers that may be none."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.recorded import CASES, TEXT, Replies, Said, answer, recorded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.end_to_end.workplace import Workplace

needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"no recorded replies in {CASES}")

HM = "I am to be warm or blunt. Blunt would do. Warm feels right."
ONE_AT_A_TIME = ("--max-concurrency", 1)


@pytest.fixture(autouse=True)
def two_traits(place: Workplace) -> None:
    (place.folder / "two.txt").write_text("warm\nblunt\n")


def changed(said: Said, **members: Any) -> Said:
    return Said(said.status, said.body | members, said.headers)


def finished(content: str, reason: Any) -> Said:
    said = answer(content)
    return changed(said, choices=[said.body["choices"][0] | {"finish_reason": reason}])


def in_turn(replies: Iterable[Said]) -> Any:
    turns = cycle(replies)
    return lambda _: next(turns)


def calls(place: Workplace, model: str = "model") -> list[tuple[str, str]]:
    """Text and failure of each of a model's calls."""
    with closing(sqlite3.connect(f"file:{place.folder / 'mien.db'}?mode=ro", uri=True)) as db:
        return db.execute("SELECT text, failure FROM call WHERE model = ?", (model,)).fetchall()


WHOLE = json.dumps(answer(TEXT).body)
LENIENT = [
    changed(answer(TEXT), usage={"prompt_tokens": "7", "completion_tokens": 1e30, "cost": {"total": 1}}),
    changed(answer(TEXT), usage=[]),
    changed(answer(TEXT), usage="7 and 3"),
    finished(TEXT, {"type": "stop"}),
    finished(TEXT, 1),
    Said(201, answer(TEXT).body),
    Said(200, "\ufeff" + WHOLE),
    Said(200, WHOLE.replace("700", "NaN", 1)),
    Said(200, f": keep-alive\n\n{WHOLE}\n\ndata: [DONE]\n\n"),
    Said(200, f'data: {{"choices": [{{"delta": {{"content": "{TEXT}"}}}}]}}\n\ndata: [DONE]\n\n'),
    answer([{"type": "text", "text": TEXT}]),
    answer(TEXT, reasoning="\ud83d"),
]
RECORDED_LENIENT = (
    *("comment_before_json", "finish_reason_object", "huge_usage", "status_201", "stream_unasked_chunks"),
    *("usage_cost_object", "usage_strings"),
)


@pytest.mark.parametrize("names", [(), pytest.param(RECORDED_LENIENT, marks=needs_cases)])
def test_an_answer_that_is_there_is_an_answer(place: Workplace, names: tuple[str, ...]) -> None:
    replies = [recorded(name) for name in names] or LENIENT
    with Replies(model=in_turn(replies)) as server:
        place.mien(*server.study(trials=len(replies)))
        assert len(server.of("model")) == len(replies)  # each is asked for once
        assert calls(place) == [(TEXT, "")] * len(replies)
        assert all(asked["stream"] is False for asked in server.asked)


HARMONY = "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}"
REASONED = [
    *(answer(f"<{tag}>{HM}</{tag}>\n{TEXT}") for tag in ("think", "thinking", "thought", "reasoning")),
    answer(f"[THINK]{HM}[/THINK]{TEXT}"),
    answer(HARMONY.format(HM, TEXT)),
    answer(f"analysis{HM}assistantfinal{TEXT}"),
    answer(f"<|channel>thought\n{HM}<channel|>{TEXT}"),
    answer(f"{HM}\n</think>\n\n{TEXT}"),
    answer(f"Okay.\n<think>{HM}</think>\n{TEXT}"),
]
RECORDED_REASONED = ("harmony_in_content", "thought_tag", "think_after_text")


@pytest.mark.parametrize("names", [(), pytest.param(RECORDED_REASONED, marks=needs_cases)])
def test_no_judge_reads_reasoning(place: Workplace, names: tuple[str, ...]) -> None:
    replies = [recorded(name) for name in names] or REASONED
    with Replies(model=in_turn(replies)) as server:
        told = place.mien(*server.study(trials=len(replies))).err
        assert len(server.of("judge")) == len(replies)
        assert all(TEXT in asked["messages"][-1]["content"] for asked in server.of("judge"))
        assert not any("would do" in json.dumps(asked) for asked in server.of("judge"))
        assert "mark of reasoning" not in told


CUT = "Warm or blunt? Blunt would do. Let me weigh"


@pytest.mark.parametrize("name", ["", pytest.param("reasoning_cut_no_tag", marks=needs_cases)])
def test_reasoning_that_was_cut_is_told_by_other_replies(place: Workplace, name: str) -> None:
    cut = recorded(name) if name else finished(CUT, "length")
    whole = finished(f"{HM}\n</think>\n\n{TEXT}", "stop")
    with Replies(model=in_turn([cut, whole] * 4 + [cut] * 4)) as server:
        lines = place.mien(*server.study(trials=8), status=3).err
        assert {asked["messages"][-1]["content"].count(TEXT) for asked in server.of("judge")} == {1}
        assert "4 × empty answer (finish_reason length; only reasoning)" in lines
        # The store remembers: of the next day's replies none would tell.
        assert "4 × empty answer" in place.mien(*server.study(trials=8), status=3).err
        assert len(server.of("model")) == 12


@pytest.mark.parametrize("name", ["", pytest.param("finish_error_partial", marks=needs_cases)])
def test_an_answer_that_broke_off_is_asked_for_again(place: Workplace, name: str) -> None:
    torn = recorded(name) if name else finished("Glad you", "error")
    with Replies(model=in_turn([torn, answer(TEXT)])) as server:
        place.mien(*server.study(*ONE_AT_A_TIME, trials=4))
        assert len(server.of("model")) == 8
        assert calls(place) == [(TEXT, "")] * 4


@pytest.mark.parametrize("name", ["", pytest.param("no_choices", marks=needs_cases)])
def test_the_same_malformed_reply_is_not_asked_for_again_and_again(place: Workplace, name: str) -> None:
    odd = recorded(name) if name else Said(200, {"id": "x", "usage": {"total_tokens": 3}})
    with Replies(model=lambda _: odd) as server:
        line = place.refused(*server.study(*ONE_AT_A_TIME))
        assert "the first 20 calls all failed alike: the reply has no choices: {" in line
        assert len(server.asked) <= 26


ANSWERS = [
    *(finished("Glad you asked. And then the", "length"), finished("Glad you", "content_filter")),
    *(answer("Sure. <think>Hm.</think> Fine."), answer("I shall be warm."), answer("Not warm but blunt.")),
    answer(TEXT),
]


def test_answers_that_may_not_be_what_they_seem_are_counted_everywhere(place: Workplace) -> None:
    with Replies(model=in_turn(ANSWERS)) as server:
        told = place.mien(*server.study(*ONE_AT_A_TIME, trials=60)).err
    assert "Note: 10 of 60 answers were cut off at their longest; --max-tokens sets a higher limit." in told
    assert "Note: 10 of 60 answers were broken off by a content filter." in told
    assert "Note: 10 of 60 answers hold a mark of reasoning or of a chat template, such as '<think>'" in told
    assert "Note: 20 of 60 answers (33.3%) name their own choice or several of their options" in told
    found = json.loads(place.mien("profile", "run", "--json").out)["answers"]
    assert found == {"n": 60, "cut_off": 10, "filtered": 10, "markup": 10, "leaks": 20}
    shown = place.mien("profile", "run").out
    assert "  leaks         20 of 60 answers (33.3%)" in shown
    for label in ("cut off", "filtered", "markup"):
        assert f"  {label:<13} 10 of 60 answers" in shown
    (judge,) = json.loads(place.mien("runs", "--json").out)[0]["judges"]
    assert judge["answers"] == found
    assert "cut off" in place.mien("runs").out
    place.mien("report", "run", "-o", "report")
    assert "broken off by a content filter" in (place.folder / "report" / "index.html").read_text()


@needs_cases
def test_recorded_answers_that_were_cut_off_are_counted(place: Workplace) -> None:
    with Replies(model=lambda _: recorded("cut_answer")) as server:
        told = place.mien(*server.study(trials=9)).err
    assert "9 of 9 answers were cut off" in told


def test_a_server_that_cuts_requests_is_named_with_the_setting_that_helps(place: Workplace) -> None:
    """As Ollama does at its num_ctx: the same count of tokens for whatever is asked."""

    def short_sighted(asked: dict[str, Any]) -> Said:
        size = len(json.dumps(asked["messages"])) // 4
        return changed(answer("warm"), usage={"prompt_tokens": min(size, 128), "completion_tokens": 2})

    with Replies(judge=short_sighted) as server:
        told = place.mien(*server.study(trials=12)).err
        assert f"Note: {server.url} counts 128 tokens in 12 of 12 requests to judge" in told
        assert told.count("OLLAMA_CONTEXT_LENGTH") == 1
        # Of a longer run it is said while that can still be stopped, once.
        longer = place.mien(*server.study("--name", "longer", "--seed", 1, trials=200)).err
        early, _, late = longer.partition("raise that first")
        assert f"{server.url}#judge: its server counts 128 tokens in requests that are longer" in early
        assert "OLLAMA_CONTEXT_LENGTH" not in early
        assert "raise that first" not in late
