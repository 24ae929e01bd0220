"""Judges checked on a server whose judge has planted biases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mien
from mien.errors import UnknownName, UsageError
from mien.instruments.judges.perturbed import perturbation
from mien.measurement.judge_ablation import Translation, forecast, lay_out_check
from mien.measurement.length import Length
from mien.measurement.rejudge import second_opinion
from mien.measurement.run_plan import Materials
from mien.measurement.session import Session
from mien.runs.judge_ablation import ablation
from mien.runs.run import Run
from tests.measurement.planted import measure

if TYPE_CHECKING:
    from pathlib import Path

    from mien.testing import ScriptedServer

TRAITS = ["warm", "blunt", "calm", "poetic", "formal", "curious", "humble", "playful"]
SYNONYMS = {trait: perturbation("synonyms").names[trait] for trait in TRAITS}
PLANTED = {
    "scores": {trait: 0.4 * (place - 3.5) for place, trait in enumerate(TRAITS)},
    "judge_accuracy": 0.85,
    "synonyms": SYNONYMS,
    "repeats_vary": True,
}


def test_planted_biases_are_named_and_nothing_is_asked_twice(server: ScriptedServer, tmp_path: Path) -> None:
    # It favours what it sees first, and a word; the temperature plays no part.
    server.configure(**PLANTED, judge_first=1.2, judge_leanings={"": {"poetic": 3.0}})
    changes = ["temperature", "order", "synonyms"]
    found = mien.check_judges(server.model, server.judge, traits=TRAITS, trials=160, only=changes)
    asked = server.counts().by_role
    assert asked == {"model": 160, "judge": 160 * 5}
    findings = {row.change: row.finding for row in found.rows}
    assert findings == {"again": "noise", "temperature": "no sign", "order": "moves", "synonyms": "moves"}
    order, synonyms = found.row("order"), found.row("synonyms")
    assert order and order.found.place and order.found.place.low > 0
    assert synonyms and synonyms.found.diff
    assert synonyms.found.diff.changes[0].name == "poetic"
    assert [row["change"] for row in found.to_dict()["rows"]] == list(found.table["change"])
    # The same again costs nothing, and the run is what it was for who asks how its judges agree.
    mien.check_judges(server.model, server.judge, traits=TRAITS, trials=160, only=changes)
    assert server.counts().by_role == asked
    run = Run("model-revealed", tmp_path / "mien.db")
    assert set(run.raters().raters) == {server.judge, f"{server.judge}#1"}
    assert len(run.judges) == 5
    assert run.profile().judge == server.judge


def test_what_a_response_cannot_tell_any_more_is_undecided(server: ScriptedServer) -> None:
    server.configure(**PLANTED)  # whose responses tell their trait at the end
    found = mien.check_judges(server.model, server.judge, traits=TRAITS, trials=80, only=["half"])
    row = found.row("half")
    assert row
    assert (row.finding, row.q, row.found.differing) == ("undecided", None, 80)
    assert row.found.reason


def test_a_judge_that_reads_another_language_otherwise(server: ScriptedServer) -> None:
    server.configure(**PLANTED, judge_leanings={r"\(German:\)": {"warm": 4.0, "formal": 4.0}})
    by = Translation(f"{server.url}#other", "German")
    found = mien.check_judges(
        server.model, server.judge, traits=TRAITS, trials=120, only=["language"], translation=by
    )
    asked = server.counts().by_role
    row = found.row("language")
    assert row
    assert row.finding == "moves"
    assert row.found.diff
    assert {change.name for change in row.found.diff.changes[:2]} == {"warm", "formal"}
    # Each response is translated once, also where there are two of the same text.
    assert asked["model"] <= 240
    assert asked["judge"] == 3 * 120
    mien.check_judges(
        server.model, server.judge, traits=TRAITS, trials=120, only=["language"], translation=by
    )
    assert server.counts().by_role == asked


def test_a_judge_that_favours_its_own_family(server: ScriptedServer) -> None:
    own, other = f"{server.url}#model", f"{server.url}#other"
    judge, second = f"{server.url}#judge", f"{server.url}#judge-2"
    signed = (
        '(?=.*"model":"judge").*Written by model'  # in what that judge is asked about that model's responses
    )
    server.configure(**PLANTED, signed=True, judge_leanings={signed: {"humble": 4.0, "calm": 4.0}})
    runs = [measure(server, model=model, traits=TRAITS, rounds=None, trials=160) for model in (own, other)]
    for run in runs:
        second_opinion(run, second)
    found = ablation(runs, [judge, second], [], families=[(own, judge)])
    (row,) = (row for row in found.rows if row.change == "own")
    assert (row.judge, row.model, row.finding) == (judge, own, "moves")
    assert row.found.diff
    assert {change.name for change in row.found.diff.changes[:2]} == {"calm", "humble"}


def test_what_it_would_take(server: ScriptedServer) -> None:
    def lay_out(*judges: str) -> int:
        plans = lay_out_check(
            [server.model],
            judges,
            materials=Materials(traits=TRAITS),
            length=Length(rounds=5),
        )
        return forecast(plans, judges, Session(), only=["order", "half"]).calls

    trials = 20
    assert lay_out(server.judge) == trials * (1 + 1 + 1 + 2)
    assert lay_out(server.judge, f"{server.url}#judge-2") == trials * (1 + 2 * 4)
    assert server.counts().requests == 0


def test_what_cannot_be_checked_is_refused(server: ScriptedServer) -> None:
    check, judge = mien.check_judges, server.judge
    with pytest.raises(UnknownName, match="colour"):
        check(server.model, judge, only=["colour"])
    with pytest.raises(UsageError, match=r"judge '.*' is named twice"):
        check(server.model, [judge, judge])
    with pytest.raises(UsageError, match="--model"):
        check([], judge)
    with pytest.raises(UsageError, match="--translator MODEL"):
        check(server.model, judge, only=["language"])
    with pytest.raises(UsageError, match="several models"):
        check([server.model, f"{server.url}#other"], judge, name="one")
    with pytest.raises(UsageError, match="can read nobody but the organism"):
        check(server.model, "organism/judge")
    assert server.counts().requests == 0
