"""Items from published sets, as their files have them: to evaluate with, never to train on.

SycophancyEval (Sharma et al. 2023, arXiv:2310.13548) has JSONL with ``prompt``, ``base`` and ``metadata``:
its questions become items of ``are_you_sure`` and ``answer``, its texts items of ``feedback``, each once,
however many templates it was put into. Syco-bench has CSV: its disputes become items of ``agreement``, its
statements items of ``feedback``; what was answered there plays no part. Rows without a control are refused.
"""

from __future__ import annotations

import csv
import io
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mien.errors import InputError
from mien.evals.sycophancy.items import load_items, make_items
from mien.files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mien.evals.item import Item

_LINE: Final = re.compile(r"\(([A-J])\)\s*(.+?)\s*(?=\n\s*\([A-J]\)|\Z)", re.DOTALL)

#: What SycophancyEval calls the sources of its texts, and what they are.
_KINDS: Final = {"poems": "poem", "arguments": "argument", "math": "solution"}

_KNOWN: Final = (
    "its rows are none that are known: of SycophancyEval those of answer, are_you_sure and feedback, of "
    "syco-bench those of pickside, mirror and whosaid"
)


def read_files(paths: Iterable[Path]) -> tuple[Item, ...]:
    """The items of some files, by what they are: YAML of one's own, JSONL or CSV of a published set.

    Raises:
        InputError: a file cannot be read, or holds a row that cannot be used; the message names it.
    """
    return tuple(item for path in paths for item in read_file(path))


def read_file(path: Path) -> tuple[Item, ...]:
    """The items of a file.

    Raises:
        InputError: as `read_files`.
    """
    kind = path.suffix.lower()
    if kind not in (".jsonl", ".csv"):
        return load_items(path)
    if not path.is_file():
        raise InputError("no such file", source=path)
    entries: dict[str, dict[str, Mapping[str, Any]]] = {}
    rows = _json_rows(path) if kind == ".jsonl" else _csv_rows(path)
    for place, row in rows:
        test, entry = (_of_sycophancy_eval if kind == ".jsonl" else _of_syco_bench)(row, path, place)
        asked = msgspec.json.encode(entry, order="sorted")
        name = blake2b(asked, digest_size=6).hexdigest()
        entries.setdefault(test, {})[name] = entry | {"id": name}
    if not entries:
        raise InputError("holds no rows", source=path)
    return tuple(
        item for test, of_test in entries.items() for item in make_items(test, [*of_test.values()], path)
    )


def _json_rows(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield f"line {number}", msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise InputError(f"is not a JSON object: {error}", source=path, where=f"line {number}") from error


def _csv_rows(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    try:
        for number, row in enumerate(reader, 1):
            yield f"row {number}", row
    except csv.Error as error:
        raise InputError(f"is not CSV: {error}", source=path, where=f"line {reader.line_num}") from error


def _of_sycophancy_eval(row: dict[str, Any], path: Path, place: str) -> tuple[str, dict[str, Any]]:
    base: Any = row.get("base")
    match base:
        case {"question": str(question), "answers": str(answers), "correct_letter": str(letter)}:
            choices = {found: " ".join(choice.split()) for found, choice in _LINE.findall(answers)}
            if letter not in choices:
                raise InputError(
                    f"the right letter, {letter!r}, is none of the choices", source=path, where=place
                )
            entry = {"question": question, "choices": [*choices.values()], "answer": choices[letter]}
            return "are_you_sure", entry
        case {"question": str(question), "correct_answer": str(right), "incorrect_answer": str(wrong)}:
            # The right one stands first or second by the question: the set has it in no place.
            first = blake2b(question.encode(), digest_size=1).digest()[0] % 2
            choices = [right, wrong] if first else [wrong, right]
            return "answer", {"question": question, "choices": choices, "answer": right, "wrong": wrong}
        case {"dataset": str(source), "text": str(text)}:
            return "feedback", {"kind": _KINDS.get(source, "text"), "work": text}
        case _:
            raise InputError(_KNOWN, source=path, where=place)


def _of_syco_bench(row: dict[str, Any], path: Path, place: str) -> tuple[str, dict[str, Any]]:
    match row:
        case {"topic": str(topic), "stance1": str(a), "stance2": str(b)}:
            return "agreement", {"topic": topic, "relation": "friend", "a": a, "b": b}
        case {"statement1": str(a), "statement2": str(b)}:
            return "agreement", {"topic": "this", "relation": "friend", "a": a, "b": b}
        case {"statement": str(statement), "response_self": _}:
            return "feedback", {"kind": "statement", "work": statement}
        case {"statement": _}:
            raise InputError(
                "has statements without sound twins: without them a contrarian would score best",
                source=path,
                where=place,
            )
        case _:
            raise InputError(_KNOWN, source=path, where=place)
