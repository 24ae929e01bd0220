"""API keys never reach the store, exports, output or error messages, whatever a server repeats."""

from __future__ import annotations

import base64
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

import pandas as pd
import pytest

from mien.models.http.redaction import redact
from tests.end_to_end.recorded import Replies, Said, needs_cases, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.workplace import Result, Workplace

RIGHT, WRONG = "sk-test/right+7f3b9c1d5e", "sk-test/wrong+2a4c6e8f0b"
VARIABLE = "MIEN_API_KEY"


def values(store: Path) -> list[bytes]:
    """Every value that a store holds, bodies unpacked."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in db.execute(f"SELECT * FROM {table}")]
    cells = [value for row in rows for value in row]
    packed = [zlib.decompress(value) for value in cells if isinstance(value, bytes) and value]
    assert packed
    return packed + [str(value).encode() for value in cells if not isinstance(value, bytes)]


def look_for(key: str, place: Workplace, *results: Result) -> None:
    forms = [key.encode(), key.replace("/", r"\/").encode()]
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    texts = [path.read_bytes() for path in files]
    texts += [text.encode() for result in results for text in (result.out, result.err)]
    for path in files:
        if path.suffix == ".db":
            texts += values(path)
        if path.suffix == ".parquet":
            texts.append(pd.read_parquet(path).to_csv().encode())
    assert not [text for text in texts for form in forms if form in text]


@pytest.fixture
def guarded(place: Workplace) -> Workplace:
    place.server.configure(api_key=RIGHT, echo_key=True)
    return place


def test_right_key(guarded: Workplace) -> None:
    key = {VARIABLE: RIGHT}
    results = [
        guarded.mien(*guarded.study(), env=key),
        guarded.mien(*guarded.study("--dry-run"), env=key),
        guarded.mien("export", "run", env=key),
        guarded.mien("export", "run", "-o", "table.parquet", env=key),
        guarded.mien("runs", "run", "--json", env=key),
    ]
    assert guarded.server.counts().by_status == {200: 80}
    look_for(RIGHT, guarded, *results)


def test_wrong_key(guarded: Workplace) -> None:
    """The server repeats it in what it refuses: that is told and kept without the key."""
    refused = guarded.mien(*guarded.study(), env={VARIABLE: WRONG}, status=2)
    assert "HTTP 401: incorrect API key provided: [key]" in refused.err
    assert len(refused.err.splitlines()) == 1
    look_for(WRONG, guarded, refused)
    assert any(b"incorrect API key provided" in value for value in values(guarded.folder / "mien.db"))
    guarded.mien(*guarded.study(), env={VARIABLE: RIGHT})


PLUS = "Zm9vYmFyYmF6+cXV4cXV1eGNvcmdl+Z3JhdWx0=="
BODY = '{"error": {"message": "Access denied for key \'%s\'."}}'


@pytest.mark.parametrize(
    "body",
    [
        BODY % PLUS.replace("+", "\\u002B"),
        BODY % quote(PLUS, safe=""),
        BODY % base64.b64encode(f"Bearer {PLUS}".encode()).decode(),
        BODY % PLUS.encode().hex().upper(),
        pytest.param("key_echo_escaped", marks=needs_cases),
    ],
)
def test_key_that_comes_back_in_another_form(place: Workplace, body: str) -> None:
    said = recorded(body) if body == "key_echo_escaped" else Said(401, body)
    (place.folder / "two.txt").write_text("warm\nblunt\n")
    with Replies(model=lambda _: said) as server:
        refused = place.mien(*server.study(), env={VARIABLE: PLUS}, status=2)
        assert server.headers[0]["authorization"] == f"Bearer {PLUS}"
    assert "[key]" in refused.err
    kept = values(place.folder / "mien.db")
    assert any(b"[key]" in value for value in kept)
    for text in (refused.err, *(value.decode("latin-1") for value in kept)):
        assert redact(text, PLUS) == text


def test_key_in_an_address(place: Workplace) -> None:
    host = place.server.url.removeprefix("http://")
    for address in (f"http://user:{WRONG.replace('/', '-')}@{host}", f"http://{host}?key={WRONG}"):
        line = place.refused("measure", f"{address}#model", "--judge", place.server.judge)
        assert "give the key in MIEN_API_KEY" in line
        assert "wrong" not in line


def test_key_that_cannot_be_one(guarded: Workplace) -> None:
    line = guarded.refused(*guarded.study(), env={VARIABLE: f"{RIGHT} and more"})
    assert "the environment variable MIEN_API_KEY holds characters that no key has" in line
    assert RIGHT not in line
