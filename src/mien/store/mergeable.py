"""Whether stores may be merged: what must be alike in them, and what must not be missing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import msgspec

from mien.errors import InputError, UsageError
from mien.formatting import counted
from mien.store.machines import MACHINE, is_local
from mien.store.records import RUN_COLUMNS, RunRecord
from mien.store.schema import connect_read_only, explained

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_LOCK_TIMEOUT = 60.0
_MOST_DIFFERENCES = 4  # that are told

# A call of each run, and of each of its judges.
_ONE_CALL_EACH = """
    SELECT (SELECT call FROM trial WHERE run = r.id AND call IS NOT NULL LIMIT 1) FROM run r
    UNION SELECT (SELECT call FROM verdict v WHERE v.run = j.run AND v.judge = j.name LIMIT 1) FROM judge j
"""

# What two runs of one name must have alike; of the design all but its number of rounds.
_ALIKE = ("model", "instrument", "protocol", "seed", "traits", "pressure", "turn")

# What two evaluations of one name must have alike.
_EVALUATION = ("kind", "model", "judge", "settings")


@dataclass(slots=True)
class _Seen:
    """A run as the files before have it.

    Attributes:
        of: into how many shards it is dealt out; 0 for not at all.
        shards: those that are there.
        rounds: of the longest design.
        whole: rounds of the longest design that a file has in full.
    """

    path: Path
    run: RunRecord
    judges: dict[str, tuple[Path, str, str]] = field(default_factory=dict[str, "tuple[Path, str, str]"])
    of: int = 0
    shards: set[int] = field(default_factory=set[int])
    rounds: int = 0
    whole: int = -1


def require_mergeable(paths: Sequence[Path], *, partial: bool, same_servers: bool) -> None:
    """Refuse stores that cannot be merged.

    Args:
        paths: the stores, the merged one first.
        partial: whether shards, and what batches at providers will bring, may be missing.
        same_servers: whether one address of this machine means one server, wherever it was asked.

    Raises:
        InputError: a run, or a judge of it, is another one; the message names file and field.
        UsageError: shards are missing, batches are not collected, or one address of this machine was asked
            on several.
        StoreError: a file is no store of this version.
    """
    seen: dict[str, _Seen] = {}
    asked: dict[tuple[str, str], tuple[Path, set[str]]] = {}
    named: dict[tuple[str, str], tuple[Path, str]] = {}
    registered: dict[str, tuple[Path, str]] = {}
    evaluated: dict[str, tuple[Path, tuple[str, ...]]] = {}
    for path in paths:
        with explained(path), closing(connect_read_only(path, lock_timeout=_LOCK_TIMEOUT)) as db:
            for run, judges, shards in _runs(db):
                known = seen.setdefault(run.name, _Seen(path, run))
                _require_same_run(known, path, run)
                _require_same_judges(known, path, run, judges)
                _note_shards(known, path, run, shards)
            _require_same_fingerprints(named, path, db)
            _require_same_registrations(registered, path, db)
            _require_same_evaluations(evaluated, path, db)
            if not partial:
                _require_all_collected(path, db)
            if not same_servers:
                _require_same_servers(asked, path, _servers(db))
    if not partial:
        for known in seen.values():
            _require_all_shards(known)


def _runs(
    db: sqlite3.Connection,
) -> Iterator[tuple[RunRecord, list[tuple[str, str, str]], list[tuple[int, int]]]]:
    """A store's runs with their judges (name, model, settings) and their shards (number, of)."""
    for row in db.execute(f"SELECT {', '.join(RUN_COLUMNS)} FROM run ORDER BY id").fetchall():
        run = RunRecord.read(row)
        judges = db.execute("SELECT name, model, settings FROM judge WHERE run = ?", (run.id,)).fetchall()
        shards = db.execute("SELECT number, of FROM shard WHERE run = ?", (run.id,)).fetchall()
        yield run, judges, shards


def _require_same_run(known: _Seen, path: Path, run: RunRecord) -> None:
    first = known.run
    for name in _ALIKE:
        if getattr(first, name) != getattr(run, name):
            told = _difference(getattr(first, name), getattr(run, name))
            raise _another(path, f"run {run.name!r}, {name}", known.path, told)
    if _content(first) != _content(run):
        where = f"run {run.name!r}, design (traits, prompts, options or seed)"
        raise _another(path, where, known.path, f"{first.design!r} and {run.design!r}")


def _require_same_judges(
    known: _Seen, path: Path, run: RunRecord, judges: Sequence[tuple[str, str, str]]
) -> None:
    for name, model, settings in judges:
        where = f"run {run.name!r}, judge {name!r}"
        earlier, its_model, its_settings = known.judges.setdefault(name, (path, model, settings))
        if model != its_model:
            raise _another(path, f"{where}, model", earlier, _difference(its_model, model))
        if settings != its_settings:
            raise _another(path, f"{where}, settings", earlier, _difference(its_settings, settings))


def _note_shards(known: _Seen, path: Path, run: RunRecord, shards: Sequence[tuple[int, int]]) -> None:
    rounds = _rounds(run)
    known.rounds = max(known.rounds, rounds)
    if not shards:
        known.whole = max(known.whole, rounds)
    for number, of in shards:
        if known.of and known.of != of:
            where = f"run {run.name!r}, shard"
            raise _another(path, where, known.path, f"one of {known.of} and {number} of {of}")
        known.of = of
        known.shards.add(number)


