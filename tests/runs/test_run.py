"""Runs as their users hold them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mien
from mien.errors import NotIdentified, StoreError, UnknownName, UsageError
from mien.runs.interop.imports import import_run
from mien.runs.run import Run, store_path
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ["warm", "blunt", "dry", "direct", "indirect"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mien.db"
    monkeypatch.setenv("MIEN_STORE", str(path))
    return path


def varied(store: Path, *, categories: Sequence[str], n: int = 240, lengths: int = 30) -> Run:
    """A run whose prompts are of some categories, in one of which the order of the traits is turned round."""
    rng = np.random.default_rng(1)
    prompts = [
        Prompt(f"p{i}", "x" * (1 + i % lengths), category=categories[i % len(categories)])
        for i in rng.permutation(60).tolist()
    ]
    trials: list[Trial] = []
    chosen: list[str] = []
    for i in range(n):
        first, second = rng.choice(len(NAMES), 2, replace=False).tolist()
        prompt = prompts[i % 60]
        sign = -1 if prompt.category == categories[-1] else 1
        wins = rng.random() < 1 / (1 + np.exp(sign * (second - first)))
        trials.append(Trial(f"t{i}", 0, (NAMES[first], NAMES[second]), prompt))
        chosen.append(NAMES[first if wins else second])
    with Store(store) as opened:
        run = opened.add_run(
            RunInfo(
                name="varied",
                model="m",
                instrument="revealed",
                protocol="{}",
                design="d-1",
                seed=1,
                traits=tuple(map(Trait, NAMES)),
            ),
            trials,
        )
        opened.add_judge(run.id, JudgeRecord(name="j", model="j", settings="{}"))
        for trial, name in zip(trials, chosen, strict=True):
            opened.put_verdict(run.id, Verdict(trial=trial.id, judge="j", chosen=name))
    return Run("varied", store)


def test_contexts_go_by_the_key_of_the_prompt(store: Path) -> None:
    run = varied(store, categories=("work", "", "play"))
    contexts, ids = run.contexts("category"), run.prompt_ids()
    assert contexts.keys() == ids.keys() == {*run.comparisons().clusters}
    assert all(contexts[key] == ("work", "", "play")[int(ids[key][1:]) % 3] for key in ids)
    lengths = run.contexts("length")
    assert [*dict.fromkeys(lengths.values())] == [
        "up to 10 characters",
        "11 to 20 characters",
        "over 20 characters",
    ]
    assert all((int(ids[key][1:]) % 30 < 10) == (lengths[key] == "up to 10 characters") for key in ids)


def test_a_character_that_turns_round_in_one_category(store: Path) -> None:
    run = varied(store, categories=("work", "", "play"))
    found = mien.consistency(run, n_resamples=199)
    assert found.contexts == ("play", "work")
    assert found.left_out == {"": 20}
    assert found.p < 0.05
    rating = {(row["trait"], row["context"]): row["rating"] for row in found.rating_rows}
    assert rating["indirect", "work"] > rating["warm", "work"]
    assert rating["indirect", "play"] < rating["warm", "play"]
    assert not any(row["moves"] for row in mien.consistency(run, by="length", n_resamples=199).rows)


def test_contexts_that_are_not_known(store: Path, tmp_path: Path) -> None:
    run = varied(store, categories=("work",), lengths=1)
    with pytest.raises(UsageError, match=r"by category needs two contexts .* of run 'varied' are work: 60"):
        run.consistency()
    with pytest.raises(UsageError, match="the prompts of run 'varied' name no language; it comes with the"):
        run.consistency("language")
    with pytest.raises(UsageError, match="too much of one length"):
        run.consistency("length")
    with pytest.raises(UnknownName, match="no kind of context named 'categry'; did you mean category"):
        run.consistency("categry")
    table = tmp_path / "t.csv"
    table.write_text("option_1,option_2,chosen\nwarm,blunt,warm\n")
    imported = import_run(table, "imported")
    with pytest.raises(UsageError, match="an imported run has none"):
        imported.consistency()
    with pytest.raises(UsageError, match="the length of the prompts of run 'imported' is not known"):
        imported.consistency("length")


def made(store: Path, n: int = 6, judges: Sequence[str] = ("j",), name: str = "r") -> Run:
    """A run with n trials, all responses, and verdicts of each judge on all but the last trial."""
    trials = [
        Trial(f"t{i}", 0, ("warm", "blunt") if i % 2 else ("blunt", "warm"), Prompt(f"p{i}", "Hello"))
        for i in range(n)
    ]
    with Store(store) as opened:
        run = opened.add_run(
            RunInfo(
                name=name,
                model="provider/m<1>",
                instrument="revealed",
                protocol='{"name": "mine", "elo": {"k": 16, "start": 1500}}',
                design="abc-1",
                seed=3,
                traits=(Trait("warm"), Trait("blunt")),
            ),
            trials,
        )
        for judge in judges:
            opened.add_judge(run.id, JudgeRecord(name=judge, model=judge, settings="{}"))
        for trial in trials:
            opened.put_call(Call(key=trial.id, endpoint="e", model="m", text=f"Answer to {trial.id}"))
            opened.put_response(run.id, trial.id, trial.id)
        for trial in trials[:-1]:
            for j, judge in enumerate(judges):
                # Judges differ where the first's choice is the first option of an odd trial.
                index = int(trial.id[1:])
                chosen = trial.options[(index // 2 + j * (index % 2)) % 2]
                opened.put_verdict(run.id, Verdict(trial=trial.id, judge=judge, chosen=chosen))
    return Run(name, store)


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


def test_two_judges_agree_as_far_as_they_do(store: Path) -> None:
    run = made(store, n=9, judges=("j", "k"))
    found = run.agreement("j", "k")
    # Of t0 … t7 they agree on the even ones; j chose the first option of t0 t1 t4 t5.
    assert (found["n"], found["agreement"]) == (8, 0.5)
    assert found["kappa"] == pytest.approx(0.0)
    assert found["low"] < 0 < found["high"]
    same = run.agreement("j", "j")
    assert (same["agreement"], same["kappa"]) == (1.0, 1.0)


def test_judges_without_a_trial_in_common(store: Path) -> None:
    run = made(store)
    with Store(store) as opened:
        opened.add_judge(run.record.id, JudgeRecord(name="k", model="k", settings="{}"))
        opened.put_verdict(run.record.id, Verdict(trial="t5", judge="k", chosen="warm"))
    with pytest.raises(UsageError, match="j and k have read no trial of run 'r' in common"):
        run.agreement("j", "k")


def test_agreement_is_about_the_trait_also_where_options_turn(store: Path) -> None:
    run = made(store)
    with Store(store) as opened:
        opened.add_judge(run.record.id, JudgeRecord(name="k", model="k", settings="{}"))
        for trial, chosen in (("t0", "blunt"), ("t1", "warm"), ("t2", "neither"), ("t3", "refused")):
            opened.put_verdict(run.record.id, Verdict(trial=trial, judge="k", chosen=chosen))
    assert run.agreement("j", "k")["agreement"] == 0.5


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


def test_raters_are_judges_and_people(store: Path) -> None:
    run = made(store, n=10, judges=("j", "k"))
    with Store(store) as opened:
        opened.put_labels(run.record.id, [("t0", "ann", "warm"), ("t1", "ann", "neither")])
    found = run.raters()
    assert found.raters == ("j", "k", "ann (person)")
    assert [(pair.a, pair.b, pair.n) for pair in found.pairs] == [
        ("j", "k", 9),
        ("j", "ann (person)", 2),
        ("k", "ann (person)", 2),
    ]
    assert found.pairs[0].agreement == run.agreement("j", "k")["agreement"]
    assert found.pairs[0].kappa == run.agreement("j", "k")["kappa"]
    assert found.alpha is not None
    assert found.alpha.n == 9
    json.dumps(found.to_dict(), allow_nan=False)


def test_raters_of_a_run_that_nobody_read(store: Path) -> None:
    with pytest.raises(UsageError, match="'r' has no verdicts and no labels yet"):
        made(store, judges=()).raters()
