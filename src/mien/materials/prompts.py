"""Prompt sets: the built-in one, users' files, and conversation data sets of the Hugging Face hub."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping
from hashlib import blake2b
from importlib import import_module, resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mien.errors import InputError, UnknownName, UsageError
from mien.files import read_jsonl, read_text
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

Row = Mapping[str, Any]

_SHIPPED = resources.files("mien") / "data" / "prompts"
_TEXT_COLUMNS = ("text", "prompt", "content", "message")
_FORMATS = (".jsonl", ".csv", ".parquet", ".txt")

#: Prompts taken from a hub data set unless told otherwise, and the rows among which the sample is shuffled.
HUB_SAMPLE, HUB_BUFFER = 2_000, 10_000


def shipped_prompt_sets() -> list[str]:
    """Names of the built-in sets."""
    return sorted(entry.name.removesuffix(".jsonl") for entry in _SHIPPED.iterdir())


def load_prompts(
    source: str | Path = "everyday",
    *,
    languages: Collection[str] = (),
    categories: Collection[str] = (),
    max_chars: int | None = None,
    max_prompts: int | None = None,
    seed: int = 0,
) -> tuple[Prompt, ...]:
    """Load prompts and filter them.

    Args:
        source: name of a built-in set; a JSONL, CSV, Parquet or text file (a prompt a line); or
            ``hf:OWNER/DATASET``, streamed from the hub without downloading all of it (extra ``hub``).
            Rows hold ``text`` (or ``prompt``, ``content``, ``message``) and optionally ``id``, ``category``,
            ``language``, ``source``; or WildChat's layout: ``conversation``, whose first turn is taken,
            ``language``, and ``toxic`` and ``redacted``, which exclude a row, as an empty first turn does. Of
            equal texts the first stays.
        languages: keep only these (as the data names them, case folded).
        categories: keep only these.
        max_chars: keep only prompts of at most so many characters.
        max_prompts: a seeded sample of at most so many (default: all; 2,000 of a hub data set).
        seed: of the sample.

    Raises:
        UnknownName: neither a built-in set nor a file.
        InputError: a row that cannot be used, with its number: the line of JSONL and text; elsewhere the
            first row of data is row 1.
        UsageError: nothing is left after filtering, or the extra ``hub`` is missing.
    """
    if max_prompts is not None and max_prompts < 1:
        raise UsageError(f"a sample of prompts holds at least one, not {max_prompts}")
    hub = str(source).startswith("hf:")
    rows = _hub_rows(str(source)[3:], seed) if hub else _file_rows(source)
    name = str(source) if hub else Path(source).name
    seen: dict[str, set[str]] = {"language": set(), "category": set()}
    wanted = {"language": _folded(languages), "category": _folded(categories)}

    def kept(found: tuple[str, Prompt]) -> bool:
        _, prompt = found
        passes = max_chars is None or len(prompt.text) <= max_chars
        for member, values in wanted.items():
            value: str = getattr(prompt, member)
            seen[member].add(value)
            passes = passes and (not values or value.casefold() in values)
        return passes

    prompts = _distinct(filter(kept, _read(rows, name)), name)
    if hub:
        chosen = list(islice(prompts, max_prompts or HUB_SAMPLE))
    else:
        chosen = list(prompts)
        if max_prompts is not None and max_prompts < len(chosen):
            # sorted: a sample keeps the set's order
            picked = sorted(random.Random(seed).sample(range(len(chosen)), max_prompts))
            chosen = [chosen[i] for i in picked]
    if not chosen:
        has = "; ".join(f"{member}: {', '.join(sorted(v)) or 'none'}" for member, v in seen.items())
        raise UsageError(f"{name}: no prompt passes the filters; it has {has}")
    return tuple(chosen)


def _folded(values: Collection[str]) -> set[str]:
    return {value.casefold() for value in values}


def _read(rows: Iterable[tuple[int, Row]], name: str) -> Iterator[tuple[str, Prompt]]:
    """Prompts, each with the place that it comes from."""
    for number, row in rows:
        if any(row.get(flag) in (True, "True", "true") for flag in ("toxic", "redacted")):
            continue
        where = f"row {number}"
        turn = _first_turn(row, name, where)
        if turn is not row and "content" in turn and not str(turn["content"] or "").strip():
            continue  # logs of chats hold messages that were sent without a word
        text = _text(turn, name, where)
        digest = blake2b(text.encode(), digest_size=8).hexdigest()
        prompt = Prompt(
            id=_given(row, "id", "conversation_hash") or f"p{digest}",
            text=text,
            category=_given(row, "category"),
            language=_given(row, "language"),
            source=_given(row, "source") or name,
        )
        yield where, prompt


def _given(row: Row, *members: str) -> str:
    return next((str(row[member]) for member in members if row.get(member) not in (None, "")), "")


def _first_turn(row: Row, name: str, where: str) -> Row:
    conversation = row.get("conversation")
    if conversation is None or conversation == []:
        return row
    if isinstance(conversation, list) and isinstance(turn := cast("list[Any]", conversation)[0], Mapping):
        return cast("Row", turn)
    raise InputError("conversation is no list of turns that have `content`", source=name, where=where)


def _text(row: Row, name: str, where: str) -> str:
    column = next((column for column in _TEXT_COLUMNS if column in row), None)
    if column is None:
        raise InputError(
            f"no prompt: expected a column named {', '.join(_TEXT_COLUMNS)} or conversation; "
            f"found {', '.join(map(str, row)) or 'nothing'}",
            source=name,
            where=where,
        )
    text = row[column]
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{column} is blank or no text: {text!r}", source=name, where=where)
    return text


def _distinct(prompts: Iterable[tuple[str, Prompt]], name: str) -> Iterator[Prompt]:
    texts: set[str] = set()
    ids: dict[str, str] = {}
    for where, prompt in prompts:
        if prompt.text in texts:
            continue
        if prompt.id in ids:
            raise InputError(
                f"id {prompt.id!r} stands in {ids[prompt.id]} already, with another text",
                source=name,
                where=where,
            )
        texts.add(prompt.text)
        ids[prompt.id] = where
        yield prompt


def _file_rows(source: str | Path) -> Iterable[tuple[int, Row]]:
    if str(source) in shipped_prompt_sets():
        return read_jsonl((_SHIPPED / f"{source}.jsonl").read_text(encoding="utf-8"), str(source))
    path = Path(source)
    if not path.is_file():
        if path.suffix or path.name != str(source):
            raise InputError("no such file", source=path)
        raise UnknownName("prompt set", str(source), shipped_prompt_sets())
    if path.suffix == ".parquet":
        return _parquet(path)
    if path.suffix not in _FORMATS:
        raise InputError(f"unknown format; prompts come as {', '.join(_FORMATS)}", source=path)
    text = read_text(path)
    if path.suffix == ".jsonl":
        return read_jsonl(text, str(path))
    if path.suffix == ".csv":
        return _csv(text, path)
    lines = enumerate(io.StringIO(text), 1)
    return ((n, {"text": line.strip()}) for n, line in lines if line.strip())


def _csv(text: str, path: Path) -> Iterator[tuple[int, Row]]:
    number = 0
    try:
        for number, row in enumerate(csv.DictReader(io.StringIO(text), strict=True), 1):
            if None in row:
                problem = "has more fields than there are columns; put text that holds commas in quotes"
                raise InputError(problem, source=path, where=f"row {number}")
            yield number, row
    except csv.Error as error:
        raise InputError(f"cannot be read as CSV: {error}", source=path, where=f"row {number + 1}") from error


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read as Parquet: {error}", source=path) from error
    columns = {*_TEXT_COLUMNS, "id", "conversation_hash", "conversation", "category", "language", "source"}
    present = [name for name in file.schema_arrow.names if name in columns | {"toxic", "redacted"}]
    if not {*_TEXT_COLUMNS, "conversation"} & set(present):
        present = file.schema_arrow.names  # so that the error can name them
    number = 0
    for batch in file.iter_batches(batch_size=1_000, columns=present):  # pyright: ignore[reportUnknownMemberType]
        for row in cast("list[Row]", batch.to_pylist()):
            number += 1
            yield number, row


def _hub_rows(dataset: str, seed: int) -> Iterator[tuple[int, Row]]:
    try:
        datasets: Any = import_module("datasets")  # untyped
    except ModuleNotFoundError as error:
        raise UsageError("prompts from the hub need the extra `hub`: pip install 'mien[hub]'") from error
    try:
        stream = datasets.load_dataset(dataset, split="train", streaming=True)
        rows: Iterable[Row] = stream.shuffle(seed=seed, buffer_size=HUB_BUFFER)
        yield from enumerate(rows, 1)
    except Exception as error:  # the hub's client raises many kinds, some of them private
        raise InputError(f"cannot be loaded: {error}", source=f"hf:{dataset}") from error
