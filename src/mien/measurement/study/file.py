"""A study's file read, and every mistake in it with its line."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from mien.errors import GateError, InputError, MienError, UnknownName
from mien.files import line_of, part_of, read_text, read_yaml
from mien.measurement.study.document import Document
from mien.models.http.providers import endpoints, resolve_address
from mien.names import problem
from mien.stats.diffs.grammar import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIPPED = resources.files("mien") / "data" / "studies"

#: What a study's runs are called holds this between the study and the model: neither name may hold it.
SEPARATOR = ":"
_COLON = "quote the text: it holds a colon"
_SAID = {"extra_forbidden": "no such key", "missing": "is missing", "too_short": "holds nothing"}
_MAPPINGS = {
    "models": "a model is its address, or a mapping with model: and what else there is to say of it",
    "judge": "a judge is its address, or a mapping with model: and what else there is to say of it",
    "figures": "a figure is its name, or a mapping with figure: and what it is to show",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a file, and on which line, from 1."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyFile:
    """A study's file that holds no mistake of form.

    Attributes:
        source: the file, or the shipped study's name.
        folder: where the files lie that it names.
        node: its parts, which know their lines.
        document: what it says.
    """

    source: str
    folder: Path
    node: yaml.Node
    document: Document

    @property
    def name(self) -> str:
        """What the study is called."""
        return self.document.name or Path(self.source).stem

    def fault(self, wrong: str, *path: str | int) -> InputError:
        """The error that tells of a part of the file."""
        return InputError(wrong, source=self.source, where=f"line {line_of(self.node, *path)}")

    def beside(self, given: str | Path) -> str:
        """A path as the file means it: beside the file where there is such a one, else as it was given."""
        there = self.folder / given
        return str(there if there.is_file() else given)


def shipped_studies() -> list[str]:
    """Names of the built-in studies."""
    return sorted(entry.name.removesuffix(".yaml") for entry in SHIPPED.iterdir())


def study_text(source: str | Path) -> str:
    """The text of a built-in study, or of a user's file, as it was written.

    Raises:
        UnknownName: neither a built-in study nor a file.
        InputError: the file cannot be read.
    """
    if Path(source).is_file():
        return read_text(Path(source))
    if str(source) in shipped_studies():
        return (SHIPPED / f"{source}.yaml").read_text(encoding="utf-8")
    if Path(source).suffix or Path(source).name != str(source):
        raise InputError("no such file", source=source)
    raise UnknownName("study", str(source), shipped_studies())


def read_study(source: str | Path) -> StudyFile:
    """Read a study's file.

    Raises:
        UnknownName: neither a built-in study nor a file.
        InputError: the first mistake, with its line, and how many more there are.
    """
    found, mistakes = examine(source)
    if found is None or mistakes:
        first, *others = mistakes
        more = f" ({len(others)} more: mien study check {source})" if others else ""
        raise InputError(first.problem + more, source=source, where=f"line {first.line}")
    return found


def examine(source: str | Path) -> tuple[StudyFile | None, list[Mistake]]:
    """A study's file as far as it can be read, and every mistake that is seen without a look beyond it.

    Raises:
        UnknownName: neither a built-in study nor a file.
        InputError: the file cannot be read, or is no mapping in YAML.
    """
    node, members = read_yaml(study_text(source), source)
    if node is None or not isinstance(members, dict):
        raise InputError(
            "a study is a mapping of keys to values; mien study new writes one with comments", source=source
        )
    try:
        document = Document.model_validate(members)
    except ValidationError as error:
        return None, _structure(node, error)
    folder = Path(source).parent if Path(source).is_file() else Path()
    found = StudyFile(source=str(source), folder=folder, node=node, document=document)
    mistakes = [
        Mistake(line_of(node, *path), f"key {'.'.join(map(str, path))}: {wrong}")
        for path, wrong in _contradictions(found)
    ]
    return found, sorted(mistakes, key=lambda one: one.line)


def _structure(node: yaml.Node, error: ValidationError) -> list[Mistake]:
    """What pydantic found, in the user's words and with its lines."""
    found: dict[Mistake, None] = {}
    errors = error.errors()
    for one in errors:
        if one["type"] == "too_short" and any(
            other["loc"][:1] == one["loc"] != other["loc"] for other in errors
        ):
            continue  # what is wrong with its members is told
        place = tuple(part for part in one["loc"] if not (isinstance(part, str) and "[" in part))
        if one["type"] == "extra_forbidden" and " " in str(place[-1]):
            wrong = _COLON
        else:
            wrong = _said(node, place, one["type"], one["msg"])
        found[Mistake(line_of(node, *place), f"key {'.'.join(map(str, place))}: {wrong}")] = None
    return sorted(found, key=lambda mistake: mistake.line)


