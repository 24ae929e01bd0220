"""Names and texts from outside: they act in no terminal, no spreadsheet and no renderer."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest

from mien.store.store import Store
from tests.end_to_end.workplace import COMMAND, Workplace
from tests.listening import Server
from tests.processes import LIMIT
from tests.viewer.test_routes import hostile

if TYPE_CHECKING:
    from collections.abc import Iterator

ACTS = {"\x1b", "\x00", "\x07", "\x9b", "\u202e"}
ESC = "a\x1b[2Jb"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory, shared_server: object) -> Workplace:
    """A store of before names were held to what can be seen."""
    place = Workplace(tmp_path_factory.mktemp("old"), shared_server)  # type: ignore[arg-type]
    hostile(place.folder / "mien.db")
    return place


def test_names_that_cannot_be_seen_are_refused_with_their_place(place: Workplace) -> None:
    (place.folder / "odd.txt").write_text(f"warm\nblunt\n{ESC}\n")
    line = place.refused(*place.study("--traits", "odd.txt"))
    assert (
        line == "Error: odd.txt, line 3: the trait “a␛[2Jb” holds U+001B, which cannot be seen: take it out"
    )
    (place.folder / "odd.yaml").write_text('- warm\n- "dr\\u202ey"\n- blunt\n')
    assert "odd.yaml, line 2: the trait “dr\\u202ey” holds U+202E" in place.refused("traits", "odd.yaml")
    (place.folder / "odd.jsonl").write_text('{"text": "Hi"}\n' + json.dumps({"id": ESC, "text": "Ho"}) + "\n")
    assert "odd.jsonl, row 2: the id “a␛[2Jb”" in place.refused("prompts", "odd.jsonl")
    assert "the name of a run “a␛[2Jb”" in place.refused(*place.study(name=ESC))
    (place.folder / "odd.csv").write_text("option_1,option_2,chosen\nwarm,blunt,warm\nwa\x9brm,blunt,blunt\n")
    assert "odd.csv, row 2: the option_1 “wa\\u009brm”" in place.refused("import", "odd.csv", "--name", "odd")
    (place.folder / "fine.csv").write_text("option_1,option_2,chosen\nwarm,blunt,warm\n")
    assert "the name of a run “a␛[2Jb”" in place.refused("import", "fine.csv", "--name", ESC)
    assert not (place.folder / "mien.db").exists()
    place.mien("import", "fine.csv", "--name", "fine")
    judge = ("judge", "fine", "--judge", place.server.judge, "--as", ESC)
    assert "the name of a judge “a␛[2Jb”" in place.refused(*judge)
    assert place.server.counts().requests == 0


RUN = "r\x1bun"
SHOWING = (
    *(("runs",), ("runs", RUN), ("profile", RUN), ("diff", RUN, RUN), ("reliability", RUN)),
    *(("diff", RUN, RUN, "--markdown", "--fail-on", "any"), ("plot", "ranking", RUN, "-o", "a.svg")),
    *(("report", RUN, "--card"), ("profile", "r\x1bum"), ("profile", RUN, "--judge", ESC)),
)


@pytest.mark.parametrize(
    "arguments", SHOWING, ids=lambda arguments: " ".join(arguments[:3:2]).replace("\x1b", "ESC")
)
def test_names_of_older_stores_act_nowhere(old: Workplace, arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=old.folder,
        env=old.environment,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode in {0, 1, 2}
    said = (done.stdout + done.stderr).decode()
    assert "Traceback" not in said
    assert not ACTS & set(said)
    assert done.returncode < 2 or said.startswith("Error: ")


def test_json_is_exact_and_acts_nowhere(old: Workplace) -> None:
    out = old.mien("profile", RUN, "--json").out
    assert not ACTS & set(out)
    told = json.loads(out)
    assert told["run"] == RUN
    assert {"wa\x1b[31mrm", "dr\u202ey"} < {row["trait"] for row in told["traits"]}


def test_the_report_of_hostile_names_shows_them(old: Workplace) -> None:
    old.mien("report", RUN, "-o", "page")
    page = (old.folder / "page/index.html").read_text(encoding="utf-8")
    assert not ACTS & set(page)
    assert "wa␛[31mrm" in page
    assert all(path.stat().st_size for path in (old.folder / "page").rglob("*.svg"))


def test_an_export_on_a_terminal_acts_nowhere(old: Workplace) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "export", RUN], cwd=old.folder, env=old.environment, stdout=follower, stderr=follower
    )
    os.close(follower)
    shown = b""
    try:
        while part := os.read(leader, 65536):
            shown += part
    except OSError:  # how Linux tells that the other end is closed
        pass
    assert process.wait(timeout=LIMIT) == 0
    os.close(leader)
    assert not ACTS & set(shown.decode())
    assert "a␛[31mb" in shown.decode()
    # On its way into a file it is what it is.
    assert "a\x1b[31mb" in old.mien("export", RUN).out


def test_no_cell_of_an_export_is_a_formula_and_all_come_back(place: Workplace) -> None:
    formulas = ("=1+1", "+warm", "-cold", "@bold", "'=x", "plain")
    rows = [
        {
            "option_1": one,
            "option_2": other,
            "chosen": one,
            "prompt_id": f"-{n % 3}",
            "trial_id": f"={n}",
            "response": "=HYPERLINK(1)",
        }
        for n, (one, other) in enumerate((a, b) for a in formulas for b in formulas if a != b)
    ]
    (place.folder / "table.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    place.mien("import", "table.jsonl", "--name", "before")
    place.mien("export", "before", "-o", "safe.csv")
    with (place.folder / "safe.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert "''=x" in cells
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r") and cell]
    place.mien("import", "safe.csv", "--name", "after")
    place.mien("export", "after", "-o", "after.jsonl")
    place.mien("export", "before", "-o", "before.jsonl")
    lines = [(place.folder / name).read_text().splitlines() for name in ("before.jsonl", "after.jsonl")]
    assert lines[0] == lines[1]
    assert json.loads(lines[0][0])["response"] == "=HYPERLINK(1)"
    place.mien("export", "before", "-o", "raw.csv", "--raw")
    assert "=HYPERLINK(1)" in (place.folder / "raw.csv").read_text()
    assert "'" not in (place.folder / "raw.csv").read_text().replace("'=x", "")


class Refusing(BaseHTTPRequestHandler):
    """Refuses every request but the first, in words that would act on a terminal."""

    answered = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"error": {"message": "\x1b[2Jno \x9b5n \u202eend \x07"}}).encode()
        if first := not type(self).answered:  # without an answer, no run would be kept
            type(self).answered = True
            body = json.dumps(
                {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
            ).encode()
        self.send_response(200 if first else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def refusing() -> Iterator[str]:
    Refusing.answered = False
    with Server(Refusing) as server:
        yield f"{server.url}/v1#m"


def test_what_an_endpoint_says_acts_nowhere(place: Workplace) -> None:
    with refusing() as model:
        told = place.mien("measure", model, *place.study()[2:], status=3).err
        assert "HTTP 401: " in told
        assert not ACTS & set(told.replace("\n", ""))
    with Store(place.folder / "mien.db") as store:
        assert store.runs()
    for arguments in (
        ("runs", "run"),
        ("runs", "run", "--failures"),
        ("runs", "run", "--failures", "--json"),
    ):
        assert not ACTS & set(place.mien(*arguments).out)
