"""``mien spec diff``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.output import bold, console, counted, print_json

if TYPE_CHECKING:
    from mien.materials.specs import Change, Changes

_Old = Annotated[Path, typer.Argument(help="The earlier version.", metavar="OLD")]
_New = Annotated[Path, typer.Argument(help="The later version.", metavar="NEW")]

_WORDS = {
    "added": "added: {after}",
    "removed": "removed: {before}",
    "renamed": "renamed, was {before}",
    "re-levelled": "authority {before} → {after}",
}


def command(old: _Old, new: _New, as_json: options.JsonOption = False) -> None:
    """Say what became of each clause between two versions of a spec, and what has to be asked anew.

    Clauses are added, removed, renamed, reworded or re-levelled. Only items that are new are asked of a
    model again; where a clause was reworded, the judge reads the same answers anew.
    """
    from mien.materials.specs import compare_specs, read_spec

    found = compare_specs(read_spec(old), read_spec(new))
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found)


def _print(found: Changes) -> None:
    for change in found.clauses:
        console().print(f"{bold(change.clause)} ", end="")
        console().print(_told(change), markup=False, soft_wrap=True)
    if not found.clauses:
        console().print("the clauses are the same")
    console().print(
        f"{counted(found.asked, 'item')} to ask a model; {found.read} more for the judge to read anew; "
        f"{found.kept} as they were",
        markup=False,
        soft_wrap=True,
    )


def _told(change: Change) -> str:
    if change.kind == "reworded":
        return "\n".join(
            [
                "reworded",
                *_marked("-", change.before, change.after),
                *_marked("+", change.after, change.before),
            ]
        )
    if change.kind == "items":
        parts = [f"gone or changed {change.before}"] if change.before else []
        return "items: " + "; ".join([*parts, *([f"new or changed {change.after}"] if change.after else [])])
    text = _WORDS[change.kind].format(before=change.before.strip(), after=change.after.strip())
    return " ".join(text.split())


def _marked(sign: str, text: str, other: str) -> list[str]:
    """The lines that the other text does not have."""
    known = set(other.splitlines())
    return [f"  {sign} {line}" for line in text.splitlines() if line not in known]
