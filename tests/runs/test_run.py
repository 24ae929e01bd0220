"""Runs as their users hold them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import NotIdentified, StoreError, UnknownName, UsageError
from mien.runs.run import Run, store_path
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Prompt, Trait, Trial, Verdict
from tests.runs.stored import made

# -- runs ----------------------------------------------------------------------------------------------------


def test_which_store_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert store_path("given.db") == Path("given.db")
    monkeypatch.setenv("MIEN_STORE", "/somewhere/else.db")
    assert store_path("given.db") == Path("given.db")
    assert store_path() == Path("/somewhere/else.db")
    for empty in ("", None):
        if empty is None:
            monkeypatch.delenv("MIEN_STORE")
        else:
            monkeypatch.setenv("MIEN_STORE", empty)
        assert store_path() == Path("mien.db")


def test_what_is_not_there(store: Path) -> None:
    with pytest.raises(StoreError, match="no store at"):
        _ = Run("r", store).record
    run = made(store)
    with pytest.raises(UnknownName, match="no run named 'rr'; did you mean r"):
        Run("rr", store).profile()
    with pytest.raises(UnknownName, match="no judge of run 'r' named 'jj'; did you mean j"):
        run.comparisons("jj")
    with pytest.raises(UnknownName, match="no judge of run 'r'"):
        list(run.rows("jj"))
    with pytest.raises(UnknownName, match="no judge of run 'r'"):
        run.agreement("j", "jj")


def test_a_run_that_nobody_has_judged(store: Path) -> None:
    run = made(store, judges=())
    with pytest.raises(UsageError, match="run 'r' has no judge yet; `mien judge r --judge MODEL` adds one"):
        run.profile()
    with Store(store) as opened:
        opened.add_judge(run.record.id, JudgeRecord(name="late", model="late", settings="{}"))
    with pytest.raises(UsageError, match="run 'r' has no verdicts by late yet"):
        run.profile()


def test_comparisons_hold_the_verdicts_in_order_and_count_what_is_missing(store: Path) -> None:
    found = made(store).comparisons()
    assert found.traits == ("blunt", "warm")
    assert found.options.tolist() == [[0, 1], [1, 0], [0, 1], [1, 0], [0, 1]]
    assert found.chosen.tolist() == [0, 0, 1, 1, 0]
    assert len(set(found.cluster.tolist())) == len(found.clusters) == 5  # a prompt each
    assert found.missing == 1


def test_a_profile_says_where_it_comes_from(store: Path) -> None:
    profile = made(store, n=40).profile(alpha=0.5, confidence_level=0.9)
    shown = profile.to_dict()
    origin = {
        "run": "r",
        "model": "provider/m<1>",
        "instrument": "revealed",
        "protocol": "mine",
        "judge": "j",
        "design": "abc-1",
        "seed": 3,
    }
    assert {key: shown[key] for key in origin} == origin
    assert (shown["alpha"], shown["confidence_level"], shown["n_trials"]) == (0.5, 0.9, 40)
    assert shown["verdicts"]["missing"] == 1
    assert sum(profile.elo) == pytest.approx(2 * 1500)  # the protocol's start


def test_rows_are_a_comparison_table(store: Path) -> None:
    run = made(store, judges=("j", "k"))
    rows = list(run.rows("k"))
    assert [row["trial_id"] for row in rows] == ["t0", "t1", "t2", "t3", "t4"]
    assert rows[1] == {
        "model": "provider/m<1>",
        "instrument": "revealed",
        "trial_id": "t1",
        "prompt_id": "p1",
        "option_1": "warm",
        "option_2": "blunt",
        "chosen": "blunt",
        "judge": "k",
        "response": "Answer to t1",
    }
    table = run.table
    assert list(table.columns) == list(rows[0])
    assert set(table["judge"]) == {"j"}
    assert len(table) == 5
    with Store(store) as opened:
        opened.people.star(opened.run(run.name).id, "t1", "Ana", starred=True)
    starred = [(row["trial_id"], row["starred_by"], row["notes"]) for row in run.rows("k")]
    assert starred[:2] == [("t0", "", ""), ("t1", "Ana", "")]


def test_a_run_renders_itself_without_trusting_names(store: Path) -> None:
    html = made(store, judges=("<j>", "k"))._repr_html_()
    assert "provider/m&lt;1&gt;" in html
    assert "&lt;j&gt;: 5 verdicts; k: 5 verdicts" in html
    assert "6 trials" in html
    assert "<j>" not in html
    assert "no verdicts yet" in made(store, judges=(), name="bare")._repr_html_()


# -- traits and prompts --------------------------------------------------------------------------------------


def test_a_trait_without_a_verdict_is_named(store: Path) -> None:
    run = made(store, n=20)
    with Store(store) as opened:
        opened.add_run(
            RunInfo(
                name="three",
                model="m",
                instrument="revealed",
                protocol="{}",
                design="d-1",
                seed=0,
                traits=(Trait("warm"), Trait("blunt"), Trait("never shown")),
            ),
            [row.trial for row in opened.rows(run.record.id, "j")],
        )
        three = opened.run("three").id
        opened.add_judge(three, JudgeRecord(name="j", model="j", settings="{}"))
        for row in list(opened.rows(run.record.id, "j")):
            if row.chosen:
                opened.put_verdict(three, Verdict(trial=row.trial.id, judge="j", chosen=row.chosen))
    assert Run("three", store).comparisons().traits == ("blunt", "never shown", "warm")
    with pytest.raises(NotIdentified, match="never shown"):
        Run("three", store).profile()


def test_prompts_are_shared_by_id_and_text(store: Path) -> None:
    first, again = made(store, name="first"), made(store, name="again")
    assert first.comparisons().clusters == again.comparisons().clusters
    with Store(store) as opened:
        trials = [
            Trial("t0", 0, ("warm", "blunt"), Prompt("p0", text)) for text in ("Hello", "Another of that id")
        ]
        for name, trial in zip(("same", "other"), trials, strict=True):
            run = opened.add_run(
                RunInfo(
                    name=name,
                    model="m",
                    instrument="revealed",
                    protocol="{}",
                    design="d-1",
                    seed=0,
                    traits=(Trait("warm"), Trait("blunt")),
                ),
                [trial],
            )
            opened.add_judge(run.id, JudgeRecord(name="j", model="j", settings="{}"))
            opened.put_verdict(run.id, Verdict(trial="t0", judge="j", chosen="warm"))
    known = set(first.comparisons().clusters)
    assert set(Run("same", store).comparisons().clusters) < known
    assert not set(Run("other", store).comparisons().clusters) & known


def test_a_judge_that_is_the_model_is_known(store: Path) -> None:
    run = made(store, n=40, judges=("provider/m<1>", "provider/m<2>"))
    assert run.profile("provider/m<1>").provenance.reads_itself
    assert not run.profile("provider/m<2>").provenance.reads_itself
