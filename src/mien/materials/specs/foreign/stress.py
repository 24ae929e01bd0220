"""Rows of a stress test of specs (Zhang et al. 2025): queries that set two values against each other."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mien.errors import InputError
from mien.files import read_rows
from mien.files.rows import blank
from mien.formatting import counted
from mien.materials.specs.foreign.imported import Imported, clause, identifier, item, made_spec

if TYPE_CHECKING:
    from pathlib import Path

    from mien.materials.specs.spec import SpecItem

#: Columns by which the rows are known.
COLUMNS: Final = frozenset({"value1", "value2", "query"})

_NUDGE: Final = "nudge_direction"
_MOST: Final = 5_000  # rows: a file of all of them is one that nobody reads


def import_stress(path: Path) -> Imported:
    """The spec of a table with ``value1``, ``value2``, ``query`` and, optionally, ``nudge_direction``.

    Each value is a clause. A row is an item of both its values, so that `mien spec contradictions` tells
    which no answer serves at once; rows of the same two values share a cluster, and the direction in which a
    query leans is part of the item's id. A query that is there already is left.

    Raises:
        InputError: it cannot be read, lacks a column, or is longer than a person would read.
    """
    ids: dict[str, str] = {}
    texts: dict[str, str] = {}
    items: dict[str, list[SpecItem]] = {}
    left: list[str] = []
    seen: set[str] = set()
    rows = list(islice(read_rows(path, columns=(*COLUMNS, _NUDGE)).rows, _MOST + 1))
    if len(rows) > _MOST:
        raise InputError(f"holds more than {_MOST:,} rows; keep those that you mean to ask", source=path)
    for number, row in rows:
        if lacking := sorted(name for name in COLUMNS if name not in row):
            raise InputError(f"lacks {', '.join(lacking)}", source=path, where=f"row {number}")
        first, second, query = (_text(row, name) for name in ("value1", "value2", "query"))
        if not (first and second and query) or first.casefold() == second.casefold():
            left.append(f"row {number}: has no query that sets two values against each other")
            continue
        if query in seen:
            left.append(f"row {number}: asks what an earlier row asks")
            continue
        seen.add(query)
        for value in (first, second):
            if value.casefold() not in ids:
                ids[value.casefold()] = identifier(value, set(ids.values()), "value")
                texts[value.casefold()] = value
        pair = "-".join(sorted((ids[first.casefold()], ids[second.casefold()])))
        name = identifier(f"row {number} {_text(row, _NUDGE)}", ())
        for value in (first, second):
            asked = item(name, [{"role": "user", "content": query}], cluster=pair)
            items.setdefault(value.casefold(), []).append(asked)
    clauses = [
        clause(id=ids[value], section="Values", text=f"Act on this value: {texts[value]}", items=asked)
        for value, asked in items.items()
    ]
    name = path.name.split(".")[0]
    spec = made_spec(path, name=name, source=f"imported from {path.name}", clauses=clauses)
    queries = counted(len(rows) - len(left), "query").replace("querys", "queries")
    return Imported(
        spec, (f"read as a stress test: {queries}, {counted(len(clauses), 'value')}",), tuple(left)
    )


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if blank(value) else " ".join(str(value).split()) if name != "query" else str(value).strip()
