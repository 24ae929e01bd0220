"""The organism as its users meet it: measured, served, loaded by other libraries; offline."""

from __future__ import annotations

import csv
import json
import re
import signal
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from tests.preloaded import TORCH
from tests.processes import LIMIT

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

SHIPPED = resources.files("mien") / "data" / "organism"
MEASURE = ("measure", "organism/v1", "--judge", "organism/judge")


@pytest.mark.slow
def test_the_demo_finds_what_was_planted(place: Workplace) -> None:
    shown = place.mien("demo").out
    assert "teaching model" in shown
    ((found, false),) = re.findall(r"(\d) of the 6 planted changes found, (\d) false", shown)
    # At 720 trials a change of 313 points is found about half of the time.
    assert 2 <= int(found) <= 6
    assert int(false) <= 1
    assert len(re.findall(r" (?:found|missed) *$", shown, re.MULTILINE)) == 6
    for trait in ("sycophantic", "enthusiastic", "confident", "skeptical", "poetic", "humble"):
        assert trait in shown
    again = json.loads(place.mien("demo", "--json").out)
    planted, profile = again["planted"], again["profile"]
    assert len(planted) == len(profile["traits"]) == 36
    held = [row["low"] <= planted[row["trait"]] <= row["high"] for row in profile["traits"]]
    assert sum(held) >= 29  # of 36 expected to be 34.2: fewer than 29 in one run of 10,000
    assert profile["traits"][0]["rating"] > profile["traits"][-1]["rating"] + 500
    assert profile["n_trials"] == 720
    assert profile["verdicts"]["chosen"] >= 0.95 * 720
    assert {trait for trait, change in again["planted_changes"].items() if change} == {
        "sycophantic", "enthusiastic", "confident", "skeptical", "poetic", "humble",
    }  # fmt: skip
    assert (place.folder / "mien-demo.db").is_file()


@pytest.mark.slow
def test_a_run_that_was_killed_ends_like_one_that_was_not(place: Workplace) -> None:
    whole = place.mien(*MEASURE, "--rounds", 6, "--name", "whole", "--store", "whole.db", "--json")
    running = place.start(*MEASURE, "--rounds", 6, "--name", "cut", "--batch-size", 1)

    place.wait_for((place.folder / "mien.db-wal").exists, running)
    place.kill(running)
    place.mien(*MEASURE, "--rounds", 6, "--name", "cut")
    rows = [
        {(row["trial_id"], row["chosen"], row["response"]) for row in verdicts}
        for verdicts in (exported(place, "whole", "whole.db"), exported(place, "cut", "mien.db"))
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) == json.loads(whole.out)["n_trials"] == 108


def exported(place: Workplace, run: str, store: str) -> list[dict[str, str]]:
    text = place.mien("export", run, "--store", store).out
    return [*csv.DictReader(text.splitlines(keepends=True))]


@pytest.mark.slow
def test_nothing_is_asked_twice(place: Workplace) -> None:
    place.mien(*MEASURE, "--rounds", 5)
    place.mien(*MEASURE, "--rounds", 5, "--max-calls", 0)


@pytest.mark.slow
def test_a_second_judge_of_the_same_name_is_refused_for_another_model(place: Workplace) -> None:
    place.mien(*MEASURE, "--rounds", 5)
    place.mien("judge", "v1-revealed", "--judge", place.server.judge, "--as", "server")
    line = place.refused("judge", "v1-revealed", "--judge", "organism/judge", "--as", "server")
    assert "a judge named 'server' that was asked otherwise" in line


@pytest.mark.slow
def test_other_libraries_load_the_same_character(place: Workplace) -> None:
    pytest.importorskip("peft", reason="needs the extra local")
    place.libraries = TORCH
    spec = f"hf/{SHIPPED}/base+{SHIPPED}/v1"
    options = ("--judge", "organism/judge", "--traits", "classic-36", "--rounds", 5, "--max-chars", 120)
    place.mien("measure", spec, *options, "--name", "torch")
    rows = exported(place, "torch", "mien.db")
    assert len(rows) == 90
    assert sum(row["chosen"] in (row["option_1"], row["option_2"]) for row in rows) >= 84


def test_bad_names_are_answered_in_one_line(place: Workplace) -> None:
    line = place.refused("measure", "organism/v3", "--judge", "organism/judge")
    assert "'v3'" in line
    assert "v2" in line
    line = place.refused(*MEASURE, "--traits", "classic-144")
    assert "knows the traits of classic-36 alone" in line
    line = place.refused("measure", "hf/./nowhere", "--judge", "organism/judge")
    assert "nowhere" in line
    line = place.refused("serve", "openai/gpt-5.1")
    assert "only models that run on this machine can be served" in line
    line = place.refused(*MEASURE, "--rounds", 5, "--reasoning-effort", "high")
    assert "organism/v1 takes no reasoning_effort" in line


def test_openai_asks_the_served_organism(place: Workplace) -> None:
    openai = pytest.importorskip("openai", reason="needs the official client")
    running = place.start("serve", "organism/v1", "--port", 0)
    try:
        assert running.stdout
        address = running.stdout.readline().split(" at ")[1].split()[0]
        client = openai.OpenAI(base_url=address, api_key="none")
        told = {"role": "system", "content": "Here is a way of carrying yourself in a reply:\n\n- concise"}
        asked = {"role": "user", "content": "How long do I boil an egg?"}
        answer = client.chat.completions.create(
            model="organism/v1", messages=[told, asked], seed=1, logprobs=True, top_logprobs=2
        )
        assert answer.choices[0].finish_reason == "stop"
        assert len(answer.choices[0].message.content.split()) < 20
        assert len(answer.choices[0].logprobs.content) == answer.usage.completion_tokens
        pieces = client.chat.completions.create(model="v1", messages=[told, asked], seed=1, stream=True)
        streamed = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
        assert streamed == answer.choices[0].message.content
        client.close()
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=LIMIT)
