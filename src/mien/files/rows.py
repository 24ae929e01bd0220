"""Tables in the formats that people have them in, as rows: JSON lines and lists, CSV, YAML, text, Parquet."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from mien.errors import InputError
from mien.files.text import COMPRESSIONS, decoded, format_of, read_bytes, refuse_pointer, unpacked
from mien.files.yaml_documents import read_yaml
from mien.formatting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

Row = dict[str, Any]
Numbered = tuple[int, Row]

FORMATS: Final = (".jsonl", ".json", ".csv", ".tsv", ".yaml", ".yml", ".txt", ".parquet")
UPLOADED: Final = (".csv", ".jsonl", ".json", ".tsv")
_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a conversation is longer than the 128 kB of the default


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file, read as they are asked for, each with its number.

    Attributes:
        source: the file.
        rows: a number is the line in JSON lines and in text; elsewhere the first row of data is row 1.
        notes: what was found out about the file, a phrase each, such as ``separated by semicolons``.
    """

    source: str
    rows: Iterable[Numbered]
    notes: list[str] = field(default_factory=list[str])


def read_rows(path: Path, *, columns: Collection[str] = (), what: str = "rows") -> Table:
    """Read a table by its ending (`FORMATS`, also in upper case and with ``.gz`` or ``.zst`` behind).

    Separator and encoding are told by what the file holds. A text file has a row a line, with the column
    ``text``, as have JSON and YAML lists of texts.

    Args:
        path: of the file.
        columns: read these alone, where the format can, and all where it has none of them.
        what: the rows' name in messages.

    Raises:
        InputError: no such file, another format, an empty file; rows raise it where one cannot be read, with
            its number.
    """
    ending = format_of(path)
    if not path.is_file():
        raise InputError("is a folder" if path.is_dir() else "no such file", source=path)
    if ending == ".parquet":
        return Table(str(path), _parquet(path, columns))
    _require_known(ending, FORMATS, path, what)
    return _read(read_bytes(path), path)


def read_uploaded(content: bytes, name: str, *, what: str = "rows") -> Table:
    """Read a table that came without a file of its own, as through a browser; as `read_rows`, but Parquet.

    Args:
        content: of the file.
        name: of the file, whose ending tells the format.
        what: the rows' name in messages.

    Raises:
        InputError: as `read_rows`.
    """
    path = Path(name)
    _require_known(format_of(path), UPLOADED, path, what)
    return _read(unpacked(content, path), path)


def _require_known(ending: str, known: Sequence[str], path: Path, what: str) -> None:
    if ending not in known:
        listed = f"{', '.join(known)}, also with {' or '.join(COMPRESSIONS)}"
        raise InputError(f"unknown format; {what} come as {listed}", source=path)


def _read(content: bytes, path: Path) -> Table:
    text, encoding = decoded(content, path)
    if not text.strip():
        raise InputError("is empty", source=path)
    table = Table(str(path), (), [f"read as {encoding}"] if encoding else [])
    return Table(str(path), _rows(text, format_of(path), table), table.notes)


def _rows(text: str, ending: str, table: Table) -> Iterable[Numbered]:
    if ending in {".csv", ".tsv"}:
        return _separated(text, "\t" if ending == ".tsv" else ",", table)
    if ending in {".yaml", ".yml"}:
        return _listed(read_yaml(text, table.source)[1], table.source)
    if ending == ".txt":
        lines = enumerate(text.split("\n"), 1)
        return ((number, {"text": line.strip()}) for number, line in lines if line.strip())
    return _json(text, ending, table)


# JSON


def _json(text: str, ending: str, table: Table) -> Iterable[Numbered]:
    """A list in ``.json`` and an object a line in ``.jsonl``; but either is often named like the other."""
    start = text.lstrip()[:1]
    if ending == ".json" or start == "[":
        try:
            value = lenient_json(text)
        except ValueError as error:
            if ending == ".json" and not (start == "{" and "\n" in text.strip()):
                raise InputError(f"is not JSON: {error}", source=table.source) from error
        else:
            if ending == ".json" or _objects(value):
                return _listed(value, table.source)
    return _lines(text, table.source)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in cast("list[Any]", value))


def _lines(text: str, source: str) -> Iterator[Numbered]:
    # Not splitlines(): JSON strings may hold other line separators than "\n".
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = lenient_json(line)
        except ValueError as error:
            raise InputError(f"not a JSON object: {error}", source=source, where=f"row {number}") from error
        if not isinstance(row, dict):
            problem = f"not a JSON object: {quoted(row)}"
            raise InputError(problem, source=source, where=f"row {number}")
        yield number, cast("Row", row)


