"""Specs of weval's blueprints: prompts in YAML or JSON, with what an answer should and should not do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import ValidationError

from mien.errors import InputError
from mien.formatting import counted, enumerated, quoted
from mien.materials.specs.checks import read_check
from mien.materials.specs.foreign import patterns
from mien.materials.specs.foreign.imported import (
    Imported,
    clause,
    example,
    identifier,
    item,
    keyed,
    listed,
    made_spec,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mien.materials.specs.checks import Check
    from mien.materials.specs.spec import Example, SpecItem
    from mien.types import Message

#: Keys by which a prompt of a blueprint is known.
PROMPT: Final = frozenset({"prompt", "promptText", "messages", "should", "should_not", "ideal", "points"})
_SHOULD: Final = ("should", "points", "expect", "expects", "expectations")
_KNOWN: Final = {*PROMPT, *_SHOULD, "id", "idealResponse", "system", "description"}
_HEADER: Final = {
    "id",
    "configId",
    "title",
    "configTitle",
    "description",
    "system",
    "systemPrompt",
    "prompts",
}
_TEXT: Final = ("point", "text")
_BESIDE: Final = {"weight", "multiplier", "citation"}


@dataclass(slots=True)
class _Account:
    left: list[str] = field(default_factory=list[str])
    weights: int = 0
    passed: dict[str, None] = field(default_factory=dict[str, None])


def import_weval(documents: Sequence[object], path: Path) -> Imported:
    """The spec of a blueprint: one clause, with its prompts for items, and what they ask for as checks.

    Whatever stands in a list of lists is a way that an answer may go; of several, one has to be gone. Ideal
    answers are good examples. weval scores by how much of the criteria is met, with weights; here all that a
    prompt asks for must hold, and weights are not kept.

    Args:
        documents: those of the file.

    Raises:
        InputError: there is no prompt in it that can be asked and checked.
    """
    header, prompts = _parts(documents)
    account = _Account(passed=dict.fromkeys(key for key in header if key not in _HEADER))
    system = header.get("system") or header.get("systemPrompt")
    items: list[SpecItem] = []
    good: list[Example] = []
    for number, prompt in enumerate(prompts, 1):
        where = f"prompt {prompt.get('id') or number}"
        account.passed |= dict.fromkeys(key for key in prompt if key not in _KNOWN)
        try:
            messages = _messages(prompt, system)
            checks = _checks(prompt, where, account)
            if not checks:
                raise ValueError("nothing is left to check in an answer")
            name = identifier(str(prompt.get("id") or f"prompt {number}"), {one.id for one in items})
            items.append(item(name, messages, checks=checks))
            if ideal := prompt.get("ideal") or prompt.get("idealResponse"):
                good.append(example(messages, str(ideal)))
        except ValidationError as error:
            account.left.append(f"{where}: {error.errors()[0]['msg'].removeprefix('Value error, ')}")
        except ValueError as error:
            account.left.append(f"{where}: {error}")
    if not items:
        told = f": {account.left[0]}" if account.left else ""
        raise InputError(f"holds no prompt that can be asked and checked{told}", source=path)
    title = str(header.get("title") or header.get("configTitle") or path.name.split(".")[0])
    text = "\n\n".join(part for part in (title, str(header.get("description") or "")) if part.strip())
    made = clause(id=identifier(title, ()), text=text, good=good, items=items)
    name = " ".join(title.split())
    spec = made_spec(path, name=name, source=f"imported from {path.name}", clauses=[made])
    return Imported(spec, tuple(_notes(items, account)), tuple(account.left))


def _notes(items: list[SpecItem], account: _Account) -> list[str]:
    notes = [f"read as a blueprint of weval: {counted(len(items), 'prompt')}, all checks of which must hold"]
    if account.weights:
        notes.append(f"{counted(account.weights, 'weight')} not kept")
    if account.passed:
        notes.append(f"passed over: {enumerated(account.passed)}")
    return notes


def _parts(documents: Sequence[object]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The header, and the prompts, in whichever of the four layouts they come."""
    members = [keyed(one) for document in documents for one in listed(document) if keyed(one)]
    header = members[0] if members and not PROMPT & members[0].keys() else {}
    prompts = members[1:] if header else members
    if "prompts" in header:
        prompts = [keyed(one) for one in listed(header["prompts"])]
    return header, prompts


def _messages(prompt: dict[str, Any], system: object) -> list[Message]:
    told = prompt.get("system", system)
    said: list[Message] = [{"role": "system", "content": str(told)}] if told else []
    asked = prompt.get("prompt") or prompt.get("promptText")
    if asked:
        return [*said, {"role": "user", "content": str(asked)}]
    for message in listed(prompt.get("messages")):
        if not (members := keyed(message)):
            raise ValueError("holds a message that is none")
        role, content = (
            (members["role"], members.get("content")) if "role" in members else next(iter(members.items()))
        )
        if not isinstance(content, str):
            raise ValueError("the model is to write turns of the conversation as it goes")
        if role == "system" and said:
            said.clear()
        said.append(cast("Message", {"role": "assistant" if role == "ai" else role, "content": content}))
    return said


