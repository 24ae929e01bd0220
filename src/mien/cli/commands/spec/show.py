"""``mien spec show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.commands.spec.check import SpecFile
from mien.cli.output import console, counted, print_json, print_table, print_yaml

if TYPE_CHECKING:
    from mien.materials.specs import Spec

_Clause = Annotated[
    str | None,
    typer.Option("--clause", help="Show this clause, whole.", metavar="ID", show_default=False),
]


def command(spec: SpecFile, clause: _Clause = None, as_json: options.JsonOption = False) -> None:
    """Show what a spec holds: its clauses and their items, or one clause whole."""
    from mien.errors import UnknownName
    from mien.materials.specs import read_spec

    found = read_spec(spec)
    if clause is None:
        if as_json:
            print_json(found.model_dump(mode="json") | {"hash": found.identity["hash"]})
        else:
            _print(found)
        return
    by_id = {one.id: one for one in found.clauses}
    if clause not in by_id:
        raise UnknownName("clause", clause, by_id)
    if as_json:
        print_json(by_id[clause].model_dump(mode="json"))
    else:
        print_yaml(by_id[clause].model_dump(mode="json", exclude_defaults=True))


def _print(spec: Spec) -> None:
    version = f" {spec.version}" if spec.version else ""
    console().print(f"{spec.name}{version}", markup=False)
    if spec.description:
        console().print(spec.description.strip(), markup=False)
    rows = (
        (
            clause.id,
            clause.section,
            clause.authority or "none",
            len(clause.items),
            sum(item.held_out for item in clause.items),
            len(clause.good),
            len(clause.bad),
        )
        for clause in spec.clauses
    )
    columns = ("clause", "section", "authority", "items", "held out", "good", "bad")
    print_table(columns, rows, left=("clause", "section", "authority"))
    items = [item for _, item in spec.items]
    judged = sum(not item.checks or not all(check.counted for check in item.checks) for item in items)
    told = f"{counted(len(spec.clauses), 'clause')}, {counted(len(items), 'item')}"
    console().print(f"{told}; a judge reads {judged} of them", markup=False)
