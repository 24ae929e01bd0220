"""Stores made one: what is kept, what stands where they differ, what is refused, and kills in between."""

from __future__ import annotations

import signal
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import InputError, StoreError, UsageError
from mien.runs.run import Run
from mien.stats.design.shards import WHOLE, Shard
from mien.store import schema
from mien.store.machines import MACHINE
from mien.store.merging import merge
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import BatchRequest, Call, Preference, Prompt, Trait, Trial, Verdict
from tests.processes import ended

if TYPE_CHECKING:
    from pathlib import Path

TRAITS = ("warm", "blunt", "dry")
N = 12
INFO = RunInfo(
    name="r",
    model="http://h/v1#m",
    instrument="revealed",
    protocol='{"name": "mine", "sampling": {"temperature": 1.0}}',
    design="abc-8",
    seed=3,
    traits=tuple(map(Trait, TRAITS)),
)
JUDGE = JudgeRecord(name="j", model="http://h/v1#j", settings='{"order": "same"}')
TRIALS = [
    Trial(f"t{i}", i, (TRAITS[i % 3], TRAITS[(i + 1) % 3]), Prompt(f"p{i % 5}", f"Hello {i % 5}"))
    for i in range(N)
]


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What to put into a store: ``texts`` are responses by the trial's number, "" for a failure."""

    info: RunInfo = INFO
    judge: JudgeRecord = JUDGE
    shard: Shard = WHOLE
    texts: dict[int, str] = field(default_factory=lambda: {i: f"answer {i}" for i in range(N)})
    unread: frozenset[int] = frozenset()
    endpoint: str = "http://h/v1"

    def put(self, path: Path) -> Path:
        with Store(path) as store:
            run = store.add_run(self.info, TRIALS[self.shard.every], shard=self.shard, in_all=N)
            store.add_judge(run.id, self.judge)
            for number, text in self.texts.items():
                if number in range(N)[self.shard.every]:
                    self.answer(store, run.id, TRIALS[number], text, read=number not in self.unread)
        return path

    def answer(self, store: Store, run: int, trial: Trial, text: str, *, read: bool) -> None:
        failure = "" if text else "HTTP 500"
        call = Call(
            key=f"call-{trial.id}", endpoint=self.endpoint, model="m", text=text, failure=failure, body=b"b"
        )
        store.put_call(call)
        store.put_response(run, trial.id, call.key)
        if not text or not read:
            return
        asked = Call(key=f"read-{text}", endpoint=self.endpoint, model="j", text=trial.options[len(text) % 2])
        store.put_call(asked)
        store.put_verdict(
            run,
            Verdict(
                trial=trial.id,
                judge="j",
                chosen=asked.text,
                order=trial.options,
                call=asked.key,
                logs=(-0.1, -2.4),
            ),
        )


