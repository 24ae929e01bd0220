"""Comparison tables: one row a verdict, the exchange format in and out of mien.

Columns: ``option_1``, ``option_2`` (… ``option_k``) in the order shown to the model, and ``chosen``, one of
them or ``neither``, ``refused``, ``unreadable``; optionally ``model``, ``prompt_id``, ``judge``,
``instrument``, ``trial_id``, ``response``.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien.errors import InputError
from mien.files import read_jsonl, read_text
from mien.types import NEITHER, NON_CHOICES, REFUSED, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

#: Codes of `Comparisons.chosen` where no option was chosen.
NEITHER_CODE, REFUSED_CODE, UNREADABLE_CODE = -1, -2, -3
CODES = {NEITHER: NEITHER_CODE, REFUSED: REFUSED_CODE, UNREADABLE: UNREADABLE_CODE}

OPTIONAL_COLUMNS = ("model", "prompt_id", "judge", "instrument", "trial_id", "response")
FORMATS = (".csv", ".jsonl", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparisons:
    """T verdicts over n traits, K options each, as arrays.

    Attributes:
        traits: the n trait names, sorted.
        options: (T, K) indices into ``traits``, in the order shown to the model.
        chosen: (T,) position 0 … K−1 of the chosen option, or −1 neither, −2 refused, −3 unreadable.
        cluster: (T,) index into ``clusters``: the prompt of each trial, the unit of resampling.
        clusters: label of each cluster; two tables that share a label share the prompt.
        missing: trials of the design that have no verdict yet.
    """

    traits: tuple[str, ...]
    options: NDArray[np.int32]
    chosen: NDArray[np.int32]
    cluster: NDArray[np.int32]
    clusters: tuple[str, ...]
    missing: int = 0


def comparisons_from(
    options: Sequence[Sequence[str]] | NDArray[np.object_],
    chosen: Sequence[str] | NDArray[np.object_],
    clusters: Sequence[str] | NDArray[np.object_] | None = None,
    *,
    traits: Sequence[str] | None = None,
    missing: int = 0,
) -> Comparisons:
    """Turn names into arrays: (T, K) options, (T,) chosen, (T,) cluster labels.

    Without clusters every trial is a cluster of its own, whose label no other table shares. Without
    ``traits`` they are those that were shown; with them, those not shown yet are there, too.

    Raises:
        InputError: a ``chosen`` is none of its options and none of `NON_CHOICES`.
    """
    shown = np.asarray(options, dtype=object)
    verdicts = np.asarray(chosen, dtype=object)
    names, index = np.unique(shown.astype(str), return_inverse=True)
    if traits is not None:
        seen, names = names, np.unique(np.array(traits, dtype=str))
        index = np.searchsorted(names, seen)[index]
    index = index.reshape(shown.shape).astype(np.int32)
    hit = shown == verdicts[:, None]
    legal = hit.any(axis=1)
    position = hit.argmax(axis=1).astype(np.int32)
    for word, code in CODES.items():
        said = verdicts == word
        position[said] = code
        legal |= said
    if not legal.all():
        row = int(legal.argmin())
        options_of_row = ", ".join(map(str, shown[row]))
        raise InputError(f"chosen is {verdicts[row]!r}, none of {options_of_row}", where=f"row {row + 1}")
    if clusters is None:
        # Labels that came from the rows' numbers alone would pair the rows of unrelated tables.
        content = repr(names.tolist()).encode() + index.tobytes() + position.tobytes()
        table = blake2b(content, digest_size=4).hexdigest()
        labels = np.array([f"{table}-{row:08}" for row in range(len(shown))], dtype=object)
        cluster = np.arange(len(shown))
    else:
        labels, cluster = np.unique(np.asarray(clusters).astype(str), return_inverse=True)
    return Comparisons(
        traits=tuple(names.tolist()),
        options=index,
        chosen=position,
        cluster=cluster.astype(np.int32),
        clusters=tuple(labels.tolist()),
        missing=missing,
    )


def read_comparisons(path: str | Path) -> Comparisons:
    """Read a comparison table of one run. Without ``prompt_id`` every row is a cluster of its own.

    Raises:
        InputError: see `read_table`; or the table holds several models, judges or instruments.
    """
    return comparisons_from_table(read_table(path), source=str(path))


def comparisons_from_table(table: pd.DataFrame, *, source: str = "table") -> Comparisons:
    """Turn a table as `read_table` gives it into arrays.

    Raises:
        InputError: the table holds several models, judges or instruments.
    """
    for column in ("model", "judge", "instrument"):
        values = table[column].unique() if column in table else ()
        if len(values) > 1:
            raise InputError(
                f"holds {len(values)} values of {column} ({', '.join(map(str, values[:5]))} …); keep one",
                source=source,
                where=f"column {column}",
            )
    clusters = table["prompt_id"].to_numpy(dtype=object) if "prompt_id" in table else None
    return comparisons_from(
        table[option_columns(table.columns)].to_numpy(dtype=object),
        table["chosen"].to_numpy(dtype=object),
        clusters,
    )


def option_columns(columns: Sequence[str] | pd.Index[str]) -> list[str]:
    """The columns ``option_1``, ``option_2``, … as far as they follow one another without a gap."""
    return list(takewhile(lambda name: name in columns, (f"option_{i}" for i in count(1))))


def read_table(path: str | Path) -> pd.DataFrame:
    """Read and check a comparison table: CSV, JSONL or Parquet, by the file's ending.

    Returns:
        One row a verdict, all columns text: options, ``chosen`` and what is known of `OPTIONAL_COLUMNS`.

    Raises:
        InputError: a column is missing, or a row holds a blank, an option twice, or a ``chosen`` that is
            none of its options and none of the three words; with the row's number (the first row of data
            is row 1). A ``prompt_id`` that is blank throughout counts as absent.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise InputError(f"unknown format; tables come as {', '.join(FORMATS)}", source=path)
    if not path.is_file():
        raise InputError("no such file", source=path)
    table = _load(path)
    shown = option_columns(table.columns)
    beyond = [name for name in table.columns if re.fullmatch(r"option_\d+", str(name)) and name not in shown]
    if len(shown) < 2 or "chosen" not in table or beyond:
        needed = [name for name in ("option_1", "option_2", "chosen") if name not in table]
        needed += [f"option_{len(shown) + 1}"]  # a gap before those beyond
        found = ", ".join(map(str, table.columns)) or "none"
        raise InputError(f"the column {needed[0]!r} is missing; found: {found}", source=path)
    if not len(table):
        raise InputError("holds no rows", source=path)
    known = [*shown, "chosen", *(name for name in OPTIONAL_COLUMNS if name in table)]
    table = table[known].astype(object)  # numbers and categories take no "" in place of what is missing
    table = table.where(table.notna(), "").astype(str)
    for name in (*shown, "chosen"):
        table[name] = table[name].str.strip()
    if "prompt_id" in table and (table["prompt_id"] == "").all():
        del table["prompt_id"]
    _check_rows(table, shown, path)
    return table


