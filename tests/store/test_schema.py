"""Opening stores: the right files, the wrong ones, old ones, and media that cannot be written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mien.errors import StoreError
from mien.store import schema
from mien.store.records import RunInfo
from mien.store.store import Store
from mien.types import Preference, Prompt, Trait, Trial
from tests.processes import LIMIT, ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADD_COLUMN = "ALTER TABLE run ADD COLUMN note TEXT NOT NULL DEFAULT 'none';\n"
HALF_BROKEN = "ALTER TABLE run ADD COLUMN note TEXT;\nINSERT INTO no_such_table VALUES (1);\n"


def add_run(path: Path, name: str = "r") -> None:
    with Store(path) as store:
        store.add_run(
            RunInfo(
                name=name,
                model="m",
                instrument="revealed",
                protocol="{}",
                design="d-1",
                seed=0,
                traits=(Trait("warm"), Trait("blunt")),
            ),
            [Trial("t0", 0, ("warm", "blunt"), Prompt("p", "Hello"))],
        )


def sql(path: Path, script: str) -> None:
    db = sqlite3.connect(path)
    db.executescript(script)
    db.close()


def number(path: Path, pragma: str) -> int:
    db = sqlite3.connect(path)
    try:
        return db.execute(f"PRAGMA {pragma}").fetchone()[0]
    finally:
        db.close()


# -- files that are no stores --------------------------------------------------------------------------------


def text_file(path: Path) -> None:
    path.write_text("option_1,option_2,chosen\n" * 400)


def short_file(path: Path) -> None:
    path.write_bytes(b"hi")


def other_database(path: Path) -> None:
    sql(path, "CREATE TABLE cats (name TEXT); INSERT INTO cats VALUES ('Tom');")


def other_application(path: Path) -> None:
    sql(path, "PRAGMA application_id = 1196444487;")


def newer_store(path: Path) -> None:
    add_run(path)
    sql(path, f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1};")


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (text_file, "is not a mien store"),
        (short_file, "is not a mien store"),
        (other_database, "is not a mien store"),
        (other_application, "is not a mien store"),
        (newer_store, r"was written by a newer mien \(schema \d+; this one knows \d+\): upgrade mien"),
    ],
)
def test_what_is_no_store_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], problem: str, read_only: bool
) -> None:
    path = tmp_path / "file.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=problem) as caught:
        Store(path, read_only=read_only)
    assert "file.db" in str(caught.value)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store_but_only_where_something_is_written(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(StoreError, match=r"empty\.db is empty"):
        Store(path, read_only=True)
    assert path.read_bytes() == b""
    add_run(path)
    with Store(path, read_only=True) as store:
        assert [run.name for run in store.runs()] == ["r"]


def test_a_missing_file_is_made_only_to_write(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(StoreError, match=r"no store at .*none\.db; `mien measure`"):
        Store(path, read_only=True)
    assert not path.exists()
    Store(path).close()
    assert path.read_bytes()[:15] == b"SQLite format 3"
    assert number(path, "application_id") == schema.APPLICATION_ID
    assert number(path, "user_version") == len(schema.MIGRATIONS)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be opened or made there; name another file with --store"):
        Store(tmp_path / "nowhere" / "mien.db")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path)


def test_a_path_may_hold_what_means_something_in_an_address(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=rw#%41 é.db"
    add_run(path)
    with Store(path, read_only=True) as store:
        assert len(store.runs()) == 1
    assert path.is_file()


def test_a_damaged_store_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    with Store(path) as store:
        for i in range(200):
            store.set_quirk("endpoint", f"model {i}", "name", "value " * 50)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xab" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged .*--store"), Store(path, read_only=True) as store:
        store.quirk("endpoint", "model 7", "name")


# -- versions ------------------------------------------------------------------------------------------------


def test_an_old_store_is_taken_to_the_new_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mien.db"
    add_run(path)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ADD_COLUMN))
    with pytest.raises(StoreError, match="is of an older schema; any command that writes upgrades it"):
        Store(path, read_only=True)
    with Store(path) as store:
        assert [run.name for run in store.runs()] == ["r"]
    assert number(path, "user_version") == len(schema.MIGRATIONS)
    with Store(path, read_only=True) as store:
        assert store.count_trials(store.run("r").id) == 1
    db = sqlite3.connect(path)
    assert db.execute("SELECT name, note FROM run").fetchall() == [("r", "none")]
    db.close()


def test_a_store_that_is_about_to_be_made_is_none_yet(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    assert not schema.is_store(path)
    sql(path, "PRAGMA journal_mode = WAL")  # as another process leaves it for a moment
    assert not schema.is_store(path)
    schema.upgrade(path, lock_timeout=1)
    assert number(path, "user_version") == 0
    Store(path).close()
    assert schema.is_store(path)
    path.write_bytes(b"a letter")
    assert schema.is_store(path), "whoever opens it says what is wrong"


def test_a_store_from_before_preferences_gets_them_and_keeps_its_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mien.db"
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
        Store(path).close()
    sql(
        path,
        """
        INSERT INTO prompt VALUES ('k', 'p', 'Hello', '', '', '');
        INSERT INTO run VALUES (1, 'a', 'm', 'revealed', '{}', 'd', 0, '[]', 0);
        INSERT INTO run VALUES (2, 'b', 'm', 'revealed', '{}', 'd', 0, '[]', 0);
        INSERT INTO trial SELECT id, 't0', 0, 0, '["warm", "blunt"]', 'k', NULL FROM run;
        INSERT INTO label VALUES (1, 'Ana', 't0', 'warm', 0);
        """,
    )
    assert number(path, "user_version") == 2
    with pytest.raises(StoreError, match="is of an older schema; any command that writes upgrades it"):
        Store(path, read_only=True)
    found = Preference(
        person="Ana", question="preferred", trial_a="t0", trial_b="t0", shown_left="b", chosen="b"
    )
    with Store(path) as store:
        store.people.put_preferences(1, 2, [found])
    with Store(path, read_only=True) as store:
        assert [p for p, _ in store.people.preferences(1, 2)] == [found]
        assert [*store.people.labels(1)] == [("t0", "Ana", "warm")]


def test_a_store_from_before_notes_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mien.db"
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:13])
        add_run(path)
    with Store(path) as store:
        store.people.star(1, "t0", "Ana", starred=True)
    assert number(path, "user_version") == len(schema.MIGRATIONS)
    with Store(path, read_only=True) as store:
        assert [note[:3] for note in store.people.notes(1)] == [("t0", "Ana", True)]


def test_a_new_store_goes_through_all_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ADD_COLUMN))
    add_run(tmp_path / "mien.db")
    assert number(tmp_path / "mien.db", "user_version") == len(schema.MIGRATIONS)


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mien.db"
    add_run(path)
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, HALF_BROKEN))
        with pytest.raises(StoreError, match="no such table: no_such_table") as caught:
            Store(path)
    assert path.read_bytes() == before
    # Nor is it locked by what the error still refers to.
    with Store(path, lock_timeout=0.0) as store:
        store.set_quirk("e", "m", "n", "v")
        assert [run.name for run in store.runs()] == ["r"]
    assert caught.value is not None


OPENER = """
import sys, time
from mien.store.store import Store
print("ready", flush=True)
time.sleep(max(0.0, float(sys.stdin.readline()) - time.time()))
Store(sys.argv[1]).close()
"""


def test_many_processes_may_make_one_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    command = [sys.executable, "-c", OPENER, str(path)]
    openers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    for opener in openers:
        assert opener.stdout
        assert opener.stdout.readline() == b"ready\n"
    start = f"{time.time() + 0.1}\n".encode()
    for opener in openers:
        assert opener.stdin
        opener.stdin.write(start)
        opener.stdin.flush()
    errors = [opener.communicate(timeout=LIMIT)[1].decode() for opener in openers]
    assert errors == [""] * 6
    assert number(path, "user_version") == len(schema.MIGRATIONS)


# -- media that cannot be written ----------------------------------------------------------------------------

UNPRIVILEGED = """
import os, sys
from mien.errors import StoreError
from mien.runs.run import Run
from mien.store.store import Store
from pathlib import Path
if os.getuid() == 0:
    os.setuid(65534)
