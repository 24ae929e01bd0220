"""Prompt sets: the built-in one, users' files, and conversation data sets of the Hugging Face hub."""

from __future__ import annotations

import csv
import random
from hashlib import blake2b
from importlib import import_module, resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mien.errors import InputError, UnknownName, UsageError
from mien.files import read_jsonl, read_text
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

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
            ``language``, and ``toxic`` and ``redacted``, which exclude a row. Of equal texts the first stays.
        languages: keep only these (as the data names them, case folded).
        categories: keep only these.
        max_chars: keep only prompts of at most so many characters.
        max_prompts: a seeded sample of at most so many (default: all; 2,000 of a hub data set).
        seed: of the sample.

    Raises:
        UnknownName: neither a built-in set nor a file.
        InputError: a row that cannot be used, with its number.
        UsageError: nothing is left after filtering, or the extra ``hub`` is missing.
    """
    hub = str(source).startswith("hf:")
    rows = _hub_rows(str(source)[3:], seed) if hub else _file_rows(source)
    name = str(source) if hub else Path(source).name
    seen: dict[str, set[str]] = {"language": set(), "category": set()}
    wanted = {"language": _folded(languages), "category": _folded(categories)}

    def kept(prompt: Prompt) -> bool:
        for member, values in wanted.items():
            value: str = getattr(prompt, member)
            seen[member].add(value)
            if values and value.casefold() not in values:
                return False
        return max_chars is None or len(prompt.text) <= max_chars

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


def _read(rows: Iterable[tuple[int, Row]], name: str) -> Iterator[Prompt]:
    for number, row in rows:
        if row.get("toxic") in (True, "True", "true") or row.get("redacted") in (True, "True", "true"):
            continue
        where = f"row {number}"
        text = _text(row, name, where)
        identity = str(row.get("id") or row.get("conversation_hash") or "")
        yield Prompt(
            id=identity or "p" + blake2b(text.encode(), digest_size=5).hexdigest(),
            text=text,
            category=str(row.get("category") or ""),
            language=str(row.get("language") or ""),
            source=str(row.get("source") or name),
        )


def _text(row: Row, name: str, where: str) -> str:
    conversation = row.get("conversation")
    if conversation is not None and len(conversation):
        row = cast("Row", conversation[0])
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


def _distinct(prompts: Iterable[Prompt], name: str) -> Iterator[Prompt]:
    texts: set[str] = set()
    ids: set[str] = set()
    for prompt in prompts:
        if prompt.text in texts:
            continue
        if prompt.id in ids:
            raise InputError(f"id {prompt.id!r} stands twice, with different texts", source=name)
        texts.add(prompt.text)
        ids.add(prompt.id)
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
        return enumerate(csv.DictReader(text.splitlines(keepends=True)), 2)
    return ((n, {"text": line.strip()}) for n, line in enumerate(text.splitlines(), 1) if line.strip())


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read as Parquet: {error}", source=path) from error
    columns = {*_TEXT_COLUMNS, "id", "conversation_hash", "conversation", "category", "language", "source"}
    present = [name for name in file.schema_arrow.names if name in columns | {"toxic", "redacted"}]
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
    except Exception as error:  # the hub's client raises many kinds, some of them private
        raise InputError(f"cannot be loaded: {error}", source=f"hf:{dataset}") from error
    return enumerate(rows, 1)
