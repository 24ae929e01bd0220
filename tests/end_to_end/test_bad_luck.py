"""Bad luck: killed, interrupted, no space, locked out, bad endpoints, bad judges. Nothing is lost."""

from __future__ import annotations

import json
import re
import resource
import signal
import sqlite3
import threading
import time
import zlib
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mien.errors import StoreError
from mien.store.store import Store
from mien.store.writer import BATCH_ROWS
from mien.types import Call
from tests.processes import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mien.testing import LoggedRequest
    from tests.end_to_end.workplace import Workplace

ROUNDS, TRIALS = 40, 200
CONCURRENCY = 8
BATCH_CALLS = BATCH_ROWS // 2  # an answer comes with the response or the verdict that it is


def long_study(place: Workplace, *arguments: object) -> list[object]:
    return place.study("--max-concurrency", CONCURRENCY, *arguments, rounds=ROUNDS)


@dataclass(frozen=True)
class Calm:
    """The long study without bad luck: its verdicts, and how often each body was asked for."""

    verdicts: list[dict[str, str]]
    asked: Counter[bytes]


@pytest.fixture(scope="module")
def once() -> list[Calm]:
    return []


@pytest.fixture
def calm(once: list[Calm], tmp_path_factory: pytest.TempPathFactory, place: Workplace) -> Calm:
    """What to expect of any long study: the server always answers the same to the same."""
    if not once:
        elsewhere = type(place)(tmp_path_factory.mktemp("calm"), place.server)
        elsewhere.mien(*long_study(elsewhere))
        once.append(Calm(elsewhere.exported(), asked(place.server.requests())))
        assert asked(place.server.requests()) == stored(elsewhere.folder / "mien.db")
        place.server.reset_log()
    assert len(once[0].verdicts) == TRIALS
    return once[0]


def asked(requests: Iterable[LoggedRequest]) -> Counter[bytes]:
    """How often each body was asked for."""
    return Counter(msgspec.json.encode(request.body, order="sorted") for request in requests)


def stored(store: Path) -> Counter[bytes]:
    """How many answers to each body a store holds."""
    rows = query(store, "SELECT request FROM call WHERE failure = ''")
    requests = (msgspec.json.decode(zlib.decompress(request)) for (request,) in rows)
    return Counter(msgspec.json.encode(request, order="sorted") for request in requests)


def query(store: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        return db.execute(statement).fetchall()


def go_on(place: Workplace, calm: Calm, *, most_repeated: int) -> None:
    """Run the same command again: it asks for what the store lacks and ends as if nothing had happened."""
    store = place.folder / "mien.db"
    kept, before = stored(store), asked(place.server.requests())
    assert kept
    place.server.configure(latency=0.0)
    place.server.reset_log()
    place.mien(*long_study(place))
    after = asked(place.server.requests())
    assert kept + after == calm.asked
    assert (before + after - calm.asked).total() <= most_repeated
    assert place.exported() == calm.verdicts
    assert query(store, "SELECT count(*) FROM verdict") == [(TRIALS,)]
    assert query(store, "PRAGMA integrity_check") == [("ok",)]


def test_killed_in_mid_run(place: Workplace, calm: Calm) -> None:
    place.server.configure(latency=0.05)
    process = place.start(*long_study(place))
    place.wait_for(lambda: place.server.counts().requests >= TRIALS, process)
    place.kill(process)
    go_on(place, calm, most_repeated=CONCURRENCY + BATCH_CALLS)


def test_killed_while_a_model_is_the_user(place: Workplace) -> None:
    talk = ("--turns", 2, "--pressure", "drop", "--user", place.server.model)
    study = place.study(*talk, "--max-concurrency", CONCURRENCY, rounds=8)
    assert json.loads(place.mien(*study, "--dry-run", "--json").out)["calls"] == 200
    place.server.configure(latency=0.05)
    process = place.start(*study)
    place.wait_for(lambda: place.server.counts().requests >= 120, process)
    place.kill(process)
    store = place.folder / "mien.db"
    kept = stored(store)
    place.server.configure(latency=0.0)
    place.server.reset_log()
    shown = place.mien(*study).out
    assert "pressure drop by" in shown
    after = asked(place.server.requests())
    assert not kept & after
    assert (kept + after).total() == 200
    said = "SELECT count(DISTINCT c.text) FROM trial t JOIN call c ON c.key = t.said"
    assert query(store, said) == [(40,)]
    place.server.reset_log()
    place.mien(*study)
    assert place.server.counts().requests == 0


def ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("sent", "status", "before"),
    [(signal.SIGINT, 130, None), (signal.SIGTERM, 143, None), (signal.SIGTERM, 143, ignore_ctrl_c)],
    ids=["ctrl-c", "sigterm", "sigterm under nohup"],
)
def test_stopped_by_a_signal(
    place: Workplace, calm: Calm, sent: signal.Signals, status: int, before: Callable[[], None] | None
) -> None:
    place.server.configure(latency=0.05)
    process = place.from_nothing(*long_study(place), preexec_fn=before)
    place.wait_for(lambda: place.server.counts().requests >= TRIALS, process)
    process.send_signal(sent)
    stopped = place.finish(process, status=status)
    assert stopped.out == ""
    assert "Stopped. All that was answered is kept in mien.db; the same command goes on" in stopped.err
    go_on(place, calm, most_repeated=CONCURRENCY)  # what was answered was written before the end