path = Path(sys.argv[1])
try:
    if sys.argv[2] == "write":
        Store(path).close()
    with Store(path, read_only=True) as store:
        print([run.name for run in store.runs()])
except StoreError as error:
    print(error)
"""


@pytest.fixture
def medium() -> Iterator[Path]:
    """A folder that others may read and none but root may write, once it is closed by chmod."""
    if os.name != "posix":
        pytest.skip("permissions are those of POSIX")
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
        Path(folder).chmod(0o755)


def as_nobody(path: Path, action: str = "read", mode: int = 0o555) -> str:
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(mode)
    done = ended([sys.executable, "-c", UNPRIVILEGED, path, action])
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_store_can_be_read_where_nothing_can_be_written(medium: Path) -> None:
    path = medium / "mien.db"
    add_run(path, "kept")
    assert sorted(file.name for file in medium.iterdir()) == ["mien.db"]
    assert as_nobody(path) == "['kept']"
    assert sorted(file.name for file in medium.iterdir()) == ["mien.db"]


def test_a_store_cannot_be_written_where_nothing_can_be_written(medium: Path) -> None:
    path = medium / "mien.db"
    add_run(path)
    before = path.read_bytes()
    said = as_nobody(path, "write")
    assert str(path) in said
    assert "name another file with --store" in said
    assert path.read_bytes() == before


def test_rows_that_are_not_in_the_main_file_yet_are_not_passed_over(medium: Path, tmp_path: Path) -> None:
    origin, path = tmp_path / "mien.db", medium / "mien.db"
    Store(origin).close()
    with Store(origin) as holder:  # keeps the rows in the -wal file
        add_run(origin, "newest")
        path.write_bytes(origin.read_bytes())
        Path(f"{path}-wal").write_bytes(Path(f"{origin}-wal").read_bytes())
        assert [run.name for run in holder.runs()] == ["newest"]
    assert "its newest rows are in mien.db-wal; copy both" in as_nobody(path)


def test_a_folder_that_may_not_be_entered(medium: Path) -> None:
    path = medium / "mien.db"
    add_run(path)
    assert as_nobody(path, mode=0o600) == f"{path}: it may not be read; name another file with --store"


# -- statements ----------------------------------------------------------------------------------------------


def test_a_script_may_hold_triggers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = """
    -- a comment; with a semicolon
    CREATE TABLE gone (name TEXT);
    CREATE TRIGGER keep AFTER DELETE ON run BEGIN
        INSERT INTO gone VALUES (old.name);
    END;
    """
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, trigger))
    path = tmp_path / "mien.db"
    add_run(path, "short-lived")
    with Store(path) as store:
        store.delete_run("short-lived")
    db = sqlite3.connect(path)
    assert db.execute("SELECT name FROM gone").fetchall() == [("short-lived",)]
    db.close()


def test_a_transaction_is_undone_when_its_block_fails(tmp_path: Path) -> None:
    db = schema.connect(tmp_path / "mien.db", lock_timeout=1)
    with pytest.raises(KeyError), schema.transaction(db):
        db.execute("INSERT INTO quirk VALUES ('e', 'm', 'n', 'v')")
        raise KeyError
    assert db.execute("SELECT count(*) FROM quirk").fetchone() == (0,)
    assert not db.in_transaction
    with schema.transaction(db):
        db.execute("INSERT INTO quirk VALUES ('e', 'm', 'n', 'v')")
    assert db.execute("SELECT count(*) FROM quirk").fetchone() == (1,)
    db.close()
