"""Comparison tables in and out of the store."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import mien
from mien.errors import InputError, NotIdentified, RunConflict, UnknownName
from mien.runs.interop.imports import import_run
from mien.runs.run import UNKNOWN_JUDGE
from mien.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
    assert profile.verdicts == {
        "chosen": 196, "neither": 4, "tie": 0, "refused": 0, "unreadable": 0, "missing": 0,
    }  # fmt: skip
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


def test_a_run_has_one_instrument(tmp_path: Path) -> None:
    rows = [*bouts(5, instrument="a"), *bouts(5, instrument="b")]
    table = write(tmp_path / "table.csv", rows)
    with pytest.raises(InputError, match="column instrument: a run has one instrument; the table has a, b"):
        import_run(table, "both")


@pytest.mark.parametrize("by", ["prompt_id", "trial_id"])
def test_several_judges_read_a_trial_each(tmp_path: Path, by: str) -> None:
    rows = [row | {by: f"x{i}", "judge": judge} for judge in "bac" for i, row in enumerate(bouts(60))]
    rows[0]["chosen"] = rows[1]["chosen"] = "tie"
    run = import_run(write(tmp_path / "table.csv", rows), "crowd")
    assert [judge.name for judge in run.judges] == ["b", "a", "c"]
    assert len(run.comparisons("a").chosen) == 60
    assert run.agreement("a", "c")["n"] == 60
    everybody = run.profile()
    assert everybody.verdicts == {
        "chosen": 3 * 59 - 2, "neither": 3, "tie": 2, "refused": 0, "unreadable": 0, "missing": 0,
    }  # fmt: skip
    assert everybody.provenance.judge == "all"
    assert run.profile("b").verdicts["tie"] == 2
    assert run.outcome().complete
    assert {(row[by], row["judge"], row["chosen"]) for row in run.rows()} == {
        (row[by], row["judge"], row["chosen"]) for row in rows
    }


def test_a_judge_reads_a_trial_once(tmp_path: Path) -> None:
    rows = [row | {"trial_id": f"x{i}", "judge": "a"} for i, row in enumerate(bouts(3))]
    with pytest.raises(InputError, match=r"row 4: trial_id 'x0' stands twice by judge 'a'"):
        import_run(write(tmp_path / "table.csv", [*rows, rows[0]]), "r")
    other = rows[0] | {"judge": "b", "option_1": "other", "chosen": "other"}
    with pytest.raises(InputError, match=r"row 4: trial_id 'x0' stands above with another prompt or other"):
        import_run(write(tmp_path / "table.csv", [*rows, other]), "r")
    with pytest.raises(InputError, match=r"row 1: judge is 'all', which stands for all"):
        import_run(write(tmp_path / "table.csv", [rows[0] | {"judge": "all"}]), "r")


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


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    run = import_run(write(tmp_path / "table.csv", bouts(5)), "r")
    before = list(run.rows())
    with pytest.raises(RunConflict, match="there is a run named 'r' already; choose another with --name"):
        import_run(write(tmp_path / "other.csv", bouts(6)), "r")
    assert list(run.rows()) == before


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
