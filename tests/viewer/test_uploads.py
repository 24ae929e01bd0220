"""Tables as spreadsheets save them, taken in through the browser."""

from __future__ import annotations

import gzip

import pytest

from mien.errors import InputError
from mien.viewer import uploads

ROWS = [{"trial": "t0", "person": "Ana", "chosen": "=warm"}, {"trial": "t1", "person": "", "chosen": "wry"}]
SEMICOLONS = "trial;person;chosen\r\n t0 ;Ana;'=warm\r\nt1;;wry\r\n"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (SEMICOLONS.encode(), "l.csv"),
        (SEMICOLONS.encode("utf-8-sig"), "L.CSV"),
        (SEMICOLONS.encode("utf-16"), "l.csv"),
        (SEMICOLONS.replace(";", "\t").encode("utf-16-le"), "l.txt.tsv"),
        (SEMICOLONS.replace(";", "\t").encode(), "l.csv"),
        (gzip.compress(SEMICOLONS.replace(";", ",").encode(), mtime=0), "l.csv.gz"),
        (b'{"trial": "t0", "person": "Ana", "chosen": "=warm"}\n{"trial": "t1", "chosen": "wry"}', "l.jsonl"),
        (
            b'[{"trial": "t0", "person": "Ana", "chosen": "=warm"},{"trial": "t1", "chosen": "wry"}]',
            "l.json",
        ),
    ],
)
def test_a_table_is_read_as_it_was_saved(content: bytes, name: str) -> None:
    found = [*uploads.rows(content, name, needed=("trial", "person", "chosen"), what="labels")]
    assert found == [*enumerate(ROWS, 1)]


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        (b"trial,person\nt0,Ana", "l.csv", "l.csv: lacks the column chosen"),
        (b"trial,person,chosen\n", "l.csv", "l.csv: holds no labels"),
        (b" ", "l.csv", "l.csv: is empty"),
        ("t\u00e4".encode("latin-1"), "l.csv", "l.csv: cannot be read as UTF-8 text: byte 0xe4 on line 1"),
        (b"x", "l.xlsx", "l.xlsx: unknown format; labels come as .csv, .jsonl, .json, .tsv"),
        (b"x", "l.csv.gz", "l.csv.gz: cannot be unpacked"),
    ],
)
def test_what_cannot_be_read_is_told(content: bytes, name: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        [*uploads.rows(content, name, needed=("trial", "person", "chosen"), what="labels")]
    assert str(caught.value).startswith(problem)
