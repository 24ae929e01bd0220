"""What a model is trained on: rows of preferences in TRL's formats, read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mien.errors import InputError
from mien.files import FORMATS, format_of, read_jsonl, read_rows, read_text
from mien.files.rows import whole
from mien.types import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Turns = tuple[Message, ...]

_ROLES = {"prompt": "user", "chosen": "assistant", "rejected": "assistant"}
_SUFFIXES = (".jsonl", ".parquet")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to the same words, of which the first is to become more likely than the second.

    Attributes:
        place: of the row, for messages: ``train.jsonl, row 3``.
    """

    place: str
    prompt: Turns
    chosen: Turns
    rejected: Turns


@dataclass(frozen=True, slots=True)
class Example:
    """An answer to learn, and what it answers."""

    place: str
    prompt: Turns
    completion: Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """All that a training reads.

    Attributes:
        source: folder or file.
        pairs: to train on.
        held_out: pairs that are only looked at in the end; none of them is trained on.
        introspection: what the model says of and to itself, one example for each of its turns.
        alike: rows to train on that were left out as their two answers are the same.
        seen: held-out rows that were left out as they are trained on, too.
        told: ``craft.json`` of the folder: how the data were made; empty where there is none.
        digest: hash of the rows.
    """

    source: Path
    pairs: tuple[Pair, ...]
    held_out: tuple[Pair, ...] = ()
    introspection: tuple[Example, ...] = ()
    alike: int = 0
    seen: int = 0
    told: dict[str, Any]
    digest: str


def read_dataset(source: str | Path) -> Dataset:
    """Read preferences.

    Args:
        source: a folder with ``train.jsonl`` or ``train.parquet`` and, if there are any, ``heldout``,
            ``introspection`` and ``craft.json``; or one file. A row has ``prompt``, ``chosen`` and
            ``rejected``, lists of messages, or texts of one message each; without ``prompt`` the two
            conversations begin with it.

    Raises:
        InputError: a file is missing, a row is malformed, or there is nothing to learn.
    """
    source = Path(source).expanduser()
    if source.is_dir():
        train = _find(source, "train")
        if train is None:
            raise InputError("holds neither train.jsonl nor train.parquet", source=source)
        held_out, introspection = _find(source, "heldout"), _find(source, "introspection")
    else:
        train, held_out, introspection = source, None, None
    rows = _read_pairs(train)
    pairs = tuple(pair for pair in rows if pair.chosen != pair.rejected)
    if not pairs:
        found = "every row's chosen and rejected answers are the same" if rows else "holds no row"
        raise InputError(f"{found}, so there is nothing to learn", source=train)
    apart = [pair for pair in _read_pairs(held_out) if pair.chosen != pair.rejected] if held_out else []
    trained = {json.dumps(_content(pair)) for pair in pairs}
    held = tuple(pair for pair in apart if json.dumps(_content(pair)) not in trained)
    examples = tuple(_read_examples(introspection)) if introspection else ()
    digest = blake2b(digest_size=16)
    for one in (*pairs, None, *held, None, *examples):
        digest.update(json.dumps(one and _content(one)).encode())
    return Dataset(
        source=source,
        pairs=pairs,
        held_out=held,
        introspection=examples,
        alike=len(rows) - len(pairs),
        seen=len(apart) - len(held),
        told=_told(source / "craft.json"),
        digest=digest.hexdigest(),
    )


def chosen_examples(pairs: Sequence[Pair]) -> tuple[Example, ...]:
    """The chosen answers of pairs as answers to learn."""
    return tuple(Example(pair.place, pair.prompt, pair.chosen) for pair in pairs)


def _content(one: Pair | Example) -> list[Turns]:
    rest = [one.chosen, one.rejected] if isinstance(one, Pair) else [one.completion]
    return [one.prompt, *rest]


def _find(folder: Path, name: str) -> Path | None:
    return next((path for suffix in _SUFFIXES if (path := folder / f"{name}{suffix}").is_file()), None)


