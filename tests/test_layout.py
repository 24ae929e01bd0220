"""Tests lie where what they test lies: a folder a room, a file a module."""

from __future__ import annotations

import pytest

from tests import ROOT

TESTS, MODULES = ROOT / "tests", ROOT / "src" / "mien"
ELSEWHERE = ("end_to_end", "docs", "scripts")  # the command, the documentation and scripts, driven as a whole
FILES = sorted(
    path.relative_to(TESTS).as_posix()
    for path in TESTS.rglob("test_*.py")
    if path.name != "test_layout.py" and path.relative_to(TESTS).parts[0] not in ELSEWHERE
)


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_tests_has_its_module(file: str) -> None:
    folder, _, name = file.rpartition("/")
    name = name.removeprefix("test_").removesuffix(".py")
    places = [MODULES / folder / place for place in (f"{name}.py", f"{name}_.py", f"__{name}__.py", name)]
    assert any(place.exists() for place in places), (
        f"tests/{file} tests no module: src/mien/{folder} has none of {', '.join(p.name for p in places)}. "
        "Name it after the module that it tests (test_init.py for an __init__.py), or after a whole "
        "package and beside its folder; what drives the command belongs in tests/end_to_end."
    )