def _require_all_collected(path: Path, db: sqlite3.Connection) -> None:
    """Batches stay in the store that sent them: in another, what they hold would be asked for once more."""
    if n := db.execute("SELECT count(*) FROM batch WHERE state <> 'collected'").fetchone()[0]:
        raise InputError(
            f"{counted(n, 'batch')} not collected: mien batches --collect --store {path.name}, or merge "
            "without what they will bring by --partial",
            source=path,
        )


def _require_all_shards(known: _Seen) -> None:
    missing = sorted(set(range(1, known.of + 1)) - known.shards)
    if missing and known.whole < known.rounds:
        told = ", ".join(f"{number}/{known.of}" for number in missing[:_MOST_DIFFERENCES])
        more = f" and {len(missing) - _MOST_DIFFERENCES:,} more" * (len(missing) > _MOST_DIFFERENCES)
        raise UsageError(
            f"of run {known.run.name!r} the shard {told}{more} is missing: name its store, too, or merge "
            "what there is with --partial"
        )


def _servers(db: sqlite3.Connection) -> dict[tuple[str, str], set[str]]:
    """Addresses that lead to whoever asks, with the models there; each with the machines known to ask."""
    found: dict[tuple[str, str], set[str]] = {}
    for (key,) in db.execute(_ONE_CALL_EACH).fetchall():
        for server in db.execute("SELECT endpoint, model FROM call WHERE key = ?", (key,)).fetchall():
            if is_local(server[0]):
                names = db.execute("SELECT name FROM quirk WHERE endpoint = ? AND model = ?", server)
                found[server] = {name for (name,) in names if name.startswith(MACHINE)}
    return found


def _require_same_servers(
    asked: dict[tuple[str, str], tuple[Path, set[str]]],
    path: Path,
    servers: dict[tuple[str, str], set[str]],
) -> None:
    for server, machines in servers.items():
        earlier, known = asked.setdefault(server, (path, machines))
        if earlier != path and not (len(machines | known) == 1 and machines == known):
            address, model = server
            told = "was asked on other machines" if machines and known else "may have been asked elsewhere"
            raise InputError(
                f"{model!r} at {address} {told} than in {earlier}, and whether it was the same model cannot "
                "be told. If it was, give --same-servers; name such a model and its servers by --served-by, "
                "and there is no doubt",
                source=path,
            )


def _require_same_fingerprints(
    named: dict[tuple[str, str], tuple[Path, str]], path: Path, db: sqlite3.Connection
) -> None:
    """Refuse two models that go by one name: what their servers told of them is kept as a quirk."""
    query = "SELECT endpoint, model, value FROM quirk WHERE name = 'fingerprint'"
    for endpoint, model, told in db.execute(query).fetchall():
        earlier, known = named.setdefault((endpoint, model), (path, told))
        if told != known:
            raise _another(path, f"model {model!r}", earlier, _difference(known, told))


def _require_same_registrations(
    registered: dict[str, tuple[Path, str]], path: Path, db: sqlite3.Connection
) -> None:
    for study, digest in db.execute("SELECT study, digest FROM registration").fetchall():
        earlier, known = registered.setdefault(study, (path, digest))
        if digest != known:
            raise _another(path, f"registration of study {study!r}", earlier, _difference(known, digest))


def _require_same_evaluations(
    evaluated: dict[str, tuple[Path, tuple[str, ...]]], path: Path, db: sqlite3.Connection
) -> None:
    for name, *members in db.execute(f"SELECT name, {', '.join(_EVALUATION)} FROM evaluation").fetchall():
        earlier, known = evaluated.setdefault(name, (path, tuple(members)))
        for what, first, second in zip(_EVALUATION, known, members, strict=True):
            if first != second:
                raise _another(path, f"evaluation {name!r}, {what}", earlier, _difference(first, second))


def _content(run: RunRecord) -> str:
    return run.design.rpartition("-")[0]


def _rounds(run: RunRecord) -> int:
    rounds = run.design.rpartition("-")[2]
    return int(rounds) if rounds.isdigit() else 0


def _another(path: Path, where: str, earlier: Path, told: str) -> InputError:
    return InputError(
        f"is another one than in {earlier} ({told}): they are not of one measurement, and in a store a name "
        "stands for one",
        source=path,
        where=where,
    )


def _difference(first: object, second: object) -> str:
    """In what two values differ: of JSON objects the members, of others the values."""
    one, other = _members(first), _members(second)
    if one is None or other is None:
        return f"{_short(first)} and {_short(second)}"
    names = [name for name in sorted(one | other) if one.get(name) != other.get(name)]
    told = [f"{name}: {_short(one.get(name))} and {_short(other.get(name))}" for name in names]
    return "; ".join([*told[:_MOST_DIFFERENCES], *["…"] * (len(told) > _MOST_DIFFERENCES)])


def _members(value: object) -> dict[str, Any] | None:
    """The leaves of a JSON object by their path; None where it is none."""
    try:
        decoded = msgspec.json.decode(value, type=dict[str, Any]) if isinstance(value, str) else None
    except msgspec.DecodeError:  # ValidationError is one
        return None
    return None if decoded is None else dict(_leaves(decoded, ""))


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield name, value
        return
    for key, member in cast("dict[str, Any]", value).items():
        yield from _leaves(member, f"{name}.{key}" if name else key)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
