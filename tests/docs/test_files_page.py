"""The page on files: every row that it shows is read as it says, and no layout is missing."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

from mien.cli import app
from mien.materials.constitutions import import_constitution
from mien.materials.prompts import read_prompts
from mien.materials.prompts.layouts import LAYOUTS
from mien.runs.interop.maps import MAPS
from mien.runs.interop.tables import read_table
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The first table under a heading."""
    found = re.search(r"^\|.*?\n\n", PAGE.partition(f"## {heading}\n")[2], re.DOTALL | re.MULTILINE)
    assert found
    rows = found[0].strip().split("\n")[2:]
    return [[cell.strip().strip("`") for cell in row[1:-1].split("|")] for row in rows]


PROMPTS, TABLES, CHARACTERS = table("Prompts"), table("Comparison tables"), table("Characters")


@pytest.mark.parametrize(("layout", "row", "prompt"), PROMPTS)
def test_a_row_of_prompts(tmp_path: Path, layout: str, row: str, prompt: str) -> None:
    (tmp_path / "a.jsonl").write_text(row, encoding="utf-8")
    found = read_prompts(tmp_path / "a.jsonl")
    assert [" ".join(one.text.split()) for one in found.prompts] == [prompt]
    assert found.notes == ()
    assert layout in {one.name for one in LAYOUTS}


def test_all_layouts_and_maps_are_shown() -> None:
    assert {layout for layout, _, _ in PROMPTS} == {one.name for one in LAYOUTS}
    assert {name for name, *_ in TABLES} == MAPS.keys()


@pytest.mark.parametrize(("name", "_", "row", "options", "chosen"), TABLES)
def test_a_row_of_comparisons(tmp_path: Path, name: str, _: str, row: str, options: str, chosen: str) -> None:
    path = tmp_path / ("a.json" if name == "icai" else "a.jsonl")
    path.write_text(row, encoding="utf-8")
    read = read_table(path, map_by=name)
    assert read[["option_1", "option_2", "chosen"]].to_numpy().tolist() == [[*options.split(", "), chosen]]


@pytest.mark.parametrize(("file", "text", "first"), CHARACTERS)
def test_a_character(tmp_path: Path, file: str, text: str, first: str) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert import_constitution(tmp_path / file).constitution.assertions[0].text == first


def test_the_options_that_are_shown_are_there() -> None:
    commands = [shlex.split(line) for line in re.findall(r"^\$ mien (.*)$", PAGE, re.MULTILINE)]
    assert len(commands) == 3
    for name, *words in commands:
        known = {one for parameter in get_command(app).commands[name].params for one in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known