def _told(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        told = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"is not JSON: {error}", source=path) from error
    if not isinstance(told, dict):
        raise InputError("is no JSON object", source=path)
    return cast("dict[str, Any]", told)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows with their places."""
    if not path.is_file():
        raise InputError("no such folder or file; give a folder that holds train.jsonl", source=path)
    lines = format_of(path) == ".jsonl" or format_of(path) not in FORMATS  # of which there may be none
    numbered = read_jsonl(read_text(path), str(path)) if lines else read_rows(path).rows
    for number, row in numbered:
        yield f"{path}, row {number}", row


def _read_pairs(path: Path) -> tuple[Pair, ...]:
    return tuple(_pair(place, row) for place, row in _rows(path))


def _pair(place: str, row: dict[str, Any]) -> Pair:
    row = _as_messages(place, row)
    chosen, rejected = (_turns(place, row, key) for key in ("chosen", "rejected"))
    if row.get("prompt") is not None:
        prompt = _turns(place, row, "prompt")
    else:
        both = zip(chosen[:-1], rejected[:-1], strict=False)
        shared = next((i for i, (a, b) in enumerate(both) if a != b), min(len(chosen), len(rejected)) - 1)
        prompt, chosen, rejected = chosen[:shared], chosen[shared:], rejected[shared:]
    _check_prompt(place, prompt)
    for key, answer in (("chosen", chosen), ("rejected", rejected)):
        if len(answer) != 1 or answer[0]["role"] != "assistant":
            raise InputError("is to be one message, of the role assistant", source=place, where=f"key {key}")
        if not answer[0]["content"].strip():
            raise InputError("the answer is empty", source=place, where=f"key {key}")
    return Pair(place, prompt, chosen, rejected)


def _as_messages(place: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row in TRL's standard format, whose texts are one message each, in the conversational one.

    A prompt that is a text beside whole conversations stands in these, too.
    """
    plain = [key for key in _ROLES if isinstance(row.get(key), str)]
    if plain == ["prompt"] and len(row.get("chosen") or ()) > 1:
        return {key: value for key, value in row.items() if key != "prompt"}
    if row.get("prompt") is None and len(plain) == 2:
        raise InputError(
            "without a prompt nobody knows where in these texts the answers begin; put what is answered into "
            "prompt, or give conversations as lists of messages",
            source=place,
        )
    if plain not in (["prompt"], list(_ROLES)):
        return row
    return row | {key: [{"role": _ROLES[key], "content": row[key]}] for key in plain}


def _read_examples(path: Path) -> Iterator[Example]:
    """One example for each turn of the assistant."""
    for place, row in _rows(path):
        turns = _turns(place, row, "messages")
        answers = [i for i, turn in enumerate(turns) if i and turn["role"] == "assistant"]
        if not answers:
            raise InputError("holds no answer of the assistant", source=place, where="key messages")
        for i in answers:
            if not turns[i]["content"].strip():
                raise InputError("an answer is empty", source=place, where="key messages")
            _check_prompt(place, turns[:i])
            yield Example(place, turns[:i], turns[i : i + 1])


def _check_prompt(place: str, prompt: Turns) -> None:
    if not prompt or prompt[-1]["role"] != "user":
        raise InputError("what is answered is to end with a message of the role user", source=place)


def _turns(place: str, row: dict[str, Any], key: str) -> Turns:
    given = row.get(key)
    if not isinstance(given, list) or not given:
        found = "is missing" if given is None else "is no list of messages"
        raise InputError(
            f'{found}; write [{{"role": "user", "content": "…"}}]', source=place, where=f"key {key}"
        )
    turns: list[Message] = []
    for one in cast("list[Any]", given):
        turn = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
        role, content = turn.get("role"), turn.get("content")
        if role not in {"system", "user", "assistant"} or not isinstance(content, str):
            raise InputError(
                "a message has a role (system, user or assistant) and a text as its content",
                source=place,
                where=f"key {key}",
            )
        if not whole(content):
            problem = "holds half a character (a lone surrogate); take it out"
            raise InputError(problem, source=place, where=f"key {key}")
        turns.append(Message(role=role, content=content))
    return tuple(turns)