def _checks(prompt: dict[str, Any], where: str, account: _Account) -> list[Check]:
    found: list[Check] = []
    for key in _SHOULD:
        found += _several(prompt.get(key), f"{where}, {key}", account, absent=False)
    return [*found, *_several(prompt.get("should_not"), f"{where}, should_not", account, absent=True)]


def _several(points: object, where: str, account: _Account, *, absent: bool) -> list[Check]:
    """The checks of a list of criteria, in which lists are ways of which one has to be gone."""
    ways: list[list[Any]] = []
    required: list[Any] = []
    for one in listed(points):
        if isinstance(one, list):
            ways.append(cast("list[Any]", one))
        else:
            required.append(one)
    if len(ways) == 1:
        required += ways.pop()
    found: list[Check] = []
    for number, point in enumerate(required, 1):
        try:
            found += _point(point, account, absent=absent)
        except ValueError as error:
            account.left.append(f"{where}, {number}: {error}")
    if ways:
        try:
            texts = [[_plain(point, account) for point in way] for way in ways]
            found.append(patterns.either(texts, absent=absent))
        except ValueError as error:
            account.left.append(f"{where}, {counted(len(ways), 'way')} of which one has to be gone: {error}")
    return found


def _plain(point: Any, account: _Account) -> str:
    """The words of a criterion.

    Raises:
        ValueError: it has none, but is counted.
    """
    if isinstance(point, str):
        return point
    members = keyed(point)
    if words := next((members[key] for key in _TEXT if isinstance(members.get(key), str)), None):
        account.weights += bool({"weight", "multiplier"} & members.keys())
        return words
    if len(members) == 1 and not (name := next(iter(members))).startswith("$") and name != "fn":
        return name  # with its citation
    raise ValueError(f"{quoted(members)} is counted, and can't be one way among others")


def _point(point: Any, account: _Account, *, absent: bool) -> list[Check]:
    members = keyed(point)
    call = next((key for key in members if str(key).startswith("$")), None)
    if "fn" in members:
        account.weights += bool({"weight", "multiplier"} & members.keys())
        return counted_by(str(members["fn"]), members.get("arg", members.get("fnArgs")), absent=absent)
    if call is not None:
        account.weights += bool({"weight", "multiplier"} & members.keys())
        if others := members.keys() - _BESIDE - {call}:
            raise ValueError(f"no such key beside {call}: {enumerated(others)}")
        return counted_by(call[1:], members[call], absent=absent)
    return [patterns.met(_plain(point, account), absent=absent)]


def counted_by(name: str, value: object, *, absent: bool = False) -> list[Check]:
    """The checks that mean the same as a function of weval's.

    Raises:
        ValueError: there are none.
    """
    if name.startswith("not_"):
        return counted_by(name.removeprefix("not_"), value, absent=not absent)
    texts = [str(one) for one in listed(value)]
    if name == "word_count_between" and len(texts) == 2 and not absent:
        return [read_check({"words": {"least": float(texts[0]), "most": float(texts[1])}})]
    if name == "is_json" and value is True and not absent:
        return [read_check({"schema": {}})]
    cased = name in _COUNTED
    if not cased and name.removeprefix("i") not in _COUNTED:
        raise ValueError(f"${'not_' if absent else ''}{name} has no check that means the same")
    return _COUNTED[name if cased else name.removeprefix("i")](texts, cased, absent)


def _any(texts: list[str], cased: bool, absent: bool) -> list[Check]:
    return [patterns.contains(texts, cased=cased, absent=absent)]


def _all(texts: list[str], cased: bool, absent: bool) -> list[Check]:
    return [patterns.contains([text], cased=cased, absent=absent) for text in texts]


def _words(texts: list[str], cased: bool, absent: bool) -> list[Check]:
    return [patterns.word(text, cased=cased, absent=absent) for text in texts]


def _expressions(texts: list[str], cased: bool, absent: bool) -> list[Check]:
    return [patterns.expression(text, cased=cased, absent=absent) for text in texts]


def _begins(texts: list[str], cased: bool, absent: bool) -> list[Check]:
    return [patterns.begins(text, cased=cased, absent=absent) for text in texts]


#: By name; with an ``i`` before it, case does not count.
_COUNTED: Final[dict[str, Callable[[list[str], bool, bool], list[Check]]]] = {
    "contains": _any,
    "contain": _any,
    "contains_any_of": _any,
    "contains_all_of": _all,
    "contains_word": _words,
    "matches": _expressions,
    "match": _expressions,
    "matches_all_of": _expressions,
    "match_all_of": _expressions,
    "starts_with": _begins,
}
