"""What a file's bytes say: compressed or not, and in which encoding."""

from __future__ import annotations

import codecs
import gzip
import zlib
from typing import TYPE_CHECKING, Final

from mien.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

#: Endings of compressed files; what they hold is told by the ending before.
COMPRESSIONS: Final = (".gz", ".zst")

_MARKS: Final = (  # the longer first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_LOOKED_AT = 4096  # bytes from which an encoding without a mark is told


def format_of(path: Path) -> str:
    """The ending that tells the format, in lower case: ``.csv`` of ``A.CSV.gz``."""
    return (path.with_suffix("") if path.suffix.lower() in COMPRESSIONS else path).suffix.lower()


def read_bytes(path: Path) -> bytes:
    """What a file holds, decompressed where its ending is ``.gz`` or ``.zst``.

    Raises:
        InputError: there is no such file, it cannot be read, or it only points to one that Git LFS keeps.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", source=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error}", source=path) from error
    content = unpacked(content, path)
    refuse_pointer(path, content)
    return content


def unpacked(content: bytes, path: Path) -> bytes:
    """What the bytes of a file are, decompressed where its ending is ``.gz`` or ``.zst``.

    Raises:
        InputError: they are not compressed so.
    """
    try:
        match path.suffix.lower():
            case ".gz":
                return gzip.decompress(content)
            case ".zst":
                return _zstandard(content)
            case _:
                return content
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot be unpacked: {error}", source=path) from error


def refuse_pointer(path: Path, content: bytes | None = None) -> None:
    """Refuse a file that is none, but says where Git LFS keeps it, as in a copy without its data.

    Raises:
        InputError: it is such a pointer.
    """
    if content is None:
        with path.open("rb") as file:
            content = file.read(len(_POINTER))
    if content.startswith(_POINTER):
        problem = "only points to a file that Git LFS keeps; fetch it with: git lfs pull"
        raise InputError(problem, source=path)


def _zstandard(content: bytes) -> bytes:
    import pyarrow as pa

    with pa.input_stream(pa.py_buffer(content), compression="zstd") as stream:
        return stream.read()


def decoded(content: bytes, source: object) -> tuple[str, str]:
    """Text and the name of its encoding where that is not UTF-8; lines end with a newline alone.

    Raises:
        InputError: the bytes are of no Unicode encoding.
    """
    encoding = _encoding(content)
    try:
        text = content.decode(encoding or "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        byte = "" if encoding else f": byte 0x{content[error.start]:02x} on line {line} is not of it"
        problem = f"cannot be read as {(encoding or 'utf-8').upper()} text{byte}; save it as UTF-8"
        raise InputError(problem, source=source) from error
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), encoding.upper()


def _encoding(content: bytes) -> str:
    """The encoding by its mark or by the zeros that Latin letters have there; empty for UTF-8."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    head = content[:_LOOKED_AT]
    zeros = [head[place::2].count(0) / max(1, len(head) // 2) for place in (0, 1)]
    if len(head) >= 4 and max(zeros) > 0.4 and min(zeros) < 0.05:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return ""


def read_text(path: Path) -> str:
    """Read Unicode text: UTF-8 with or without a byte-order mark, or UTF-16; packed or not.

    Raises:
        InputError: there is no such file, or it is no such text.
    """
    return decoded(read_bytes(path), path)[0]
