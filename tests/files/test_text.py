"""What a file's bytes say."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from mien.errors import InputError
from mien.files.text import decoded, format_of, read_bytes, read_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_text_is_read_in_any_unicode_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("größer, and more\r\n".encode(encoding))
    assert read_text(tmp_path / "a.txt") == "größer, and more\n"


def test_an_encoding_other_than_utf_8_is_told() -> None:
    assert decoded("hello".encode("utf-16"), "a")[1] == "UTF-16"
    assert decoded("hello".encode("utf-16-be"), "a")[1] == "UTF-16-BE"
    assert decoded(b"hello", "a")[1] == decoded("hello".encode("utf-8-sig"), "a")[1] == ""


def test_other_text_is_refused_with_the_line() -> None:
    with pytest.raises(InputError, match=r"^a: cannot be read as UTF-8 text: byte 0xfc on line 2 "):
        decoded(b"hello\nh\xfcbsch", "a")


@pytest.mark.parametrize(
    ("name", "format_"), [("a.CSV", ".csv"), ("a.jsonl.GZ", ".jsonl"), ("a.b.tsv.zst", ".tsv"), ("a", "")]
)
def test_the_format_is_the_ending_before_a_compressions(tmp_path: Path, name: str, format_: str) -> None:
    assert format_of(tmp_path / name) == format_


def test_compressed_files_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"hello"))
    with pa.output_stream(str(tmp_path / "a.zst"), compression="zstd") as stream:
        stream.write(b"hello")
    assert read_bytes(tmp_path / "a.gz") == read_bytes(tmp_path / "a.zst") == b"hello"


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
@pytest.mark.parametrize("content", [b"hello", gzip.compress(b"hello" * 99)[:20]], ids=["plain", "torn"])
def test_what_cannot_be_unpacked_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: cannot be unpacked: "):
        read_bytes(tmp_path / name)


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(InputError, match=r"only points to a file that .*: git lfs pull"):
        read_bytes(tmp_path / "a.csv")
