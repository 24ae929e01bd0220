"""YAML as people write it: read by libyaml, and what is wrong with it told in their words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import yaml

from mien.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The loader in pure Python refuses valid YAML, such as `[Is it raining?]`; wheels of PyYAML have libyaml's.
Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_COLON = "quote the text: it holds a colon"
_WORDS = {
    "mapping values are not allowed": _COLON,
    "found a tab character": "indent with spaces, not with tabs",
    "but found another document": "holds a second document after ---; keep one",
    "found undefined alias": "quote the text: it begins with *",
    "block sequence entries are not allowed": "quote the text: it begins with -",
    "control characters are not allowed": "holds a control character; take it out",
}


def compose_yaml(text: str, source: object) -> yaml.Node | None:
    """A document's nodes, which know their lines; nothing where it is empty.

    Raises:
        InputError: no valid YAML, with the line; or a mapping has a key twice, of which YAML's reader would
            keep the last and say nothing.
    """
    try:
        node = yaml.compose(text, Loader=Loader)
        if node is not None:
            each_key_once(node, source)
    except yaml.YAMLError as error:
        raise _explained(error, text, source) from error
    except RecursionError:
        raise InputError("is nested too deeply to be read", source=source) from None
    return node


def read_yaml(text: str, source: object) -> tuple[yaml.Node | None, Any]:
    """A document's nodes and its value; nothing and None where it is empty.

    Raises:
        InputError: as `compose_yaml`.
    """
    node = compose_yaml(text, source)
    try:
        return node, yaml.load(text, Loader=Loader)
    except yaml.YAMLError as error:
        raise _explained(error, text, source) from error
    except ValueError as error:  # such as the date 2024-13-01
        raise InputError(f"is not valid YAML: {error}; quote the text", source=source) from error


class _Core(Loader):
    """YAML 1.2 as far as yes and no go: they are texts."""


_Core.yaml_implicit_resolvers = {
    sign: [(tag, expression) for tag, expression in resolvers if not tag.endswith(":bool")]
    for sign, resolvers in Loader.yaml_implicit_resolvers.items()
}
_Core.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
)


def read_yaml_documents(text: str, source: object) -> list[Any]:
    """The values of all documents of a text that another tool reads; ``---`` sets them apart.

    Empty ones are left out. Most tools read YAML 1.2, where ``Yes`` and ``off`` are texts.

    Raises:
        InputError: as `compose_yaml`.
    """
    try:
        for node in yaml.compose_all(text, Loader=Loader):
            each_key_once(node, source)
        found = list(yaml.load_all(text, Loader=_Core))
    except yaml.YAMLError as error:
        raise _explained(error, text, source) from error
    except (RecursionError, ValueError) as error:
        raise InputError(f"is not valid YAML: {error}", source=source) from error
    return [value for value in found if value is not None]


def each_key_once(node: yaml.Node, source: object) -> None:
    """Refuse a document in which a mapping has a key twice.

    Raises:
        InputError: with both lines.
    """
    for key, first, second in _twice(node):
        problem = f"key {key} was given on line {first} already; keep one"
        raise InputError(problem, source=source, where=f"line {second}")


def _explained(error: yaml.YAMLError, text: str, source: object) -> InputError:
    mark: yaml.Mark | None = getattr(error, "problem_mark", None)
    found = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    problem = next((words for start, words in _WORDS.items() if found.startswith(start)), "")
    if mark is None:
        return InputError(problem or f"is not valid YAML: {found}", source=source)
    if problem == _COLON and ": " not in text.split("\n")[mark.line][: mark.column]:
        problem = f"line the key up with those above, or {_COLON}"  # a text may go on in the next line
    if not problem and "cannot start any token" in found:
        sign = text.split("\n")[mark.line][mark.column : mark.column + 1]
        tab = sign == "\t"
        problem = "indent with spaces, not with tabs" if tab else f"quote the text: it begins with {sign}"
    return InputError(problem or f"is not valid YAML: {found}", source=source, where=f"line {mark.line + 1}")


def _twice(node: yaml.Node) -> Iterator[tuple[str, int, int]]:
    """Keys that a mapping has twice, with both lines."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(item)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            if isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                if key.value in seen:
                    yield key.value, seen[key.value], line
                seen[key.value] = line
            yield from _twice(value)


def line_of(node: yaml.Node, *path: str | int) -> int:
    """The line of the deepest part of a path that the document holds."""
    return [line for line, _ in _walk(node, path)][-1]


def part_of(node: yaml.Node, *path: str | int) -> yaml.Node | None:
    """The part that a path leads to; None where the document does not go so deep."""
    parts = [part for _, part in _walk(node, path)]
    return parts[-1] if len(parts) == len(path) + 1 else None


def _walk(node: yaml.Node, path: Sequence[str | int]) -> Iterator[tuple[int, yaml.Node]]:
    """The document, and what lies on a path in it, each with its line."""
    yield node.start_mark.line + 1, node
    for part in path:
        found = line = None
        if isinstance(node, yaml.MappingNode):
            pairs = ((key, value) for key, value in node.value if key.value == part)
            key, found = next(pairs, (None, None))
            line = key and key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
            line = found.start_mark.line + 1
        if found is None or line is None:
            return
        node = found
        yield line, node


def yaml_text(value: Any) -> str:
    """YAML as a person would write it: keys in their order, long texts as blocks, no escapes."""

    class Dumper(yaml.SafeDumper):
        """A dumper to which the block style can be taught without teaching it to all others."""

    def text(dumper: yaml.SafeDumper, words: str) -> yaml.ScalarNode:
        style = "|" if "\n" in words else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", words, style=style)  # pyright: ignore[reportUnknownMemberType]

    Dumper.add_representer(str, text)
    # Newer stubs of PyYAML leave a part of its type open.
    return yaml.dump(  # pyright: ignore[reportUnknownMemberType]
        value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=96
    )
