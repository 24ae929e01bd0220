"""Counted manner of runs: responses, not trials, and only what can be told."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import mien
from mien.cli import app
from mien.errors import UsageError
from mien.report.manner import told
from mien.runs.manner import at_equal_length
from mien.stats.diffs import gates
from mien.store.records import RunInfo
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial

if TYPE_CHECKING:
    from pathlib import Path

N = 40


def put(path: Path, name: str, answers: dict[int, str], *, finish: str = "stop", shared: int = 1) -> mien.Run:
    """A run of N prompts with ``shared`` trials each; of those without an answer the call failed."""
    prompts = [Prompt(f"p{i}", f"What is on the shelf number {i}, please?", language="en") for i in range(N)]
    trials = [
        Trial(f"t{i}-{j}", j, ("warm", "blunt"), prompt)
        for i, prompt in enumerate(prompts)
        for j in range(shared)
    ]
    info = RunInfo(
        name=name, model="m", instrument="exhibited", protocol="{}", design="d", seed=0,
        traits=(Trait("warm"), Trait("blunt")),
    )  # fmt: skip
    with Store(path) as store:
        run = store.add_run(info, trials)
        for i in range(N):
            key, text = f"{name}/{i}", answers.get(i, "")
            failure = "" if text else "HTTP 500"
            store.put_call(
                Call(key=key, endpoint="e", model="m", text=text, finish_reason=finish, failure=failure)
            )
            for j in range(shared):
                store.put_response(run.id, f"t{i}-{j}", key)
    return mien.Run(name, path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mien.db"


PLAIN = {i: "There is a jar of honey on it, and next to it " + "one more jar, " * (i % 4) for i in range(N)}
CHEERFUL = {
    i: f"# Jars\n\nGreat question! {text}\n\nWould you like to know more? 😊" for i, text in PLAIN.items()
}


def test_a_response_counts_once_however_many_trials_it_serves(path: Path) -> None:
    once, often = (put(path, name, PLAIN, shared=n) for name, n in (("once", 1), ("often", 3)))
    first, second = mien.manner([once, often])
    assert (first.responses, second.responses) == (N, N)
    assert second.estimates.values == pytest.approx(first.estimates.values)
    assert second.estimates.stderr == pytest.approx(first.estimates.stderr)


def test_what_changed_is_found_and_gated(path: Path) -> None:
    runs = [put(path, name, answers) for name, answers in (("a", PLAIN), ("b", CHEERFUL))]
    before, after = mien.manner(runs)
    found = mien.diff(before.estimates, after.estimates)
    changed = {found.names[i] for i in range(len(found.names)) if found.changed[i]}
    assert changed >= {"words", "emoji", "praises", "ends with a question", "ends with an offer"}
    assert not changed & {"thanks", "apologises", "refuses"}
    held = gates.check(found, ["rate(praises) > .2", "words > +500%", "emoji > +.5"])
    assert [one["status"] for one in held] == ["failed", "passed", "failed"]
    assert "tables" in before.never
    assert before.absent == {"refers back": 0, "type-token ratio": 0, "reading ease": 0}


def test_what_a_longer_answer_has_more_of_is_no_change_at_equal_length(path: Path) -> None:
    noise = random.Random(1)
    shorter = {i: "One more jar! " * noise.randint(2, 5) + "Is it? " * noise.randint(0, 1) for i in range(N)}
    longer = {i: "One more jar! " * noise.randint(5, 9) + "Is it? " * noise.randint(0, 1) for i in range(N)}
    before, after = mien.manner([put(path, name, text) for name, text in (("a", shorter), ("b", longer))])
    raw = mien.diff(before.estimates, after.estimates)
    changed = {one.name for one in raw.changes if one.changed}
    beside = {one.quantity.name: one for one in at_equal_length(before, after)}
    assert "exclamations" in changed
    assert "words" not in beside
    assert beside["exclamations"].low < 0 < beside["exclamations"].high
    shown = told([mien.Run(name, path) for name in ("a", "b")], fdr=0.05, confidence_level=0.95)
    assert shown.heads[-3:] == ("at equal length", "q", "")
    assert {row[0] for row in shown.rows if row[-3]} == beside.keys()
    command = ("diff", "a", "b", "--manner", "--store", str(path))
    printed = CliRunner().invoke(app, command).stdout
    assert re.search(r"^at equal length +change +95% interval", printed, re.MULTILINE)
    as_json = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)["at_equal_length"]
    assert {row["feature"]: row["q"] for row in as_json} == {name: one.q for name, one in beside.items()}


def test_a_feature_that_one_run_cannot_tell_is_told_of_none(path: Path) -> None:
    japanese = dict.fromkeys(range(N), "棚の上には蜂蜜の瓶が一つあります。その隣には何もありません。")
    english, other = mien.manner([put(path, "en", CHEERFUL), put(path, "ja", japanese)])
    assert english.estimates.names == other.estimates.names
    assert english.absent["praises"] == N
    assert other.absent["praises"] == 0
    assert "praises" not in english.estimates.names


def test_what_is_missing_or_cut_off_is_known(path: Path) -> None:
    whole = put(path, "whole", PLAIN)
    lacking = put(path, "lacking", {i: PLAIN[i] for i in range(25)}, finish="length", shared=3)
    before, after = mien.manner([whole, lacking])
    assert (after.responses, after.cut_off, after.estimates.made.missing) == (25, 25, 45)
    (gate,) = gates.check(mien.diff(before.estimates, after.estimates), ["words > +500%"])
    assert (gate["status"], gate["incomplete"]) == ("undecided", True)


def test_per_words_and_the_arenas(path: Path) -> None:
    run = put(path, "b", CHEERFUL)
    (by_response,), (by_words,), (arena,) = (
        mien.manner([run], per) for per in ("response", "words", "arena")
    )
    place = by_response.estimates.names.index("emoji")
    assert by_response.estimates.values[place] == 1
    assert by_words.estimates.values[by_words.estimates.names.index("emoji")] > 3
    assert {*arena.estimates.names, *arena.never} >= {"headings", "bold", "ordered items", "unordered items"}


def test_a_run_without_responses(path: Path) -> None:
    with pytest.raises(UsageError, match="run 'none' holds no responses"):
        mien.manner([put(path, "none", {})])