def shards(folder: Path, n: int = 3, **contents: Any) -> list[Path]:
    return [
        Contents(shard=Shard(number, n), **contents).put(folder / f"shard-{number}.db")
        for number in range(1, n + 1)
    ]


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a store but for when they were made."""
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return {name: _rows(db, name) for name in names if name != "sqlite_sequence"}


def _rows(db: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    columns = [c for _, c, *_ in db.execute(f"PRAGMA table_info({table})") if c != "created"]
    return sorted(db.execute(f"SELECT {', '.join(columns)} FROM {table}"))


def verdicts(path: Path) -> dict[str, str]:
    return {row["trial_id"]: row["chosen"] for row in Run("r", path).rows("j")}


# -- what is kept --------------------------------------------------------------------------------------------


def test_shards_make_the_run_row_by_row_and_again_adds_nothing(tmp_path: Path) -> None:
    whole = Contents().put(tmp_path / "whole.db")
    parts = shards(tmp_path)
    out = tmp_path / "out.db"
    merged = merge(out, parts)
    assert [one.trials for one in merged] == [4, 4, 4]
    assert {(one.calls, one.verdicts, one.conflicts, one.dropped_verdicts) for one in merged} == {
        (8, 4, 0, 0)
    }
    assert tables(out) == tables(whole)
    assert Run("r", out).outcome("j").complete
    again = merge(out, parts)
    assert {(one.trials, one.calls, one.verdicts, one.labels) for one in again} == {(0, 0, 0, 0)}
    assert tables(out) == tables(whole)
    merge(tmp_path / "other.db", reversed_parts := parts[::-1])
    assert tables(tmp_path / "other.db")["verdict"] == tables(whole)["verdict"]
    assert len(reversed_parts) == 3


def test_every_table_is_merged(tmp_path: Path) -> None:
    """A table that is new needs a rule of its own in `mien.store.merging`."""
    assert set(tables(Contents().put(tmp_path / "a.db"))) == {
        *(
            "call",
            "run",
            "prompt",
            "trial",
            "judge",
            "verdict",
            "judge_failure",
            "label",
            "preference",
            "note",
        ),
        *("quirk", "shard", "registration"),
        *("evaluation", "item", "evaluation_item", "asked"),  # tests/store/test_evaluations.py
        *("batch", "batch_call"),  # these stay in the store that sent them
    }


def test_a_store_with_batches_at_a_provider_is_merged_once_they_are_collected(tmp_path: Path) -> None:
    a, out = Contents().put(tmp_path / "a.db"), tmp_path / "out.db"
    with Store(a) as store:
        batch = store.batches.add("provider/m", [BatchRequest(key="k", replicate=0, body=b"{}")])
        assert batch
    with pytest.raises(
        InputError, match=r"a\.db: 1 batch not collected: mien batches --collect --store a\.db"
    ):
        merge(out, [a])
    merge(out, [a], partial=True)
    with Store(a) as store:
        store.batches.collected(batch.name, "completed", 1)
    merge(out, [a])
    assert tables(out)["batch"] == []


def test_missing_shards_are_named_unless_that_is_meant(tmp_path: Path) -> None:
    parts, out = shards(tmp_path), tmp_path / "out.db"
    with pytest.raises(UsageError, match=r"of run 'r' the shard 2/3 is missing: .* with --partial"):
        merge(out, [parts[0], parts[2]])
    assert not out.exists()
    merge(out, [parts[2]], partial=True)
    found = Run("r", out).outcome("j")
    assert (found.read, found.elsewhere, found.complete) == (4, 8, False)
    merge(out, parts[:2])  # what the store has counts
    assert Run("r", out).outcome("j").complete
    assert tables(out)["shard"] == []


def test_a_store_that_is_being_written_is_read(tmp_path: Path) -> None:
    path = Contents().put(tmp_path / "a.db")
    with Store(path) as store:
        store.set_quirk("e", "m", "n", "v")
        merge(tmp_path / "out.db", [path])
        assert ("e", "m", "n", "v") in tables(tmp_path / "out.db")["quirk"]


def test_runs_of_two_people_stand_side_by_side(tmp_path: Path) -> None:
    a = Contents().put(tmp_path / "a.db")
    b = Contents(info=replace(INFO, name="s")).put(tmp_path / "b.db")
    (first, second) = merge(tmp_path / "out.db", [b, a])
    assert (first.calls, second.calls) == (24, 0)  # they asked the same
    for name in ("r", "s"):
        assert Run(name, tmp_path / "out.db").outcome("j").complete


def test_a_longer_design_takes_the_place_of_a_shorter_one(tmp_path: Path) -> None:
    short = Contents().put(tmp_path / "a.db")
    long = Contents(info=replace(INFO, design="abc-10")).put(tmp_path / "b.db")
    for order in ([short, long], [long, short]):
        merge(out := tmp_path / f"{order[0].stem}.out", order)
        assert Run("r", out).record.design == "abc-10"


# -- where they differ ---------------------------------------------------------------------------------------


def test_a_failure_never_replaces_an_answer(tmp_path: Path) -> None:
    good = Contents(texts={0: "yes", 1: "no"}).put(tmp_path / "good.db")
    bad = Contents(texts={0: "", 1: "", 2: "well"}).put(tmp_path / "bad.db")
    for number, order in enumerate(([good, bad], [bad, good])):
        out = tmp_path / f"{number}.db"
        merged = merge(out, order)
        assert {one.conflicts for one in merged} == {0}
        assert set(verdicts(out)) == {"t0", "t1", "t2"}
        found = Run("r", out).outcome("j")
        assert (found.read, found.failed, found.unasked) == (3, {}, N - 3)


def test_of_two_answers_the_first_stands_with_its_verdicts(tmp_path: Path) -> None:
    first = Contents(texts={0: "yes", 1: "no"}, unread=frozenset({1})).put(tmp_path / "first.db")
    second = Contents(texts={0: "other", 1: "another", 2: "well"}).put(tmp_path / "second.db")
    out = tmp_path / "out.db"
    _, merged = merge(out, [first, second])
    assert (merged.conflicts, merged.dropped_verdicts, merged.verdicts) == (2, 2, 1)
    with Store(out, read_only=True) as store:
        rows = {row.trial.id: (row.response, row.chosen) for row in store.rows(store.run("r").id, "j")}
    # What nobody read in the answer that stands is to be judged again.
    assert rows["t0"] == ("yes", TRIALS[0].options[1])
    assert rows["t1"] == ("no", "")
    assert rows["t2"] == ("well", TRIALS[2].options[0])
    again = merge(out, [first, second])[1]
    assert (again.conflicts, again.dropped_verdicts, again.verdicts, again.calls) == (2, 2, 0, 0)


def test_a_verdict_falls_with_the_answer_of_the_judge_that_it_rests_on(tmp_path: Path) -> None:
    paths = [Contents(shard=Shard(number, 2), texts={}).put(tmp_path / f"{number}.db") for number in (1, 2)]
    for path, number, said in zip(paths, (0, 1), ("warm", "blunt"), strict=True):
        with Store(path) as store:  # two trials that are judged by the same call
            trial = f"t{number}"
            store.put_call(Call(key=f"call-{trial}", endpoint="e", model="m", text="same"))
            store.put_response(1, trial, f"call-{trial}")
            store.put_call(Call(key="read", endpoint="e", model="j", text=said))
            store.put_verdict(1, Verdict(trial=trial, judge="j", chosen=said, call="read"))
    merged = merge(tmp_path / "out.db", paths)
    assert (merged[1].conflicts, merged[1].dropped_verdicts) == (1, 1)
    assert verdicts(tmp_path / "out.db") == {"t0": "warm"}


def test_what_people_said_last_stands(tmp_path: Path) -> None:
    paths = [tmp_path / "a.db", tmp_path / "b.db"]
    names = (("r", "s"), ("s", "r"))  # so that the runs' numbers are the other way round in one
    for path, (one, other), chosen in zip(paths, names, ("a", "b"), strict=True):
        for name in (one, other):
            Contents(info=replace(INFO, name=name)).put(path)
        with Store(path) as store:
            r, s = store.run("r").id, store.run("s").id
            store.people.put_labels(r, [("t1", "ann", "warm" if chosen == "a" else "neither")])
            store.people.note(r, "t1", "ann", f"said in {path.stem}")
            about = {"trial_a": "t1", "trial_b": "t4", "shown_left": "a", "chosen": chosen}
            tie = {"trial_a": "t2", "trial_b": "t5", "shown_left": "b", "chosen": "tie"}
            kept = [
                Preference(person="ann", question="preferred", **about),
                Preference(person=path.stem, question="dry", **tie),
            ]
            store.people.put_preferences(r, s, kept)  # of r and s, in this order, whatever their numbers
    for number, order in enumerate((paths, paths[::-1])):
        out = tmp_path / f"out-{number}.db"
        merge(out, order)
        with Store(out, read_only=True) as store:
            r, s = store.run("r").id, store.run("s").id
            assert [*store.people.labels(r)] == [("t1", "ann", "neither")]
            assert [note.text for note in store.people.notes(r)] == ["said in b"]
            found = {(p.person, p.question): p for p, _ in store.people.preferences(r, s)}
        assert len(found) == 3
        later = found["ann", "preferred"]
        assert (later.trial_a, later.trial_b, later.shown_left, later.chosen) == ("t1", "t4", "a", "b")
        assert (found["a", "dry"].trial_a, found["b", "dry"].shown_left) == ("t2", "b")
    # A label of an answer that does not stand is left out, and counted.
    other = Contents(texts={1: "other"}).put(tmp_path / "c.db")
    (_, merged) = merge(tmp_path / "out.db", [other, paths[1]])
    assert merged.dropped_labels == 3  # and the preference, and the note


# -- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        (Contents(info=replace(INFO, model="x")), r"b\.db, run 'r', model: is another one than in .*a\.db"),
        (Contents(info=replace(INFO, seed=4)), r"run 'r', seed: .*\(3 and 4\)"),
        (
            Contents(info=replace(INFO, protocol=INFO.protocol.replace("1.0", "0.7"))),
            r"run 'r', protocol: .*\(sampling\.temperature: 1\.0 and 0\.7\)",
        ),
        (Contents(info=replace(INFO, traits=INFO.traits[:2])), "run 'r', traits"),
        (Contents(info=replace(INFO, turn=2)), "run 'r', turn"),
        (Contents(info=replace(INFO, design="xyz-8")), r"design \(traits, .*'abc-8' and 'xyz-8'"),
        (Contents(judge=replace(JUDGE, model="x")), "run 'r', judge 'j', model"),
        (
            Contents(judge=replace(JUDGE, settings='{"order": "random"}')),
            r"judge 'j', settings: .*\(order: 'same' and 'random'\)",
        ),
        (Contents(shard=Shard(1, 4)), "run 'r', shard: .*one of 2 and 1 of 4"),
    ],
)
def test_another_measurement_is_refused_with_file_and_field(
    tmp_path: Path, other: Contents, problem: str
) -> None:
    a = Contents(shard=Shard(1, 2)).put(tmp_path / "a.db")
    b = other.put(tmp_path / "b.db")
    out = tmp_path / "out.db"
    with pytest.raises(InputError, match=problem):
        merge(out, [a, b], partial=True)
    assert not out.exists()


@pytest.mark.parametrize(
    ("table", "row", "told"),
    [
        ("registration", ("mine", "{}", "{{}}", 1.0), r"registration of study 'mine': .*\('x' and 'y'\)"),
        ("quirk", ("served", "m", "fingerprint", '{{"root":"{}"}}'), r"model 'm': .*\(root: 'x' and 'y'\)"),
    ],
)
def test_what_goes_by_one_name_is_one_thing(
    tmp_path: Path, table: str, row: tuple[Any, ...], told: str
) -> None:
    paths = [Contents(info=replace(INFO, name=name)).put(tmp_path / f"{name}.db") for name in "ab"]
    for path, said in zip(paths, "xy", strict=True):
        values = [value.format(said) if isinstance(value, str) else value for value in row]
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", values)
    with pytest.raises(InputError, match=rf"b\.db, {told}"):
        merge(tmp_path / "out.db", paths)


def test_imported_runs_are_told_apart_by_their_trials(tmp_path: Path) -> None:
    a, b = (Contents(info=replace(INFO, design="")).put(tmp_path / name) for name in ("a.db", "b.db"))
    with closing(sqlite3.connect(b)) as db, db:
        db.execute("""UPDATE trial SET options = '["dry","warm"]' WHERE id = 't3'""")
    with pytest.raises(InputError, match=r"b\.db, run 'r', trial t3: is another trial"):
        merge(tmp_path / "out.db", [a, b])
    assert len(verdicts(tmp_path / "out.db")) == N  # of the first file


def test_what_is_no_store_of_this_version_is_refused(tmp_path: Path) -> None:
    a, old, text = Contents().put(tmp_path / "a.db"), Contents().put(tmp_path / "old.db"), tmp_path / "text"
    text.write_text("option_1,option_2,chosen\n" * 400)
    with closing(sqlite3.connect(old)) as db, db:
        db.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) - 1}")
    for path, problem in (
        (tmp_path / "none.db", "no store at"),
        (text, "is not a mien store"),
        (old, "older schema"),
    ):
        with pytest.raises(StoreError, match=problem):
            merge(tmp_path / "out.db", [a, path])
    for sources in ([a, a], [a, tmp_path / "x" / ".." / "a.db"], [tmp_path / "out.db"], []):
        with pytest.raises(UsageError, match=r"once|itself|name the stores"):
            merge(tmp_path / "out.db", sources)
    assert not (tmp_path / "out.db").exists()


@pytest.mark.parametrize(
    ("endpoint", "machines", "fine"),
    [
        ("http://localhost:8000/v1", ("one", "one"), True),
        ("http://localhost:8000/v1", ("one", "two"), False),
        ("http://127.0.0.1:8000/v1", ("one", ""), False),
        ("http://[::1]:8000/v1", ("", ""), False),
        ("http://gpu-7:8000/v1", ("one", "two"), True),
        ("served", ("one", "two"), True),
    ],
)
def test_an_address_of_one_s_own_may_be_another_server(
    tmp_path: Path, endpoint: str, machines: tuple[str, str], fine: bool
) -> None:
    parts = shards(tmp_path, 2, endpoint=endpoint)
    for path, machine in zip(parts, machines, strict=True):
        with Store(path) as store:
            for model in ("m", "j"):
                if machine:
                    store.set_quirk(endpoint, model, f"{MACHINE}{machine}", "yes")
    if not fine:
        with pytest.raises(InputError, match=r"shard-2\.db: '[mj]' at http://.*give --same-servers"):
            merge(tmp_path / "out.db", parts)
    merge(tmp_path / "out.db", parts, same_servers=not fine)
    assert len(verdicts(tmp_path / "out.db")) == N


# -- kills ---------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from mien.store import merging
left = int(sys.argv[1])
def stop(name, then):
    def step(*given):
        global left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return then(*given)
    setattr(merging, name, step)
for name in ("_changed", "_copy", "_require_same_trials"):
    stop(name, getattr(merging, name))
merging.merge(sys.argv[2], sys.argv[3:])
"""


