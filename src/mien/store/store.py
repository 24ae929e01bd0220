"""One SQLite file: calls, runs, trials, verdicts, labels, preferences, prompts.

Calls are facts; everything else is a pure function of them. The file is in WAL mode, so that others may read
while a run writes. Any number of runs, in any number of processes, may share one file.
"""

from __future__ import annotations

import time
import zlib
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from mien.errors import StoreError, UnknownName
from mien.stats.design.shards import WHOLE, Shard
from mien.store.batches import Batches
from mien.store.counts import adapted_counts, failed_trials, failure_counts, trial_counts
from mien.store.evaluations import Evaluations
from mien.store.people import People
from mien.store.records import (
    INFO_COLUMNS,
    RUN_COLUMNS,
    AnswerRecord,
    JudgeRecord,
    RequestRecord,
    RunInfo,
    RunRecord,
    Said,
    TrialRecord,
    VerdictColumns,
    VerdictRecord,
)
from mien.store.schema import SAID, connect, connect_read_only, explained, transaction
from mien.store.writer import CALL_COLUMNS, RAW_COLUMNS, Writer
from mien.types import ALL_JUDGES, UNREADABLE, Call, Prompt, Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mien.store.counts import FailedTrials, TrialCounts
    from mien.store.writer import Item
    from mien.types import Verdict

LOCK_TIMEOUT = 60.0  # seconds to wait for another writer
VERDICTS_AT_A_TIME = 1 << 14
TRIALS_AT_A_TIME = 1 << 8

_encode = msgspec.json.encode
_decode_names = msgspec.json.Decoder(tuple[str, ...]).decode
_decode_logs = msgspec.json.Decoder(tuple[float, ...]).decode
_PUT_RUN = f"""
    INSERT INTO run ({", ".join(INFO_COLUMNS)}, created) VALUES ({"?, " * len(INFO_COLUMNS)}?)
    ON CONFLICT (name) DO UPDATE SET design = excluded.design
"""
_PUT_PROMPT = """
    INSERT INTO prompt (key, id, text, category, language, source) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING
"""
_PUT_TRIAL = """
    INSERT INTO trial (run, id, number, round, options, prompt) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING
"""
#: A run whose shards are all there is whole.
FORGET_SHARDS = """
    DELETE FROM shard WHERE run = ?1
    AND (SELECT max(trials) FROM shard WHERE run = ?1) <= (SELECT count(*) FROM trial WHERE run = ?1)
"""
# Which verdicts are read: a judge's, or by its stand-in all.
_READ_BY = ("v.judge = ?1", "?1 IS NOT NULL")


