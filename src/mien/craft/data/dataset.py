"""Training data as a folder: rows in TRL's conversational preference format, and all that they came from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, cast, get_args

from mien.craft.data.queries import Query, Source, Split
from mien.craft.data.recipes import Pair
from mien.errors import InputError
from mien.files import read_jsonl, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

CRAFT, CONSTITUTION, QUERIES, CARD = "craft.json", "constitution.yaml", "queries.jsonl", "README.md"
TRAIN, HELDOUT, PARQUET = "train.jsonl", "heldout.jsonl", "train.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """What `mien craft data` made.

    Attributes:
        craft: everything that was asked, and ``counts`` of what came of it.
        constitution: the constitution's file, as text.
        queries: all that answers were asked for, also those that no pair came of.
        train: pairs to train on.
        heldout: pairs that no stage trains on.
        card: the data set card.
    """

    craft: Mapping[str, Any]
    constitution: str
    queries: tuple[Query, ...]
    train: tuple[Pair, ...]
    heldout: tuple[Pair, ...]
    card: str


def row(pair: Pair) -> dict[str, Any]:
    """A pair as TRL's trainers take it: ``prompt``, ``chosen``, ``rejected``; ``messages`` for tuning."""
    prompt = [{"role": "user", "content": pair.query.text}]
    chosen = [{"role": "assistant", "content": pair.chosen}]
    members = {
        "id": pair.query.id,
        "assertion": pair.query.assertion,
        "prompt": prompt,
        "chosen": chosen,
        "rejected": [{"role": "assistant", "content": pair.rejected}],
        "messages": [*prompt, *chosen],
    }
    return members if pair.margin is None else {**members, "margin": pair.margin}


def count_pairs(
    n_assertions: int, queries: Sequence[Query], train: Sequence[Pair], heldout: Sequence[Pair]
) -> dict[str, Any]:
    """How many pairs there are, by split and assertion, and how long their answers are.

    Raises:
        StatisticsError: there are no pairs.
    """
    pairs = [*train, *heldout]
    return {
        "train": len(train),
        "heldout": len(heldout),
        "assertions": [
            {
                "assertion": index,
                "queries": sum(query.assertion == index for query in queries),
                "train": sum(pair.query.assertion == index for pair in train),
                "heldout": sum(pair.query.assertion == index for pair in heldout),
            }
            for index in (*range(n_assertions), None)
        ],
        "length": {
            "chosen": median(len(pair.chosen) for pair in pairs),
            "rejected": median(len(pair.rejected) for pair in pairs),
            "chosen_longer": round(sum(len(p.chosen) > len(p.rejected) for p in pairs) / len(pairs), 4),
        },
    }


def asked(craft: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked, without the version of mien and without the counts."""
    return {key: value for key, value in craft.items() if key not in {"mien", "counts"}}


def differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Which of what was asked differs, joined by *and another*; empty where nothing does."""
    # As JSON has them: tuples are lists there.
    one, other = asked(there), json.loads(json.dumps(asked(wanted)))
    return " and another ".join(sorted(key for key in {*one, *other} if one.get(key) != other.get(key)))


def check_folder(folder: Path, craft: Mapping[str, Any]) -> None:
    """Refuse a folder that holds other data than those that are to be made.

    Raises:
        InputError: it is a file, or its `craft.json` tells of something else that was asked.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file; choose another folder with -o", source=folder)
    if not (folder / CRAFT).exists():
        return
    if other := differences(read_craft(folder), craft):
        raise InputError(
            f"holds data made with another {other}; choose another folder with -o", source=folder
        )


def write_dataset(folder: Path, dataset: Dataset) -> None:
    """Write the files, `craft.json` last: where it is, the others are whole."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CRAFT).unlink(missing_ok=True)
    write_text(folder / CONSTITUTION, dataset.constitution)
    write_lines(folder / QUERIES, map(asdict, dataset.queries))
    write_lines(folder / TRAIN, map(row, dataset.train))
    write_lines(folder / HELDOUT, map(row, dataset.heldout))
    _put(folder / PARQUET, lambda path: _write_parquet(path, dataset.train))
    write_text(folder / CARD, dataset.card)
    write_text(folder / CRAFT, json.dumps(dataset.craft, indent=2, ensure_ascii=False) + "\n")


def read_dataset(folder: Path) -> Dataset:
    """Read what `write_dataset` wrote.

    Raises:
        InputError: the folder holds no such data, or a row cannot be used; with its number.
    """
    craft = read_craft(folder)
    queries = {query.id: query for query in _read_queries(folder / QUERIES)}
    return Dataset(
        craft=craft,
        constitution=read_text(folder / CONSTITUTION),
        queries=tuple(queries.values()),
        train=tuple(_read_pairs(folder / TRAIN, queries)),
        heldout=tuple(_read_pairs(folder / HELDOUT, queries)),
        card=read_text(folder / CARD),
    )


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON lines, whole or not at all."""
    write_text(path, "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows))


def write_text(path: Path, text: str) -> None:
    """Write a text, whole or not at all."""
    _put(path, lambda partial: partial.write_text(text, encoding="utf-8", newline="\n"))


def _put(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place and move it there, so that it is never seen half-written."""
    partial = path.with_name(f".{path.name}.partial")
    write(partial)
    partial.replace(path)


def _write_parquet(path: Path, pairs: Sequence[Pair]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    turns = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    columns: list[Any] = [("id", pa.string()), ("assertion", pa.int32())]
    columns += [(name, turns) for name in ("prompt", "chosen", "rejected", "messages")]
    if any(pair.margin is not None for pair in pairs):
        columns.append(("margin", pa.float64()))
    pq.write_table(pa.Table.from_pylist([row(pair) for pair in pairs], schema=pa.schema(columns)), path)  # pyright: ignore[reportUnknownMemberType]


def read_craft(folder: Path, name: str = CRAFT) -> dict[str, Any]:
    """Read what was asked of a folder's data.

    Raises:
        InputError: there is no such file, or it holds no JSON object.
    """
    path = folder / name
    if not path.is_file():
        problem = "holds no training data; make some with: mien craft data CONSTITUTION … -o FOLDER"
        raise InputError(problem, source=folder)
    try:
        craft = json.loads(read_text(path))
    except ValueError as error:
        raise InputError(f"is not valid JSON: {error}", source=path) from error
    if not isinstance(craft, dict):
        raise InputError("is no JSON object", source=path)
    return cast("dict[str, Any]", craft)


def _read_queries(path: Path) -> Iterable[Query]:
    for number, members in read_jsonl(read_text(path), str(path)):
        try:
            query = Query(**members)
        except TypeError as error:
            problem = "a query has id, text, assertion, source and split"
            raise InputError(problem, source=path, where=f"row {number}") from error
        if query.source not in get_args(Source) or query.split not in get_args(Split):
            problem = f"source {query.source!r} or split {query.split!r} is not known"
            raise InputError(problem, source=path, where=f"row {number}")
        yield query


def _read_pairs(path: Path, queries: Mapping[str, Query]) -> Iterable[Pair]:
    for number, members in read_jsonl(read_text(path), str(path)):
        where = f"row {number}"
        try:
            query = queries[members["id"]]
            chosen, rejected = (str(members[key][0]["content"]) for key in ("chosen", "rejected"))
        except (KeyError, IndexError, TypeError) as error:
            problem = f"has no id that is in {QUERIES}, or no answer under chosen and rejected"
            raise InputError(problem, source=path, where=where) from error
        if not chosen.strip() or not rejected.strip():
            raise InputError("an answer is empty; take the row out", source=path, where=where)
        yield Pair(query, chosen, rejected, members.get("margin"))