def _said(node: yaml.Node, place: tuple[str | int, ...], kind: str, message: str) -> str:
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return _MAPPINGS.get(str(place[0]), "is to be a mapping of keys to values")
    if kind == "tuple_type":
        return "is to be a list: write [one, another], or one a line with - before it"
    if kind == "string_type":
        part = part_of(node, *place)
        if isinstance(part, yaml.MappingNode):
            return _COLON
        if isinstance(part, yaml.ScalarNode) and part.value:
            return f"quote the text: {part.value} is read as something else"
        return "is to be a text"
    return _SAID.get(kind, message)


def _contradictions(found: StudyFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What does not go together in a file whose form is right, by the path of its part."""
    yield from _names(found)
    yield from _lengths(found.document)
    yield from _ablations(found.document)
    for name in found.document.endpoints:
        try:
            address_of(name)
        except MienError as error:
            yield ("endpoints", name), str(error)
    for key, wanted in (("gates", "fail_on"), ("hypotheses", "expect")):
        for n, pair in enumerate(getattr(found.document, key)):
            for i, gate in enumerate(getattr(pair, wanted)):
                try:
                    parse(gate)
                except GateError as error:
                    yield (key, n, wanted, i), f"{gate!r}: {error.problem}"


def address_of(endpoint: str) -> str:
    """The base URL of an endpoint that is named by its provider or its address.

    Raises:
        UsageError: there is no such provider, or it is no address.
    """
    if "://" in endpoint:
        return resolve_address(endpoint).url
    known = endpoints()
    if endpoint not in known:
        raise UnknownName("provider", endpoint, known)
    return known[endpoint].url


def _names(found: StudyFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    document = found.document
    if wrong := _unfit(found.name):
        yield ("name",), wrong
    first: dict[str, int] = {}
    for n, model in enumerate(document.models):
        if wrong := _unfit(model.label):
            yield ("models", n), f"{wrong}; give the model another name:"
        elif model.label in first:
            line = line_of(found.node, "models", first[model.label])
            yield (
                ("models", n),
                f"a model is called {model.label!r} on line {line} already; give one of them another name:",
            )
        first.setdefault(model.label, n)
        if model.system and model.system_file:
            yield ("models", n, "system_file"), "there is a system: as well; keep one"
    verdicts: dict[str, int] = {}
    for n, judge in enumerate(document.judge):
        label = judge.model if n == 0 else judge.name or judge.model
        if label in verdicts:
            yield ("judge", n), f"the judge {label!r} is named twice; give one of them another name:"
        verdicts.setdefault(label, n)


def _unfit(name: str) -> str:
    if not name.strip():
        return "the name is blank"
    if SEPARATOR in name or "/" in name:
        return f"the name {name!r} holds {SEPARATOR if SEPARATOR in name else '/'}, which no name may"
    return problem(name, "name")


def _lengths(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    given = [key for key in ("rounds", "trials", "full") if getattr(document, key)]
    until = [key for key in ("until_reliability", "until_stderr") if getattr(document, key)]
    if len(given) > 1:
        yield (given[1],), f"{given[0]} says already how long the runs are; keep one"
    if given and until:
        yield (
            (until[0],),
            f"{given[0]} says already how long the runs are; max_trials bounds a run with a target",
        )
    if document.max_trials and not until:
        yield (
            ("max_trials",),
            "bounds a run with a target (until_reliability, until_stderr); else write trials",
        )


def _ablations(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    known = {model.label for model in document.models}
    seen = set[str]()
    for n, ablation in enumerate(document.ablations):
        if wrong := _unfit(ablation.name):
            yield ("ablations", n, "name"), wrong
        if ablation.name in seen or ablation.name in {*document.instruments, *document.conditions}:
            yield ("ablations", n, "name"), f"{ablation.name!r} is the name of something else already"
        seen.add(ablation.name)
        if ablation.asks_otherwise == (ablation.judge is not None):
            yield (
                ("ablations", n),
                "an ablation does one thing otherwise: judge, or what the model is asked (protocol, "
                "condition, system, sampling)",
            )
        for i, name in enumerate(ablation.models):
            if name not in known:
                yield ("ablations", n, "models", i), str(UnknownName("model", name, known))


def members_given(part: Any) -> dict[str, Any]:
    """The members that a part of a file names, and no defaults."""
    return {name: getattr(part, name) for name in part.model_fields_set}
