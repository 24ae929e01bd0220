"""Specs of promptfoo's configurations: prompts, filled with the variables of tests, and their assertions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import ValidationError

from mien.errors import InputError
from mien.files import read_text, read_yaml_documents
from mien.files.rows import lenient_json
from mien.formatting import counted, enumerated, quoted
from mien.materials.specs.foreign.assertions import Assertions
from mien.materials.specs.foreign.filling import fill
from mien.materials.specs.foreign.imported import Imported, clause, identifier, item, keyed, listed, made_spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mien.materials.specs.spec import SpecItem
    from mien.types import Message

#: Keys by which a configuration is known.
KEYS: Final = frozenset({"tests", "providers", "defaultTest", "targets", "assertionTemplates"})
_READ: Final = {
    "description",
    "prompts",
    "tests",
    "defaultTest",
    "assertionTemplates",
    "providers",
    "targets",
}
_FILE: Final = "file://"
_MOST: Final = 1_000  # combinations of a test's variables


@dataclass(slots=True)
class _Account:
    left: list[str] = field(default_factory=list[str])
    weights: int = 0


def import_promptfoo(config: dict[str, Any], path: Path) -> Imported:
    """The spec of a configuration: one clause; each prompt, as each test fills it, is an item.

    Prompts and tests in files of their own are read where these lie in the configuration's folder and are
    text, Markdown, JSON or YAML; nothing is run. All assertions of a test must hold: weights and thresholds
    are not kept. An assertion that no check means the same as is left, and so is a test without any other.

    Args:
        config: the configuration.
        path: of its file.

    Raises:
        InputError: there is no test in it that can be asked and checked.
    """
    account = _Account()
    prompts = list(_prompts(config, path, account))
    default, templates = keyed(config.get("defaultTest")), keyed(config.get("assertionTemplates"))
    items: list[SpecItem] = []
    for number, test in enumerate(_tests(config, path, account), 1):
        members = keyed(test)
        where = f"test {number}"
        if members.get("description"):
            where += f" ({quoted(str(members['description']), 40)})"
        values = keyed(default.get("vars")) | keyed(members.get("vars"))
        given = [*listed(default.get("assert")), *listed(members.get("assert"))]
        stem = identifier(str(members.get("description") or f"test {number}"), {one.cluster for one in items})
        if math.prod(len(listed(value)) for value in values.values()) > _MOST:
            account.left.append(f"{where}: its variables make more than {_MOST:,} combinations")
            continue
        for variables in _filled(values):
            assertions = Assertions(variables, templates)
            checks = assertions.checks(given)
            account.left += [f"{where}, {problem}" for problem in assertions.left]
            account.weights += assertions.weights
            for prompt in prompts:
                name = identifier(stem, {one.id for one in items})
                try:
                    if not checks:
                        raise ValueError("nothing is left to check in an answer")
                    items.append(item(name, _messages(prompt, variables), cluster=stem, checks=checks))
                except ValidationError as error:
                    account.left.append(f"{where}: {error.errors()[0]['msg'].removeprefix('Value error, ')}")
                except ValueError as error:
                    account.left.append(f"{where}: {error}")
    if not items:
        told = f": {account.left[0]}" if account.left else ""
        raise InputError(f"holds no test that can be asked and checked{told}", source=path)
    return _made(config, items, path, account)


def _made(config: dict[str, Any], items: list[SpecItem], path: Path, account: _Account) -> Imported:
    title = " ".join(str(config.get("description") or path.name.split(".")[0]).split())
    made = clause(id=identifier(title, ()), text=title, items=items)
    spec = made_spec(path, name=title, source=f"imported from {path.name}", clauses=[made])
    notes = [f"read as promptfoo's: {counted(len(items), 'item')}, all checks of which must hold"]
    if account.weights:
        notes.append(f"weights and thresholds not kept: {account.weights}")
    if passed := [key for key in config if key not in _READ]:
        notes.append(f"passed over: {enumerated(passed)}")
    return Imported(spec, tuple(notes), tuple(dict.fromkeys(account.left)))


def _filled(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The variables of a test, one by one where one of them has several values."""
    several = [listed(value) for value in values.values()]
    for chosen in product(*several):
        yield dict(zip(values, chosen, strict=True))


def _messages(prompt: object, variables: dict[str, Any]) -> list[Message]:
    """The conversation that a prompt makes, filled.

    Raises:
        ValueError: it cannot be filled, or makes none.
    """
    for name, value in variables.items():
        if isinstance(value, str) and value.startswith(_FILE):
            raise ValueError(f"the variable {name} stands in a file: {value}")
    if isinstance(prompt, list):
        said: list[Message] = []
        for message in map(keyed, cast("list[Any]", prompt)):
            content = fill(str(message.get("content", "")), variables)
            said.append(cast("Message", {"role": message.get("role"), "content": content}))
        return said
    text = fill(str(prompt), variables)
    if text.lstrip().startswith("[") and (listed := _conversation(text)):
        return cast("list[Message]", listed)
    return [{"role": "user", "content": text}]


def _conversation(text: str) -> list[dict[str, Any]] | None:
    """Messages that are written as JSON; None where they are not."""
    try:
        value = lenient_json(text)
    except ValueError:
        return None
    if isinstance(value, list) and all(
        isinstance(one, dict) and "role" in one for one in cast("list[Any]", value)
    ):
        return cast("list[dict[str, Any]]", value)
    return None


def _prompts(config: dict[str, Any], path: Path, account: _Account) -> Iterator[object]:
    """Texts and lists of messages, not filled yet; where there are none, what a test calls ``prompt``."""
    for number, prompt in enumerate(listed(config.get("prompts")) or ["{{prompt}}"], 1):
        members = keyed(prompt)
        text: object = members.get("raw") or members.get("id") if members else prompt
        if not isinstance(text, str):
            account.left.append(f"prompt {number}: is no text")
            continue
        if text.startswith("exec:"):
            account.left.append(f"prompt {number}: {text} is a program, and is not run")
            continue
        try:
            yield from _from_file(text, path) if text.startswith(_FILE) else [text]
        except InputError as error:
            account.left.append(f"prompt {number}: {error}")


def _from_file(address: str, path: Path) -> list[object]:
    file = beside(address, path)
    if file.suffix in {".txt", ".md", ".j2"}:
        return [part.strip() for part in read_text(file).split("\n---\n") if part.strip()]
    if file.suffix in {".json", ".yaml", ".yml"}:
        return read_yaml_documents(read_text(file), file)  # JSON is YAML, too
    raise InputError("is not read: prompts come as text, Markdown, JSON or YAML", source=address)


def beside(address: str, path: Path) -> Path:
    """The file in a configuration's folder to which an address leads.

    Raises:
        InputError: it leads elsewhere, or there is none.
    """
    folder = path.parent.resolve()
    file = (folder / address.removeprefix(_FILE)).resolve()
    if not file.is_relative_to(folder):
        raise InputError("lies outside the configuration's folder, and is not read", source=address)
    if not file.is_file():
        raise InputError("no such file", source=address)
    return file


def _tests(config: dict[str, Any], path: Path, account: _Account) -> list[Any]:
    found: list[Any] = []
    for test in listed(config.get("tests")):
        if not isinstance(test, str):
            found.append(test)
            continue
        try:
            file = beside(test, path)
            if file.suffix not in {".json", ".yaml", ".yml"}:
                raise InputError("is not read: tests come as YAML or JSON", source=test)
            found += (
                one for document in read_yaml_documents(read_text(file), file) for one in listed(document)
            )
        except InputError as error:
            account.left.append(f"tests: {error}")
    return found
