"""Files that users bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.files import read_jsonl, read_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-order mark"])
def test_text_is_utf_8_with_or_without_a_mark(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(mark + "größer\r\n".encode())
    assert read_text(path) == "größer\n"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_text(tmp_path / "none.txt")
    assert str(caught.value) == f"{tmp_path / 'none.txt'}: no such file"


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("größer".encode("latin-1"))
    with pytest.raises(InputError, match=r"a\.txt: cannot be read as UTF-8 text"):
        read_text(path)


def test_a_folder_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_text(tmp_path)


def test_objects_carry_the_number_of_their_line() -> None:
    text = '{"a": 1}\n\n   \n{"b": "one\u2028line"}\n'
    assert list(read_jsonl(text, "x")) == [(1, {"a": 1}), (4, {"b": "one\u2028line"})]


def test_nan_is_nothing() -> None:
    assert list(read_jsonl('{"a": NaN, "b": 1}', "x")) == [(1, {"a": None, "b": 1})]


def test_half_a_character_is_refused_with_its_row() -> None:
    with pytest.raises(InputError, match=r"^x, row 2: holds half a character"):
        list(read_jsonl('{"a": 1}\n{"a": "\\ud83d"}', "x"))


@pytest.mark.parametrize("line", ['{"a": ', "[1]", "text", '{"a": 1} {"b": 2}'])
def test_a_line_that_is_no_object_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(InputError, match=r"^x\.jsonl, row 2: not a JSON object"):
        list(read_jsonl(f'{{"a": 1}}\n{line}\n', "x.jsonl"))
