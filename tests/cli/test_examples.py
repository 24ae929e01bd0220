"""The examples with which every command's help ends."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from mien.cli import app
from mien.cli.examples import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Any = get_command(app)


def commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def test_every_command_has_two_and_no_other() -> None:
    found = dict(commands(ROOT))
    assert [*EXAMPLES] == [*found]
    for name, command in found.items():
        assert command.epilog.count("\n- `mien ") == len(set(EXAMPLES[name])) == 2


@pytest.mark.parametrize("example", [pytest.param(one, id=one) for two in EXAMPLES.values() for one in two])
def test_each_is_a_command_that_can_be_given(example: str) -> None:
    words = shlex.split(example)
    group = ROOT
    while hasattr(group, "commands"):
        name, group = words[0], group.commands[words[0]]
        words = words[1:]
    context = group.make_context(name, words)  # which refuses an option, a number or an argument too many
    assert example.startswith(next(path for path, command in commands(ROOT) if command is group))
    assert context.params
