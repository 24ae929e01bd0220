"""Runs as their users hold them, and comparison tables in and out of the store."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import mien
from mien.errors import InputError, NotIdentified, RunConflict, StoreError, UnknownName, UsageError
from mien.runs import UNKNOWN_JUDGE, Run, import_run, store_path
from mien.store import JudgeRecord, Store
from mien.types import Call, Prompt, Trait, Trial, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ["warm", "blunt", "dry", "direct", "indirect"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mien.db"
    monkeypatch.setenv("MIEN_STORE", str(path))
    return path


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def bouts(n: int = 200, seed: int = 0, **columns: Any) -> list[dict[str, Any]]:
    """Rows between the traits above, where those later in the list win more often."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for i in range(n):
        first, second = rng.choice(len(NAMES), 2, replace=False)
        wins = rng.random() < 1 / (1 + np.exp(second - first))
        chosen = "neither" if i % 50 == 49 else NAMES[first if wins else second]
        rows.append({"option_1": NAMES[first], "option_2": NAMES[second], "chosen": chosen} | columns)
    return rows


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
            name="varied",
            model="m",
            instrument="revealed",
            protocol="{}",
            design="d-1",
            seed=1,
            traits=tuple(map(Trait, NAMES)),
            trials=trials,
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
    imported = import_run(write(tmp_path / "t.csv", bouts(prompt_id="p")), "imported")
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
            name=name,
            model="provider/m<1>",
            instrument="revealed",
            protocol='{"name": "mine", "elo": {"k": 16, "start": 1500}}',
            design="abc-1",
            seed=3,
            traits=(Trait("warm"), Trait("blunt")),
            trials=trials,
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


# -- import --------------------------------------------------------------------------------------------------


def test_a_bare_table_becomes_a_run(tmp_path: Path) -> None:
    table = write(tmp_path / "table.csv", bouts())
    run = import_run(table, "imported")
    assert (run.name, run.path) == ("imported", tmp_path / "mien.db")
    record = run.record
    assert (record.model, record.instrument, record.design, record.seed) == ("", "revealed", "", None)
    assert [trait.name for trait in record.traits] == sorted(NAMES)
    assert json.loads(record.protocol) == {"name": "imported", "source": str(table)}
    assert [judge.name for judge in run.judges] == [UNKNOWN_JUDGE]
    profile = run.profile()
    assert profile.verdicts == {"chosen": 196, "neither": 4, "refused": 0, "unreadable": 0, "missing": 0}
    assert [row["trait"] for row in profile.rows] == NAMES[::-1]
    direct = mien.profile(mien.read_comparisons(table))
    np.testing.assert_array_equal(direct.fit.scores, profile.fit.scores)
    np.testing.assert_allclose(direct.stderr, profile.stderr, rtol=1e-12)


def test_all_columns_are_carried_along(tmp_path: Path) -> None:
    rows = bouts(20, model="gpt", judge="me", instrument="instructed")
    for i, row in enumerate(rows):
        row |= {
            "prompt_id": f"p{i // 4}",
            "trial_id": f"trial {i}",
            "response": f"Said {i}." if i % 2 else "",
        }
    run = import_run(write(tmp_path / "table.csv", rows), "full")
    assert (run.record.model, run.record.instrument) == ("gpt", "instructed")
    assert [judge.name for judge in run.judges] == ["me"]
    assert list(run.rows()) == rows
    cluster = run.comparisons().cluster.reshape(5, 4)
    assert (cluster == cluster[:, :1]).all()
    assert len(set(cluster[:, 0].tolist())) == 5
    with Store(run.path, read_only=True) as store:
        assert store.count_responses(run.record.id) == 10


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_is_exported_gives_the_same_profile_when_imported(
    tmp_path: Path, store: Path, ending: str
) -> None:
    rows = bouts(300, seed=5)
    for i, row in enumerate(rows):
        row["prompt_id"] = f"p{i % 40}"
    origin = import_run(write(tmp_path / "origin.csv", rows), "origin")
    exported = tmp_path / f"exported.{ending}"
    if ending == "csv":
        origin.table.to_csv(exported, index=False)
    elif ending == "jsonl":
        origin.table.to_json(exported, orient="records", lines=True)
    else:
        origin.table.to_parquet(exported)
    copy = import_run(exported, "copy")
    assert list(copy.rows()) == list(origin.rows())
    first, second = origin.profile().to_dict(), copy.profile().to_dict()
    differing = {key for key in first if first[key] != second[key]}
    assert differing == {"run"}


def test_the_profile_of_an_imported_run_is_the_same_every_time(tmp_path: Path) -> None:
    run = import_run(write(tmp_path / "table.csv", bouts()), "imported")
    assert run.profile().to_dict() == run.profile().to_dict()


def test_rows_of_unrelated_tables_are_not_paired(tmp_path: Path) -> None:
    one, other = (
        import_run(write(tmp_path / f"{seed}.csv", bouts(100, seed=seed)), f"run {seed}") for seed in (1, 2)
    )
    assert not set(one.comparisons().clusters) & set(other.comparisons().clusters)
    # The same table is the same trials, whatever the run is called.
    again = import_run(tmp_path / "1.csv", "again")
    assert again.comparisons().clusters == one.comparisons().clusters
    assert mien.diff(one, again).to_dict()["rms"] == 0