class Store:
    """An open store.

    Reading and the making of runs happen at once; calls, responses and verdicts go through a `Writer`.

    Args:
        path: the file; made if there is none, unless ``read_only``.
        read_only: open for reading alone, also from a medium that cannot be written.
        lock_timeout: seconds to wait for another process that writes.

    Raises:
        StoreError: the file is no store, is of a newer version, or cannot be opened; it is left untouched.
    """

    def __init__(
        self, path: str | Path, *, read_only: bool = False, lock_timeout: float = LOCK_TIMEOUT
    ) -> None:
        self.path = Path(path)
        with explained(self.path):
            self._db = (connect_read_only if read_only else connect)(self.path, lock_timeout=lock_timeout)
        self._read_only = read_only
        self._writer = Writer(self.path, lock_timeout=lock_timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is still in the queue and close the file.

        Raises:
            StoreError: it could not be written.
        """
        try:
            self.flush()
        finally:
            self._db.close()

    # -- calls, responses, verdicts --------------------------------------------------------------------------

    def call(self, key: str, *, raw: bool = False) -> Call | None:
        """The call of this key, also while it is being written; None where it was never made.

        It is without request and body, unless ``raw``.
        """
        if waiting := self._writer.waiting(key):
            return waiting
        columns = [c for c in CALL_COLUMNS if raw or c not in RAW_COLUMNS]
        rows = self._select(f"SELECT {', '.join(columns)} FROM call WHERE key = ?", key)
        if not rows:
            return None
        members: dict[str, Any] = dict(zip(columns, rows[0], strict=True))
        if raw:
            members.update((c, zlib.decompress(members[c])) for c in RAW_COLUMNS)
        return Call(**members)

    def put_call(self, call: Call) -> None:
        """Queue a call."""
        self._put(call)

    def put_response(self, run: int, trial: str, call: str) -> None:
        """Queue that a call holds the response to a trial."""
        self._put((call, run, trial))

    def put_said(self, run: int, trial: str, call: str) -> None:
        """Queue that a call holds what the user says in a trial, for a model wrote it."""
        self._put(Said(call, run, trial))

    def put_verdict(self, run: int, verdict: Verdict) -> None:
        """Queue a verdict; it takes the place of an earlier one of the same judge on the same trial."""
        self._put((run, verdict))

    def put_judge_failure(self, run: int, trial: str, judge: str, call: str) -> None:
        """Queue that a judge's call on a trial failed, so that there is no verdict."""
        self._put((run, trial, judge, call))

    def _put(self, item: Item) -> None:
        if self._read_only:
            raise StoreError(f"{self.path} is open for reading alone")
        self._writer.put(item)

    def flush(self) -> None:
        """Wait until all that was queued is written.

        Raises:
            StoreError: it could not be written.
        """
        self._writer.flush()

    def quirk(self, endpoint: str, model: str, name: str) -> str | None:
        """What was learnt about an endpoint's model, or None."""
        rows = self._select(
            "SELECT value FROM quirk WHERE endpoint = ? AND model = ? AND name = ?", endpoint, model, name
        )
        return rows[0][0] if rows else None

    def quirks(self, endpoint: str, model: str) -> dict[str, str]:
        """All that was learnt about an endpoint's model, by name."""
        rows = self._select("SELECT name, value FROM quirk WHERE endpoint = ? AND model = ?", endpoint, model)
        return dict(rows)

    def set_quirk(self, endpoint: str, model: str, name: str, value: str) -> None:
        """Remember something about an endpoint's model."""
        with explained(self.path):
            self._db.execute(
                "INSERT OR REPLACE INTO quirk VALUES (?, ?, ?, ?)", (endpoint, model, name, value)
            )

    @property
    def batches(self) -> Batches:
        """The batches of calls that are at providers, or on their way there."""
        return Batches(self._db, self.path)

    @property
    def people(self) -> People:
        """What people read in responses, and preferred."""
        return People(self._db, self.path)

    @property
    def evaluations(self) -> Evaluations:
        """What models were asked beside runs, and their answers."""
        return Evaluations(self._db, self.path, self._put)

    # -- runs ------------------------------------------------------------------------------------------------

    def runs(self) -> list[RunRecord]:
        """All runs, oldest first."""
        rows = self._select(f"SELECT {', '.join(RUN_COLUMNS)} FROM run ORDER BY id")
        return [RunRecord.read(row) for row in rows]

    def run(self, name: str) -> RunRecord:
        """The run of this name.

        Raises:
            UnknownName: there is none; the message names the nearest.
        """
        rows = self._select(f"SELECT {', '.join(RUN_COLUMNS)} FROM run WHERE name = ?", name)
        if not rows:
            raise UnknownName("run", name, [known for (known,) in self._select("SELECT name FROM run")])
        return RunRecord.read(rows[0])

    def add_run(
        self, info: RunInfo, trials: Iterable[Trial], *, shard: Shard = WHOLE, in_all: int = 0
    ) -> RunRecord:
        """Make a run with its trials; or give one that is there a longer design and the trials that it lacks.

        Whether an existing run may be taken further is for the caller to decide.

        Args:
            info: what the run is.
            trials: those of the shard, in order.
            shard: which of the run's trials they are.
            in_all: trials of all shards together.
        """
        with explained(self.path), transaction(self._db):
            there = self._select("SELECT 1 FROM run WHERE name = ?", info.name)
            self._db.execute(_PUT_RUN, (*info.row, time.time()))
            run = self.run(info.name)
            if not shard.whole and (not there or self.shards(run.id)):
                members = (run.id, shard.number, shard.of, in_all)
                self._db.execute("INSERT OR REPLACE INTO shard VALUES (?, ?, ?, ?)", members)
            self._add_trials(run.id, trials, shard)
            self._db.execute(FORGET_SHARDS, (run.id,))
        return run

    def _add_trials(self, run: int, trials: Iterable[Trial], shard: Shard) -> None:
        keys: dict[Prompt, str] = {}
        for number, trial in zip(count(shard.trial(0), shard.of), trials, strict=False):
            prompt = trial.prompt
            if prompt not in keys:
                keys[prompt] = blake2b(_encode((prompt.id, prompt.text)), digest_size=8).hexdigest()
                members = (prompt.id, prompt.text, prompt.category, prompt.language, prompt.source)
                self._db.execute(_PUT_PROMPT, (keys[prompt], *members))
            options = _encode(trial.options).decode()
            self._db.execute(_PUT_TRIAL, (run, trial.id, number, trial.round, options, keys[prompt]))

    def shards(self, run: int) -> list[Shard]:
        """The shards of a run that the store holds; none where it holds the whole run."""
        rows = self._select("SELECT number, of FROM shard WHERE run = ? ORDER BY number", run)
        return [Shard(number, of) for number, of in rows]

    def drop_unasked(self, run: int, *, beyond: int) -> None:
        """Take away the trials that nobody was asked and that come after the first so many of a run."""
        with explained(self.path), transaction(self._db):
            self._db.execute(
                "DELETE FROM trial WHERE run = ? AND number >= ? AND call IS NULL", (run, beyond)
            )

    def delete_run(self, name: str) -> None:
        """Delete a run with its trials, verdicts, labels and preferences. Calls stay: facts, and paid for."""
        with explained(self.path), transaction(self._db):
            run = self.run(name)
            self._db.execute("DELETE FROM judge WHERE run = ?", (run.id,))
            self._db.execute("DELETE FROM run WHERE id = ?", (run.id,))

    def drop_unanswered(self, runs: Iterable[int]) -> None:
        """Delete those of some runs to which nothing was answered, by whomever; the others stay."""
        with explained(self.path), transaction(self._db):
            for run in runs:
                if not self.count_responses(run):
                    self._db.execute("DELETE FROM judge WHERE run = ?", (run,))
                    self._db.execute("DELETE FROM run WHERE id = ?", (run,))

    def judges(self, run: int) -> list[JudgeRecord]:
        """A run's judges, the first first."""
        rows = self._select("SELECT name, model, settings FROM judge WHERE run = ? ORDER BY created", run)
        return [JudgeRecord(name=name, model=model, settings=settings) for name, model, settings in rows]

    def add_judge(self, run: int, *judges: JudgeRecord) -> None:
        """Add a judge to a run, or several in this order; nothing happens where it has one of the name."""
        now = time.time()
        rows = (
            (run, judge.name, judge.model, judge.settings, now + 1e-6 * place)  # the first comes first
            for place, judge in enumerate(judges)
        )
        with explained(self.path), transaction(self._db):
            self._db.executemany("INSERT OR IGNORE INTO judge VALUES (?, ?, ?, ?, ?)", rows)

    def count_trials(self, run: int) -> int:
        """Number of trials in a run's design."""
        return self._select("SELECT count(*) FROM trial WHERE run = ?", run)[0][0]

    def count_responses(self, run: int) -> int:
        """Number of trials with a response."""
        return self._select(
            "SELECT count(*) FROM trial t JOIN call c ON c.key = t.call WHERE t.run = ? AND c.text <> ''", run
        )[0][0]

    def count_verdicts(self, run: int, judge: str) -> int:
        """Number of a judge's verdicts, or of those of `ALL_JUDGES`."""
        by = _READ_BY[judge == ALL_JUDGES]
        return self._select(f"SELECT count(*) FROM verdict v WHERE {by} AND run = ?2", judge, run)[0][0]

    def count_cut_verdicts(self, run: int, judge: str) -> int:
        """Number of a judge's verdicts that are unreadable and rest on an answer that was cut off."""
        query = """
            SELECT count(*) FROM verdict v JOIN call c ON c.key = v.call
            WHERE v.run = ? AND v.judge = ? AND v.chosen = ? AND c.finish_reason = 'length'
            """
        return self._select(query, run, judge, UNREADABLE)[0][0]

    def rows(self, run: int, judge: str) -> Iterator[TrialRecord]:
        """All trials of a run in order of presentation, each with a judge's verdict where there is one.

        Under `ALL_JUDGES` a trial comes once for each of its verdicts. They are read some at a time: a query
        that is open between two steps of a loop would show whoever asks for a call the store as it was when
        the query began.
        """
        by = _READ_BY[judge == ALL_JUDGES]
        unread = f"""
            SELECT f.failure FROM judge_failure v JOIN call f ON f.key = v.call
            WHERE v.run = t.run AND v.trial = t.id AND {by} AND f.failure <> '' LIMIT 1
            """
        query = f"""
            SELECT t.id, t.round, t.options, p.id, {SAID}, p.category, p.language, p.source,
                   coalesce(t.call, ''), coalesce(c.text, ''), coalesce(c.failure, ''), coalesce(v.judge, ''),
                   coalesce(v.chosen, ''), CASE WHEN v.chosen IS NULL THEN ({unread}) END
            FROM trial t JOIN prompt p ON p.key = t.prompt LEFT JOIN call c ON c.key = t.call
                 LEFT JOIN call s ON s.key = t.said
                 LEFT JOIN verdict v ON v.run = t.run AND v.trial = t.id AND {by}
            WHERE t.run = ?2 AND t.number >= ?3 AND t.number < ?3 + {TRIALS_AT_A_TIME} ORDER BY t.number
            """
        last = self._select("SELECT coalesce(max(number), -1) FROM trial WHERE run = ?", run)[0][0]
        cursor = (
            row
            for first in range(0, last + 1, TRIALS_AT_A_TIME)
            for row in self._select(query, judge, run, first)
        )
        for trial, round_, options, *prompt, call, response, failure, reader, chosen, why in cursor:
            yield TrialRecord(
                trial=Trial(trial, round_, _decode_names(options), Prompt(*prompt)),
                call=call,
                response=response,
                failure=failure,
                judge=reader,
                chosen=chosen,
                judge_failure=why or "",
            )

    def answers(self, run: int, judge: str) -> Iterator[AnswerRecord]:
        """The answers of a run whose texts are known, each with a judge's verdict where there is one."""
        asked = "SELECT 1 FROM trial WHERE run = ? AND call IS NOT NULL LIMIT 1"
        if not self._select(asked, run):  # of an imported table, whose trials would be sorted for nothing
            return
        cursor = self._each(
            f"""
            SELECT t.options, {SAID}, c.text, c.finish_reason, coalesce(v.chosen, '')
            FROM trial t JOIN prompt p ON p.key = t.prompt JOIN call c ON c.key = t.call
                 LEFT JOIN call s ON s.key = t.said
                 LEFT JOIN verdict v ON v.run = t.run AND v.trial = t.id AND v.judge = ?
            WHERE t.run = ? AND c.failure = '' AND c.text <> '' ORDER BY t.number
            """,
            judge,
            run,
        )
        for options, *answer in cursor:
            yield AnswerRecord(_decode_names(options), *answer)

    def requests(self, run: int, judge: str, *, limit: int) -> Iterator[RequestRecord]:
        """Answered requests of a judge of a run, or of the run itself for an empty name; the latest first.

        Only those are there of which an endpoint has counted the tokens.
        """
        source = "verdict WHERE run = ? AND judge = ?" if judge else "trial WHERE run = ? AND '' = ?"
        cursor = self._each(
            f"""
            SELECT c.model, c.endpoint, c.tokens_in, c.request
            FROM call c WHERE c.key IN (SELECT call FROM {source})
                 AND c.failure = '' AND c.tokens_in > 0 AND (c.endpoint LIKE 'http%' OR c.endpoint = 'served')
            ORDER BY c.created DESC LIMIT ?
            """,
            run,
            judge,
            limit,
        )
        for model, endpoint, tokens, body in cursor:
            yield RequestRecord(model, endpoint, tokens, zlib.decompress(body))

    def verdicts(self, run: int, judge: str) -> Iterator[VerdictRecord]:
        """A judge's verdicts, in order of presentation; or those of `ALL_JUDGES`."""
        cursor = self._each(
            f"""
            SELECT t.options, v.chosen, t.prompt, t.id, v.judge
            FROM trial t
                 JOIN verdict v ON v.run = t.run AND v.trial = t.id AND {_READ_BY[judge == ALL_JUDGES]}
            WHERE t.run = ? ORDER BY t.number
            """,
            judge,
            run,
        )
        for options, *rest in cursor:
            yield VerdictRecord(_decode_names(options), *rest)

    def verdict_columns(self, run: int, judge: str) -> Iterator[VerdictColumns]:
        """What `verdicts` gives, as it is stored, column by column and many at a time.

        They come in the order of the tables, which is the fastest: judge by judge, and by the trials' ids.
        """
        query = f"""
            SELECT t.number, t.options, v.chosen, t.prompt, v.judge
            FROM verdict v CROSS JOIN trial t ON t.run = v.run AND t.id = v.trial
            WHERE v.run = ?2 AND {_READ_BY[judge == ALL_JUDGES]}
            """
        with explained(self.path):
            cursor = self._db.execute(query, (judge, run))
            while rows := cursor.fetchmany(VERDICTS_AT_A_TIME):
                yield VerdictColumns(*zip(*rows, strict=True))

    def soft_verdicts(self, run: int, judge: str) -> Iterator[tuple[int, tuple[float, ...]]]:
        """The trial's number and `Verdict.logs` of a judge's soft verdicts."""
        cursor = self._each(
            """
            SELECT t.number, v.logs FROM verdict v CROSS JOIN trial t ON t.run = v.run AND t.id = v.trial
            WHERE v.run = ? AND v.judge = ? AND v.logs <> ''
            """,
            run,
            judge,
        )
        for number, logs in cursor:
            yield number, _decode_logs(logs)

    def trials_read(self, run: int, judge: str) -> dict[str, str]:
        """Trials that a judge could read, each with the key of the response's call."""
        query = """
            SELECT t.id, t.call
            FROM trial t JOIN verdict v ON v.run = t.run AND v.trial = t.id AND v.judge = ?
            WHERE t.run = ? AND v.chosen <> ? AND t.call IS NOT NULL
            """
        return dict(self._each(query, judge, run, UNREADABLE))

    def orders(self, run: int, judge: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Id of the trial and the options as the judge was shown them, where that is known."""
        cursor = self._each("SELECT trial, shown FROM verdict WHERE run = ? AND judge = ?", run, judge)
        for trial, shown in cursor:
            if order := _decode_names(shown):
                yield trial, order

    def prompt_ids(self, run: int) -> dict[str, str]:
        """Ids of a run's prompts by their keys."""
        query = "SELECT DISTINCT p.key, p.id FROM trial t JOIN prompt p ON p.key = t.prompt WHERE t.run = ?"
        return dict(self._select(query, run))

    def prompts(self, run: int) -> dict[str, Prompt]:
        """A run's prompts by their keys."""
        query = """
            SELECT DISTINCT p.key, p.id, p.text, p.category, p.language, p.source
            FROM trial t JOIN prompt p ON p.key = t.prompt WHERE t.run = ?
            """
        return {key: Prompt(*members) for key, *members in self._select(query, run)}

    def failures(self, run: int) -> dict[str, int]:
        """Why trials of a run have no response: how many for each reason, most frequent first."""
        with explained(self.path):
            return failure_counts(self._db, run)

    def adapted(self, run: int) -> dict[str, int]:
        """In what calls of a run were sent otherwise than asked: how many for each way."""
        with explained(self.path):
            return adapted_counts(self._db, run)

    def failed_trials(self, run: int) -> list[FailedTrials]:
        """A run's failed trials by reason, the most frequent first, and by prompt."""
        with explained(self.path):
            return failed_trials(self._db, run)

    def trial_counts(self, run: int, judge: str) -> TrialCounts:
        """What became of a run's trials under a judge."""
        with explained(self.path):
            return trial_counts(self._db, run, judge)

    def _each(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        with explained(self.path):
            # Not `yield from`: it would close the cursor, which fails once the store is closed.
            for row in self._db.execute(query, values):  # noqa: UP028
                yield row

    def _select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return list(self._each(query, *values))
