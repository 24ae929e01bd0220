"""``mien spec items``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.commands.spec.check import SpecFile
from mien.cli.output import console, counted, print_json, write_new
from mien.cli.progress import ProgressReport
from mien.cli.resuming import resumable

if TYPE_CHECKING:
    from mien.measurement.session import Session

_Model = Annotated[str, typer.Option("--model", help="Who writes: provider/name, an address, hf/FOLDER, …")]
_Output = Annotated[
    Path,
    typer.Option("--output", "-o", help="The file to write: the spec, with the items.", metavar="FILE"),
]
_Items = Annotated[int, typer.Option("--items", min=1, help="Items for each clause, of all kinds together.")]
_Clause = Annotated[
    list[str] | None,
    typer.Option(
        "--clause", help="Write for this clause alone; may be repeated.", metavar="ID", show_default=False
    ),
]
_HeldOut = Annotated[
    float, typer.Option("--held-out", min=0, max=1, help="Share of the items that is held out.")
]
_Seed = Annotated[int, typer.Option(help="Of the lot that holds items out.")]


@calling()
def command(
    spec: SpecFile,
    model: _Model,
    output: _Output,
    items: _Items = 12,
    clause: _Clause = None,
    held_out: _HeldOut = 0.2,
    seed: _Seed = 0,
    *,
    session: Session,
    as_json: options.JsonOption = False,
) -> None:
    """Have a model write items for clauses: typical ones, edge cases, and adversarial ones.

    Near-duplicates are left out, a share is held out, and each item says which model wrote it. They are
    drafts: read them. Comments in SPEC are not kept.
    """
    from mien.errors import InputError
    from mien.evals.spec.writer import Wanted, write_items
    from mien.materials.specs import read_spec

    wanted = Wanted(items=items, held_out=held_out, clauses=tuple(clause or ()), seed=seed)
    read = read_spec(spec)
    if output.exists():  # told before anything is paid for
        raise InputError("exists already; choose another name", source=output)
    with resumable(session.path), ProgressReport() as session.on_progress:
        written = write_items(read, model, session, wanted)
    write_new(output, written.spec.yaml(), quiet=as_json)
    held = sum(item.held_out for _, item in written.spec.items) - sum(item.held_out for _, item in read.items)
    if as_json:
        print_json(
            {
                "file": str(output),
                "model": model,
                "added": written.added,
                "held_out": held,
                "duplicates": written.duplicates,
                "wanting": written.wanting,
            }
        )
        return
    console().print(
        f"{counted(sum(written.added.values()), 'item')} for {counted(len(written.added), 'clause')}, "
        f"{held} held out; {counted(written.duplicates, 'near-duplicate')} left out",
        markup=False,
    )
    for name, n in written.wanting.items():
        console().print(f"{name}: {n} fewer than wanted", markup=False)
    console().print("drafts by a model: read them, and take out what does not test its clause")
