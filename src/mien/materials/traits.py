"""Trait sets: the built-in ones and those that users bring, as YAML or plain text."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from mien.errors import InputError, UnknownName
from mien.files import compose_yaml, read_text
from mien.names import require_visible
from mien.types import NON_CHOICES, Trait

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHIPPED = resources.files("mien") / "data" / "traits"


@dataclass(frozen=True, slots=True)
class TraitSet:
    """A named, checked set of traits."""

    name: str
    traits: tuple[Trait, ...]
    description: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The traits' names, in the set's order."""
        return tuple(trait.name for trait in self.traits)


def fold(name: str) -> str:
    """A name as it is compared: case, white space and Unicode's compatibility forms don't count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def shipped_trait_sets() -> list[str]:
    """Names of the built-in sets."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _SHIPPED.iterdir())


def load_traits(source: str | Path) -> TraitSet:
    """Load a built-in set by name, or a user's from a file: YAML (``.yaml``, ``.yml``) or a trait a line.

    YAML holds a list of traits, or a mapping with ``traits`` and optionally ``name`` and ``description``; a
    trait is a name, or a mapping with ``name`` and optionally ``description``. In text, lines that begin
    with ``#`` are comments.

    Raises:
        UnknownName: neither a built-in set nor a file.
        InputError: the file cannot be read, or a trait is blank, stands twice, or clashes with a word that
            judges use; with the number of the line.
    """
    if str(source) in shipped_trait_sets():
        text = (_SHIPPED / f"{source}.yaml").read_text(encoding="utf-8")
        return _parse_yaml(text, str(source), str(source))
    path = Path(source)
    if not path.is_file():
        if path.suffix or path.name != str(source):
            raise InputError("no such file", source=path)
        raise UnknownName("trait set", str(source), shipped_trait_sets())
    text = read_text(path)
    if path.suffix in {".yaml", ".yml"}:
        return _parse_yaml(text, path.stem, str(path))
    # Not splitlines(), which counts lines that editors don't.
    rows = enumerate(io.StringIO(text), 1)
    lines = ((line, Trait(row.strip())) for line, row in rows if row[:1] != "#")
    return TraitSet(path.stem, _checked(lines, str(path)))


def traits_from_names(names: Iterable[str]) -> TraitSet:
    """Make a set of names alone.

    Raises:
        InputError: as `load_traits`; lines count from 1.
    """
    return TraitSet(
        "custom", _checked(((n, Trait(name.strip())) for n, name in enumerate(names, 1)), "traits")
    )


def _parse_yaml(text: str, name: str, source: str) -> TraitSet:
    node = compose_yaml(text, source)
    head = {"name": name, "description": ""}
    if isinstance(node, yaml.MappingNode):
        head |= {key: value for key, value in _scalars(node).items() if key in head}
        node = next((value for key, value in node.value if key.value == "traits"), None)
    if not isinstance(node, yaml.SequenceNode):
        raise InputError("holds no list of traits", source=source, where="key traits")
    return TraitSet(traits=_checked(_yaml_traits(node, source), source), **head)


def _yaml_traits(node: yaml.SequenceNode, source: str) -> Iterator[tuple[int, Trait]]:
    for item in node.value:
        line = item.start_mark.line + 1
        if isinstance(item, yaml.ScalarNode):
            yield line, Trait(" ".join(item.value.split()))
            continue
        members = _scalars(item) if isinstance(item, yaml.MappingNode) else {}
        if not {"name"} <= members.keys() <= {"name", "description"} or len(members) < len(item.value):
            raise InputError(
                "a trait is a name, or a mapping with `name` and optionally `description`",
                source=source,
                where=f"line {line}",
            )
        yield line, Trait(*(" ".join(members.get(key, "").split()) for key in ("name", "description")))


def _scalars(node: yaml.MappingNode) -> dict[str, str]:
    scalar = yaml.ScalarNode
    return {k.value: v.value for k, v in node.value if isinstance(k, scalar) and isinstance(v, scalar)}


def _checked(numbered: Iterator[tuple[int, Trait]], source: str) -> tuple[Trait, ...]:
    lines: dict[str, int] = {}
    traits: list[Trait] = []
    for line, trait in numbered:
        folded, where = fold(trait.name), f"line {line}"
        if not folded:
            raise InputError("a blank trait; remove the line or name the trait", source=source, where=where)
        require_visible(trait.name, "trait", source=source, where=where)
        if folded in NON_CHOICES:
            raise InputError(
                f"{trait.name!r} cannot be a trait: judges answer {', '.join(NON_CHOICES)} where none fits",
                source=source,
                where=where,
            )
        if folded in lines:
            raise InputError(
                f"{trait.name!r} stands on line {lines[folded]} already (case and spaces don't count)",
                source=source,
                where=where,
            )
        lines[folded] = line
        traits.append(trait)
    if len(traits) < 2:
        raise InputError(f"holds {len(traits)} traits; a comparison needs two", source=source)
    return tuple(traits)