def test_four_options(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(60):
        shown = [str(name) for name in rng.choice(NAMES, 4, replace=False)]
        rows.append({f"option_{i}": name for i, name in enumerate(shown, 1)} | {"chosen": shown[0]})
    run = import_run(write(tmp_path / "table.csv", rows), "four")
    assert run.comparisons().options.shape == (60, 4)
    assert set(run.comparisons().chosen.tolist()) == {0}


def test_one_of_several_models_is_taken(tmp_path: Path) -> None:
    rows = bouts(30, model="gpt") + bouts(20, seed=1, model="glm")
    table = write(tmp_path / "table.csv", rows)
    with pytest.raises(InputError, match=r"table.csv, column model: .*glm, gpt; choose one with --model"):
        import_run(table, "both")
    with pytest.raises(UnknownName, match="no model in the table named 'gp'; did you mean gpt"):
        import_run(table, "neither", model="gp")
    run = import_run(table, "one", model="glm")
    assert [{**row, "model": "glm"} for row in rows[30:]] == [
        {key: row[key] for key in rows[0]} for row in run.rows()
    ]
    assert run.record.model == "glm"
    with Store(run.path, read_only=True) as store:
        assert [record.name for record in store.runs()] == ["one"]


def test_a_trial_stands_once_among_the_rows_that_are_taken(tmp_path: Path) -> None:
    rows = bouts(4, model="gpt") + bouts(4, seed=1, model="glm")
    for i, row in enumerate(rows):
        row["trial_id"] = f"t{i % 4}"
    table = write(tmp_path / "table.csv", rows)
    assert [row["trial_id"] for row in import_run(table, "one", model="glm").rows()] == [
        "t0", "t1", "t2", "t3",
    ]  # fmt: skip
    rows[7]["trial_id"] = "t0"
    with pytest.raises(InputError, match=r"trial_id 't0' stands twice"):
        import_run(write(table, rows), "two", model="glm")


@pytest.mark.parametrize("column", ["judge", "instrument"])
def test_a_run_has_one_judge_and_one_instrument(tmp_path: Path, column: str) -> None:
    rows = [*bouts(5, **{column: "a"}), *bouts(5, **{column: "b"})]
    table = write(tmp_path / "table.csv", rows)
    with pytest.raises(InputError, match=f"column {column}: a run has one {column}; the table has a, b"):
        import_run(table, "both")


def test_a_model_of_a_table_that_names_none(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no model in the table named 'gpt'; known: none yet"):
        import_run(write(tmp_path / "table.csv", bouts(5)), "r", model="gpt")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"chosen": "wram"}, r"table.csv, row 3: chosen is 'wram', which is none of the row's options"),
        ({"chosen": ""}, "row 3: chosen is ''"),
        ({"option_2": ""}, "row 3: option_2 is blank"),
        ({"option_1": "neither", "chosen": "neither"}, "row 3: option_1 is 'neither', which is a verdict"),
        ({"trial_id": "t1"}, "table.csv, row 3: trial_id 't1' stands twice"),
    ],
)
def test_a_row_that_cannot_be_used_leaves_no_run(
    tmp_path: Path, store: Path, change: dict[str, str], problem: str
) -> None:
    rows = bouts(6)
    for i, row in enumerate(rows):
        row["trial_id"] = f"t{i}"
    rows[2] |= change
    with pytest.raises(InputError, match=problem):
        import_run(write(tmp_path / "table.csv", rows), "r")
    if store.exists():
        with Store(store, read_only=True) as opened:
            assert opened.runs() == []


def test_a_column_that_is_missing(tmp_path: Path) -> None:
    rows = [{"option_1": "a", "option_2": "b", "winner": "a"}]
    with pytest.raises(InputError, match="the column 'chosen' is missing; found: option_1, option_2, winner"):
        import_run(write(tmp_path / "table.csv", rows), "r")
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        import_run(tmp_path / "none.csv", "r")


def test_a_name_that_is_taken(tmp_path: Path, store: Path) -> None:
    before = list(made(store).rows())
    with pytest.raises(RunConflict, match="there is a run named 'r' already; choose another with --name"):
        import_run(write(tmp_path / "table.csv", bouts(5)), "r")
    assert list(Run("r", store).rows()) == before


def test_a_table_too_small_to_rate(tmp_path: Path) -> None:
    rows = [{"option_1": "a", "option_2": "b", "chosen": "neither"}]
    run = import_run(write(tmp_path / "table.csv", rows), "r")
    with pytest.raises(NotIdentified, match="no verdict chose an option"):
        run.profile()


def test_a_run_can_be_deleted_and_imported_again(tmp_path: Path, store: Path) -> None:
    rows = bouts(40)
    for i, row in enumerate(rows):
        row["response"] = f"Said {i}."
    table = write(tmp_path / "table.csv", rows)
    first = list(import_run(table, "r").rows())
    with Store(store) as opened:
        opened.delete_run("r")
    assert list(import_run(table, "r").rows()) == first


def test_tables_are_frames(tmp_path: Path) -> None:
    run = import_run(write(tmp_path / "table.csv", bouts()), "r")
    assert isinstance(run.table, pd.DataFrame)
    assert isinstance(run.profile().table, pd.DataFrame)


# -- traits and prompts --------------------------------------------------------------------------------------


def test_a_trait_without_a_verdict_is_named(store: Path) -> None:
    run = made(store, n=20)
    with Store(store) as opened:
        opened.add_run(
            name="three",
            model="m",
            instrument="revealed",
            protocol="{}",
            design="d-1",
            seed=0,
            traits=(Trait("warm"), Trait("blunt"), Trait("never shown")),
            trials=[row.trial for row in opened.rows(run.record.id, "j")],
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
                name=name,
                model="m",
                instrument="revealed",
                protocol="{}",
                design="d-1",
                seed=0,
                traits=(Trait("warm"), Trait("blunt")),
                trials=[trial],
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