def _load(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if path.suffix == ".csv":
            with warnings.catch_warnings():
                # A row with too many fields: pandas would warn and cut it short.
                warnings.simplefilter("error", pd.errors.ParserWarning)
                # A trait may be called "null": only an empty field is blank.
                return pd.read_csv(
                    path, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8-sig"
                )
        if path.suffix == ".jsonl":
            return pd.DataFrame([row for _, row in read_jsonl(read_text(path), str(path))])
        return pd.read_parquet(path)
    except (OSError, ValueError, pd.errors.ParserWarning) as error:  # parser errors are ValueErrors
        raise InputError(f"cannot be read: {error}", source=path) from error


def _check_rows(table: pd.DataFrame, shown: list[str], path: Path) -> None:
    options = table[shown].to_numpy(dtype=object)
    chosen = table["chosen"].to_numpy(dtype=object)

    def refuse(bad: NDArray[np.bool_], problem: str) -> None:
        if bad.any():
            row = int(bad.argmax())
            values = {"options": ", ".join(options[row]), "chosen": repr(chosen[row])}
            raise InputError(problem.format(**values), source=path, where=f"row {row + 1}")

    if "prompt_id" in table:
        refuse((table["prompt_id"] == "").to_numpy(), "prompt_id is blank, though other rows have one")
    for name, values in zip(shown, options.T, strict=True):
        refuse(values == "", f"{name} is blank")
        for word in NON_CHOICES:
            refuse(values == word, f"{name} is {word!r}, which is a verdict and cannot be a trait")
    for i in range(1, len(shown)):
        refuse((options[:, i : i + 1] == options[:, :i]).any(axis=1), "shows one option twice: {options}")
    legal = (options == chosen[:, None]).any(axis=1) | np.isin(chosen.astype(str), NON_CHOICES)
    refuse(
        ~legal,
        "chosen is {chosen}, which is none of the row's options ({options}) "
        f"and none of {', '.join(NON_CHOICES)}",
    )