SPILLED = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = DELETE")
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN")
db.executemany("INSERT INTO quirk VALUES ('e', 'm', ?, ?)", ((str(i), "v" * 999) for i in range(99)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_half_merged_file_is_not_read(tmp_path: Path) -> None:
    path = Contents().put(tmp_path / "a.db")
    ended([sys.executable, "-c", SPILLED, path])
    with pytest.raises(
        StoreError, match="was being merged when that was stopped; the same mien merge goes on"
    ):
        Store(path, read_only=True)
    merge(path, [Contents(info=replace(INFO, name="s")).put(tmp_path / "b.db")])
    with Store(path, read_only=True) as store:
        assert store.quirks("e", "m") == {}


@pytest.mark.parametrize("steps", [0, 2, 3, 5, 9, 12])
def test_killed_anywhere_the_same_merge_goes_on(tmp_path: Path, steps: int) -> None:
    parts, out = shards(tmp_path, 2), tmp_path / "out.db"
    done = ended([sys.executable, "-c", KILLED, steps, out, *parts])
    assert done.returncode == -signal.SIGKILL, done.stderr
    found = tables(out)
    assert len(found["trial"]) in (0, N // 2)  # whole files
    assert len(found["verdict"]) == len(found["trial"])
    merge(out, parts)
    assert tables(out) == tables(Contents().put(tmp_path / "whole.db"))