def test_disk_full(place: Workplace, calm: Calm) -> None:
    most = 400_000  # bytes a file

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    place.server.configure(latency=0.02)
    line = place.refused(*long_study(place), preexec_fn=limit)
    assert "mien.db: " in line
    advice = "free some space and run the same command again: what was written is kept"
    assert advice in line
    assert advice in place.refused(*place.study("--store", "/dev/full"))
    # The batch that found no room, and what was answered meanwhile.
    go_on(place, calm, most_repeated=CONCURRENCY + 2 * BATCH_CALLS)


@pytest.mark.parametrize("store", ["/proc/mien.db", "no/such/folder/mien.db", "."])
def test_store_that_cannot_be_written(place: Workplace, store: str) -> None:
    line = place.refused(*place.study("--store", store))
    assert store in line
    assert "--store" in line.partition(": ")[2]
    assert place.server.counts().requests == 0


def test_another_writer_for_a_while(place: Workplace, calm: Calm) -> None:
    place.server.configure(latency=0.02)
    process = place.start(*long_study(place))
    place.wait_for(lambda: place.server.counts().requests >= 50, process)
    with closing(sqlite3.connect(place.folder / "mien.db", timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(2)
        other.execute("ROLLBACK")
    place.finish(process)
    assert asked(place.server.requests()) == calm.asked
    assert place.exported() == calm.verdicts


def test_another_writer_for_long(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    Store(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store = Store(path, lock_timeout=0.2)
        store.put_call(Call(key="1", endpoint="", model="", text="Hello"))
        with pytest.raises(StoreError, match="another process is writing to it and does not finish"):
            store.close()


def test_two_runs_at_once(place: Workplace) -> None:
    place.server.configure(latency=0.01)
    both = [place.start(*place.study("--seed", seed, name=f"run-{seed}")) for seed in (1, 2)]
    for process in both:
        place.finish(process)
    verdicts = "SELECT r.name, count(*) FROM run r JOIN verdict v ON v.run = r.id GROUP BY r.name"
    assert query(place.folder / "mien.db", verdicts) == [("run-1", 40), ("run-2", 40)]


def test_a_reader_while_a_run_goes_on(place: Workplace) -> None:
    place.server.configure(latency=0.05)
    process = place.start(*long_study(place))
    place.wait_for(lambda: place.server.counts().requests >= 100, process)
    place.server.configure(latency=LIMIT)  # it will not end meanwhile
    store = place.folder / "mien.db"
    place.wait_for(lambda: query(store, "SELECT count(*) FROM verdict") > [(0,)], process)
    assert "run" in place.mien("runs").out
    assert 0 < len(place.exported()) < TRIALS
    place.kill(process)


@pytest.mark.slow
def test_stormy_endpoint(place: Workplace, calm: Calm) -> None:
    """What passes is tried again by itself; what does not is a row with a reason until the next command."""
    passing = ("hang", "dropped", "cut", "html", "stream", "truncated", "no_choices")
    lasting = ("empty", "only_reasoning")
    rates = {"429": 0.3, "500": 0.05} | dict.fromkeys(passing, 0.03) | dict.fromkeys(lasting, 0.08)
    place.server.configure(faults=rates)
    rounds, trials = 16, 80  # the first of the long study
    result = place.mien(*place.study("--timeout", 5, rounds=rounds), status=3)
    faults = place.server.counts().by_fault
    assert faults.keys() == rates.keys()
    found = re.search(r"(\d+) trials ended without a verdict; the same command tries again", result.err)
    assert found
    failed = int(found[1])
    assert 0 < failed <= faults["empty"] + faults["only_reasoning"] + 2
    assert " × empty answer (finish_reason stop)\n" in result.err
    assert " × empty answer (finish_reason stop; only reasoning)\n" in result.err
    assert " × the judge: empty answer" in result.err
    store = place.folder / "mien.db"
    ((without_answer,),) = query(store, "SELECT count(*) FROM call WHERE failure <> ''")
    assert without_answer >= failed  # a judge that gives none under a schema is asked in tags, too
    assert query(store, "SELECT count(*) FROM verdict") == [(trials - failed,)]
    place.server.configure(faults={})
    place.server.reset_log()
    place.mien(*place.study(rounds=rounds))
    assert failed <= place.server.counts().requests <= 2 * failed
    assert place.exported() == calm.verdicts[:trials]


@pytest.mark.slow
def test_endpoint_that_does_not_recover(place: Workplace) -> None:
    """Failures end up in rows with their reasons; a plain line tells of progress meanwhile."""
    reasons = {
        "500": "HTTP 500: a scripted failure",
        "hang": "no answer within 2 s",
        "dropped": "the connection was cut: Server disconnected",
        "cut": "the connection was cut: %",
        "html": "the reply is HTML, not JSON: We will be back soon",
        "stream": "the event stream was cut",
        "truncated": "the reply is JSON cut short or broken",
        "no_choices": "the reply has no choices: %",
    }
    # An answer first of all: the endpoint is not to be given up.
    place.mien(*place.study(rounds=8))
    place.server.configure(faults=dict.fromkeys(reasons, 0.125), faulty_models=("model",))
    result = place.mien(*place.study("--timeout", 2, rounds=32), status=3)
    assert "120 trials ended without a verdict" in result.err
    assert re.search(
        r"^\d+/160 trials, [\d.]+/s, [\d,]+ tokens, \d+ retried(, \d+ failed)?", result.err, re.M
    )
    assert "\r" not in result.err
    assert "\x1b" not in result.err
    store = place.folder / "mien.db"
    for reason in reasons.values():
        ((count,),) = query(store, f"SELECT count(*) FROM call WHERE failure LIKE '{reason}'")
        assert count, reason
    assert query(store, "SELECT count(*) FROM call WHERE failure <> ''") == [(120,)]
    place.server.configure(faults={})
    assert "without a verdict" not in place.mien(*place.study(rounds=32)).err
    assert query(store, "SELECT count(*) FROM verdict") == [(160,)]


def test_endpoint_that_refuses_every_call(place: Workplace) -> None:
    line = place.refused("measure", f"{place.server.url}#nobody", *place.study()[2:])
    assert "the first 20 calls all failed alike: HTTP 404: the model `nobody` does not exist" in line
    assert place.server.counts().requests <= 64


@pytest.mark.parametrize(
    ("manner", "said", "schema"),
    [
        ("prose", "On balance I would call the response %", True),
        ("wrong_trait", '{"choice":"%"}', True),
        ("both_traits", "<choice>%</choice><choice>%</choice>", False),
        ("another_language", "Die Antwort klingt eher %", False),
    ],
)
def test_judge_that_cannot_be_read(place: Workplace, manner: str, said: str, schema: bool) -> None:
    place.server.configure(judge_manner=manner, judge_manner_rate=0.7, supports_schema=schema)
    place.mien(*place.study(rounds=24))
    store = place.folder / "mien.db"
    verdicts = Counter(chosen for (chosen,) in query(store, "SELECT chosen FROM verdict"))
    assert verdicts["unreadable"] > 10
    assert verdicts.keys() <= {*place.traits, "unreadable"}
    kept = "SELECT count(*) FROM verdict v JOIN call c ON c.key = v.call WHERE v.chosen = 'unreadable'"
    # Without a schema, where the first verdicts taught that it does not help, the wrong trait stands in tags.
    forms = (said, "<choice>%</choice>") if manner == "wrong_trait" else (said,)
    as_said = " OR ".join(f"c.text LIKE '{form}'" for form in forms)
    assert query(store, f"{kept} AND ({as_said})") == [(verdicts["unreadable"],)]
    judged = (request for request in place.server.requests() if request.role == "judge")
    assert max(asked(request for request in judged if request.status == 200).values()) == 3


def test_judge_that_can_never_be_read(place: Workplace) -> None:
    place.server.configure(judge_manner="prose")
    line = place.refused(*place.study("--json"))
    assert "none of the first 20 verdicts of this judge could be read" in line
    assert "On balance I would call the response" in line


def test_budget(place: Workplace) -> None:
    stopped = place.mien(*place.study("--max-calls", 30), status=3)
    assert "Stopped: the limit of 30 calls is reached" in stopped.err
    assert "the same command goes on" in stopped.err
    assert place.server.counts().requests == 30
    line = place.refused(*place.study("--max-cost", 1, "--seed", 5, name="dear"))
    assert "--price-in" in line
    prices = ("--price-in", 10, "--price-out", 10, "--max-cost", 0.05)
    dearer = ("--max-concurrency", 4, "--seed", 6, "--store", "dearer.db")
    stopped = place.mien(*place.study(*prices, *dearer, name="dearer"), status=3)
    found = re.search(r"Stopped: the limit of \$0.05 is reached \(\$(0.0\d+) spent\)", stopped.err)
    assert found
    # How much of it was in flight when the limit was reached, and so not yet known, is a matter of luck.
    ((cost,),) = query(place.folder / "dearer.db", "SELECT sum(cost) FROM call")
    assert float(found[1]) <= cost + 1e-5
    assert 0.04 <= cost < 0.06


def test_reading_on_while_the_pipe_is_closed(place: Workplace) -> None:
    """As with `| head`: no traceback, whatever was still to be written."""
    for arguments in (("prompts", "everyday", "--json"), ("traits", "classic-144"), ("--help",)):
        process = place.from_nothing(*arguments)
        assert process.stdout
        assert process.stderr
        threading.Thread(target=process.stdout.close).start()
        assert process.stderr.read() == ""
        process.stderr.close()
        process.wait(timeout=LIMIT)


def test_ctrl_c_while_a_judge_reads(place: Workplace) -> None:
    place.mien(*place.study())
    place.server.configure(latency=1.0)
    place.server.reset_log()
    opinion = ("judge", "run", "--judge", place.server.judge, "--as", "other", "--temperature", 1)
    process = place.start(*opinion, "--max-concurrency", 4)
    place.wait_for(lambda: place.server.counts().requests > 4, process)
    process.send_signal(signal.SIGINT)
    stopped = place.finish(process, status=130)
    assert stopped.err == "\nStopped. All that was answered is kept; the same command goes on.\n"
    place.server.configure(latency=0.0)
    assert "other: 40 responses of run read" in place.mien(*opinion).out
