"""What the documentation names is there: paths of the repository, Python names, benchmarks."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.__main__ import NAMES
from tests import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^ *```(\w*).*?\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
REFERENCE = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
PATH = re.compile(r"(?<![\w./-])(?:src|tests|benchmarks|scripts|docs|examples)/[\w./-]*\w/?")
MODULE = re.compile(r"[\w/]+\.py")
DOTTED = re.compile(r"(?<![\w./-])mien(?:\.[A-Za-z_]\w*)+")
IMPORT = re.compile(r"^from (mien[\w.]*) import ([\w, ]+)", re.MULTILINE)
BENCHMARK = re.compile(r"python -m benchmarks ([a-z]\w*)")
FILES = {"mien.db"}  # dotted, and no Python


def code(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    for _, block in BLOCK.findall(text):
        yield block
    yield from SPAN.findall(BLOCK.sub("", text))
    yield from REFERENCE.findall(text)


def imported(page: Path) -> Iterator[str]:
    """The names that examples import from mien."""
    for module, names in IMPORT.findall(page.read_text(encoding="utf-8")):
        yield from (f"{module}.{name.split()[0]}" for name in names.split(","))


@cache
def is_there(name: str) -> bool:
    parts = name.split(".")
    depth = max(i for i in range(1, len(parts) + 1) if is_module(".".join(parts[:i])))
    thing: Any = import_module(".".join(parts[:depth]))
    for part in parts[depth:]:
        if not hasattr(thing, part):
            return part in getattr(thing, "__annotations__", {})  # a field
        thing = getattr(thing, part)
    return True


def is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@cache
def sources() -> list[str]:
    """The project's modules; what is built may be written while the tests run."""
    folders = ("benchmarks", "docs", "examples", "scripts", "src", "tests")
    return [path.as_posix() for folder in folders for path in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_are_there(page: Path):
    gone: list[str] = []
    for span in code(page):
        gone += [path for path in PATH.findall(span) if not (ROOT / path).exists()]
        if MODULE.fullmatch(span) and not any(path.endswith(f"/{span}") for path in sources()):
            gone.append(span)
    assert gone == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_names_are_there(page: Path):
    named = {name for span in code(page) for name in DOTTED.findall(span)} | set(imported(page))
    assert [name for name in sorted(named - FILES) if not is_there(name)] == []


def test_where_things_go_is_there():
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where does it go?")[2]
    rows = [row.split(" | ") for row in table.splitlines() if row.startswith("| a")]
    assert len(rows) == 14
    package = ROOT / "src" / "mien"
    for change, files, _ in rows:
        named = [path for path in SPAN.findall(files) if (package / path).exists()]
        gone = [path for path in SPAN.findall(files) if re.search(r"/|\.\w+$", path) and path not in named]
        assert [name for name in gone if not is_there(f"mien.{name}")] == [], change
        assert 1 <= len(named) <= 5, change


def test_benchmarks_are_there():
    named = {name for page in PAGES for span in code(page) for name in BENCHMARK.findall(span)}
    assert named <= {*NAMES, "all"}
    assert len(named) > 10


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_finds_what_it_needs(name: str):
    assert callable(import_module(f"benchmarks.{name}").main)


def test_a_name_that_is_gone_is_found_out():
    assert is_there("mien.stats.design.trials.Design.rounds")
    assert not is_there("mien.stats.design.trials.Nothing")
    assert not is_there("mien.nowhere.Design")