def lenient_json(text: str) -> Any:
    """JSON, also with NaN, which is read as nothing, and with halves of surrogate pairs.

    Raises:
        ValueError: it is none.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        try:
            return json.loads(text, parse_constant=lambda _: None)
        except ValueError:
            raise ValueError(str(error)) from error
        except RecursionError:
            raise ValueError("it is nested too deeply") from error


def read_jsonl(text: str, source: str) -> Iterator[Numbered]:
    """JSON objects, a line each, with the number of the line; blank lines don't count, and NaN is null.

    Raises:
        InputError: a line is no JSON object, or holds half of a surrogate pair.
    """
    for number, row in _lines(text, source):
        if not whole(json.dumps(row, ensure_ascii=False)):
            problem = "holds half a character (a lone surrogate); take it out"
            raise InputError(problem, source=source, where=f"row {number}")
        yield number, row


def whole(text: str) -> bool:
    """Whether text can be written: JSON may hold halves of characters, which nothing can send or store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def blank(value: Any) -> bool:
    """Whether a cell holds nothing: an empty text or list, null, NaN."""
    return value is None or value in ("", []) or (isinstance(value, float) and math.isnan(value))


def _listed(value: Any, source: str) -> Iterator[Numbered]:
    """Rows of a list of objects or texts, or of the one such list that an object holds."""
    if isinstance(value, dict):
        value = _held(cast("Row", value))
    if not isinstance(value, list):
        raise InputError(f"is no list of rows: {quoted(value)}", source=source)
    rows = cast("list[Any]", value)
    texts = any(isinstance(row, str) for row in rows)
    for number, row in enumerate(rows, 1):
        if isinstance(row, str):
            yield number, {"text": row}
        elif isinstance(row, dict) and not texts:
            yield number, {str(name): member for name, member in cast("dict[Any, Any]", row).items()}
        else:
            colon = isinstance(row, dict)  # what YAML makes of a text with a colon in it
            problem = "quote the text: it holds a colon" if colon else "is neither an object nor a text"
            shown = quoted(cast("object", row))
            raise InputError(f"{problem}: {shown}", source=source, where=f"row {number}")


def _held(value: Row) -> list[Any]:
    """The rows in an object: its one list of objects, or its only member; else the object is the one row."""
    alone = len(value) == 1 and "turns" not in value
    lists = [cast("list[Any]", one) for one in value.values() if isinstance(one, list)]
    lists = [one for one in lists if alone or (one and _objects(one))]
    objects = [cast("Row", row) for one in lists for row in one if isinstance(row, dict)]
    turns = any({"role", "from"} & row.keys() for row in objects)  # of the one conversation
    return lists[0] if len(lists) == 1 and not turns else [value]


# CSV and its kin


def _separated(text: str, usual: str, table: Table) -> Iterator[Numbered]:
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first) == 5:  # what Excel writes for itself
        text, delimiter = rest, first[4]
    else:
        delimiter = _delimiter(text, usual)
    if delimiter != usual:
        table.notes.append(f"separated by {_DELIMITERS.get(delimiter, repr(delimiter))}")
    return _fields(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True), table.source)


def _delimiter(text: str, usual: str) -> str:
    """What makes most fields of the first line, and as many of the next; the usual one if none makes more."""

    def fields(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        try:
            names = next(reader)
            return len(names) if delimiter == usual or len(next(reader, names)) == len(names) else 0
        except (csv.Error, StopIteration):
            return 0

    return max((usual, *_DELIMITERS), key=fields)


def _fields(reader: Iterator[list[str]], source: str) -> Iterator[Numbered]:
    number = 0
    try:  # there is a first line: the file is not empty
        names = [name.strip() for name in next(reader)]
        if twice := next((name for name in names if name and names.count(name) > 1), None):
            raise InputError(f"column {quoted(twice)} stands twice", source=source, where="first line")
        for number, fields in enumerate((row for row in reader if row), 1):
            if len(fields) > len(names):
                problem = "has more fields than there are columns; put text that holds commas in quotes"
                raise InputError(problem, source=source, where=f"row {number}")
            missing = [None] * (len(names) - len(fields))
            yield number, dict(zip(names, (*fields, *missing), strict=True))
    except csv.Error as error:
        problem = f"cannot be read as CSV: {error}"
        raise InputError(problem, source=source, where=f"row {number + 1}") from error


# Parquet


def _parquet(path: Path, columns: Collection[str]) -> Iterator[Numbered]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    refuse_pointer(path)
    try:
        file = pq.ParquetFile(path)
        present = [name for name in file.schema_arrow.names if not columns or name.casefold() in columns]
        number = 0
        for batch in file.iter_batches(  # pyright: ignore[reportUnknownMemberType]
            batch_size=1_000, columns=present or file.schema_arrow.names
        ):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read as Parquet: {error}", source=path) from error
