"""Comparison tables of others, read as mien's: which of their columns say what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mien.errors import InputError, UnknownName
from mien.files import read_rows, read_text
from mien.files.rows import Table, blank, lenient_json
from mien.formatting import counted, enumerated, quoted
from mien.materials.prompts.reading import text_id
from mien.types import NEITHER, TIE, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TableMap:
    """How a kind of tables is read.

    Attributes:
        about: whose tables, for people.
        columns: by which such a table is recognised.
        read: the file's rows, as a comparison table has them; a row that cannot be used is a ValueError.
    """

    about: str
    columns: frozenset[str]
    read: Callable[[Path], Table]


def mapped(path: Path, name: str) -> Table:
    """The rows of a table of others, as a comparison table has them.

    Raises:
        UnknownName: there is no such map.
        InputError: the file cannot be read, or lacks what the map reads; rows raise it, too.
    """
    if name not in MAPS:
        raise UnknownName("map", name, MAPS)
    return MAPS[name].read(path)


def fitting(columns: Collection[str]) -> list[str]:
    """The maps that read a table of these columns."""
    return [name for name, found in MAPS.items() if found.columns <= set(columns)]


def renamed(path: Path, columns: Mapping[str, str]) -> Table:
    """The rows of a table whose columns have other names: ``{"option_1": "model_a", …}``.

    An option's column may be named in ``chosen``, and then means what stands in it.
    """

    def rename(row: Row) -> Row:
        if missing := [theirs for theirs in columns.values() if theirs not in row]:
            raise ValueError(f"no column {quoted(missing[0])}; found {enumerated(row)}")
        ours = {mine: row[theirs] for mine, theirs in columns.items()}
        named = {theirs: row[theirs] for mine, theirs in columns.items() if mine.startswith("option_")}
        if isinstance(said := ours.get("chosen"), str) and said.strip() in named:
            ours["chosen"] = named[said.strip()]
        return {name: value for name, value in row.items() if name not in columns.values()} | ours

    return _by_rows(path, rename)


def _by_rows(path: Path, change: Callable[[Row], Row]) -> Table:
    table = read_rows(path, what="tables")
    return Table(table.source, _changed(table, change), table.notes)


def _changed(table: Table, change: Callable[[Row], Row]) -> Iterator[tuple[int, Row]]:
    for number, row in table.rows:
        try:
            yield number, change(row)
        except KeyError as error:
            problem = f"no column {error}; found {enumerated(row)}"
            raise InputError(problem, source=table.source, where=f"row {number}") from None
        except ValueError as error:
            raise InputError(str(error), source=table.source, where=f"row {number}") from None


def _pair(first: Any, second: Any, said: Any, words: Mapping[str, str], **others: Any) -> Row:
    """A row of two options; ``words`` tell what was said: ``1``, ``2``, or a verdict without a choice."""
    word = "" if blank(said) else str(said).strip().casefold()
    if word not in words:
        raise ValueError(f"the verdict is {quoted(said)}, none of {', '.join(filter(None, words))}")
    chosen = {"1": first, "2": second}.get(words[word], words[word])
    return {"option_1": first, "option_2": second, "chosen": chosen, **others}


# LMArena, MT-bench


_WINNERS = {
    "model_a": "1",
    "model_b": "2",
    "tie": TIE,
    "tie (bothbad)": NEITHER,
    "both_bad": NEITHER,
    "bothbad": NEITHER,
}


def _arena(path: Path) -> Table:
    def battle(row: Row) -> Row:
        said = row["winner"]
        judge = row.get("judge") or row.get("judge_hash")
        if isinstance(judge, list):  # MT-bench names the model and how it was asked
            judge = ", ".join(map(str, cast("list[Any]", judge)))
        others = {"prompt_id": row.get("question_id"), "judge": judge}
        return _pair(row["model_a"], row["model_b"], said, _WINNERS, **others)

    return _by_rows(path, battle)


# LLMFAO


def _llmfao(path: Path) -> Table:
    words = {"left": "1", "right": "2", "tie": TIE}

    def vote(row: Row) -> Row:
        others = {"prompt_id": row.get("prompt"), "judge": row.get("worker"), "trial_id": row.get("id")}
        return _pair(row["left"], row["right"], row["winner"], words, **others)

    return _by_rows(path, vote)


# AlpacaEval


def _alpaca(path: Path) -> Table:
    """Preferences are 1, 2, or between them how likely the second is; 0 and 1.5 are ties."""
    table = read_rows(path, what="tables")
    notes = [*table.notes]

    def rows() -> Iterator[tuple[int, Row]]:
        between = 0

        def annotation(row: Row) -> Row:
            nonlocal between
            said = row["preference"]
            preference = 0.0 if blank(said) else float(said)
            if preference != 0 and not 1 <= preference <= 2:
                raise ValueError(f"preference is {quoted(said)}, neither 0 nor from 1 to 2")
            between += preference not in (0, 1, 1.5, 2)
            word = "1" if 1 <= preference < 1.5 else "2" if preference > 1.5 else "tie"
            others = {"prompt_id": text_id(str(row.get("instruction"))), "judge": row.get("annotator")}
            words = {"1": "1", "2": "2", "tie": TIE, "": UNREADABLE}
            return _pair(row["generator_1"], row["generator_2"], "" if blank(said) else word, words, **others)

        yield from _changed(table, annotation)
        if between:
            notes.append(f"{counted(between, 'preference')} between 1 and 2 taken for the nearer")

    return Table(table.source, rows(), notes)


# ICAI's annotated pairs


_PREFERENCES = {"a": "1", "b": "2", "text_a": "1", "text_b": "2", "tie": TIE, "both": TIE} | {
    "neither": NEITHER,
    "not_applicable": NEITHER,
    "": NEITHER,
    "invalid": UNREADABLE,
}


def _icai(path: Path) -> Table:
    try:
        document = lenient_json(read_text(path))
    except ValueError as error:
        raise InputError(f"is not JSON: {error}", source=path) from error
    members = cast("Row", document) if isinstance(document, dict) else {}
    comparisons, annotators = members.get("comparisons"), members.get("annotators")
    if not isinstance(comparisons, list) or not isinstance(annotators, dict):
        found = enumerated(members) or "no object"
        raise InputError(f"holds no comparisons and annotators; found {found}", source=path)
    names = _names(cast("dict[str, Any]", annotators))

    def rows() -> Iterator[tuple[int, Row]]:
        for number, one in enumerate(cast("list[Any]", comparisons), 1):
            try:
                for row in _annotations(one, names):
                    yield number, row
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
                where = f"comparison {number}"
                raise InputError(f"is no annotated pair: {what}", source=path, where=where) from None

    return Table(str(path), rows())


def _names(annotators: dict[str, Any]) -> dict[str, str]:
    """A name for each annotator, no two alike."""
    names: dict[str, str] = {}
    for key, told in annotators.items():
        members = cast("Row", told) if isinstance(told, dict) else {}
        name = str(members.get("name") or members.get("description") or key)
        names[key] = f"{name} ({key})" if name in names.values() else name
    return names


def _annotations(one: Row, names: Mapping[str, str]) -> Iterable[Row]:
    prompt = one.get("prompt")
    identity = one.get("id")
    others = {
        "prompt_id": text_id(prompt) if isinstance(prompt, str) and prompt else identity,
        "trial_id": identity,
    }
    first, second = (_model(one, side) for side in ("response_a", "response_b"))
    for key, told in cast("dict[str, Row]", one["annotations"]).items():
        said = told.get("pref")
        said = told.get("no_pref_reason") if blank(said) else said
        yield _pair(first, second, said, _PREFERENCES, judge=names.get(key, key), **others)


def _model(one: Row, side: str) -> str:
    model = one[side].get("model")
    if not model:
        raise ValueError(f"{side} does not say which model it is by")
    return str(model)


MAPS: Mapping[str, TableMap] = {
    "arena": TableMap(
        "battles of LMArena, judgments of MT-bench", frozenset({"model_a", "model_b", "winner"}), _arena
    ),
    "alpaca": TableMap(
        "annotations of AlpacaEval", frozenset({"generator_1", "generator_2", "preference"}), _alpaca
    ),
    "icai": TableMap(
        "ICAI's annotated pairs, version 2", frozenset({"response_a", "response_b", "annotations"}), _icai
    ),
    "llmfao": TableMap("votes of LLMFAO", frozenset({"left", "right", "winner"}), _llmfao),
}
