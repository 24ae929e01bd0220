"""``mien constitution``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json, print_table, print_yaml, tell, write_new, yaml_file
from mien.cli.resuming import resumable

app = typer.Typer(help="Write a character down, and check what is written.", no_args_is_help=True)

_Source = Annotated[str, typer.Argument(help="A built-in constitution, or a YAML file.", metavar="FILE")]


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="The character's name; the file is NAME.yaml.")],
) -> None:
    """Write a commented template."""
    from mien.materials.constitutions import template

    path = yaml_file(name)
    write_new(path, template(path.stem))


# Traits may begin with a minus: no option here is of one letter, and what looks like one is a trait.
@app.command(
    "from-traits", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]}
)
def from_traits(
    traits: Annotated[
        list[str],
        typer.Argument(help="What to raise, as warm or +warm, and to lower, as -verbose.", metavar="TRAIT"),
    ],
    model: Annotated[str, typer.Option("--model", help="The model that drafts: provider/name, hf/FOLDER, …")],
    output: Annotated[
        Path, typer.Option("--output", help="The file to write; the character is named after it.")
    ],
    trait_set: Annotated[
        str, typer.Option("--traits", help="The trait set that the traits are of, or its file.")
    ] = "classic-144",
    max_calls: options.MaxCallsOption = None,
    max_cost: options.MaxCostOption = None,
    timeout: options.TimeoutOption = 600,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Draft a constitution with a model: warm +playful -verbose.

    It is a draft: read it, and change what is not meant.
    """
    from mien.craft.data.draft import draft_constitution, read_aims
    from mien.errors import InputError
    from mien.materials.constitutions import check_constitution
    from mien.measurement.session import Session

    aims = read_aims(traits, trait_set)
    if output.exists():  # told before anything is paid for
        raise InputError("exists already; choose another name", source=output)
    limits = options.limits(max_calls=max_calls, max_cost=max_cost, timeout=timeout)
    with resumable(store):
        drafted = draft_constitution(
            aims, output.stem, model, Session(store, limits=limits), trait_set=trait_set
        )
    write_new(output, drafted.yaml(), quiet=as_json)
    findings = check_constitution(output)
    if as_json:
        found = [{"line": one.line, "problem": one.problem} for one in findings]
        members = drafted.model_dump(mode="json", by_alias=True)
        print_json({"file": str(output), "constitution": members, "passed": not findings, "findings": found})
        return
    for one in findings:
        console().print(f"{output}, line {one.line}: {one.problem}", markup=False, soft_wrap=True)
    questions = sum(len(assertion.questions) for assertion in drafted.assertions)
    total = counted(len(findings), "finding") if findings else "nothing to mend"
    console().print(
        f"{counted(len(drafted.assertions), 'assertion')}, {counted(questions, 'question')}; {total}\n"
        "a draft by a model: read it, and change what is not meant",
        markup=False,
        soft_wrap=True,
    )


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="Open Character Training's JSON, criteria in JSON or YAML, Markdown, or plain text."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: FILE's name, as .yaml, in this folder.")
    ] = None,
) -> None:
    """Make a constitution of a character that was written down otherwise."""
    from mien.materials.constitutions import check_constitution, import_constitution

    imported = import_constitution(file)
    constitution = imported.constitution
    path = output or Path(f"{file.stem}.yaml")
    write_new(path, constitution.yaml())
    tell(file, imported.notes)
    questions = sum(len(assertion.questions) for assertion in constitution.assertions)
    told = f"{counted(len(constitution.assertions), 'assertion')}, {counted(questions, 'question')}"
    if findings := check_constitution(path):
        told += f"; to see {counted(len(findings), 'finding')}: mien constitution check {path}"
    console().print(told, markup=False, soft_wrap=True)
    console().print("its assertions name no traits yet: add raise and lower to those that should move some")


@app.command("check")
def check(source: _Source, as_json: options.JsonOption = False) -> None:
    """Check a constitution; status 1 where something is found."""
    from mien.materials.constitutions import check_constitution

    findings = check_constitution(source)
    if as_json:
        found = [{"line": one.line, "problem": one.problem} for one in findings]
        print_json({"source": source, "passed": not findings, "findings": found})
    else:
        for one in findings:
            console().print(f"{source}, line {one.line}: {one.problem}", markup=False, soft_wrap=True)
        total = counted(len(findings), "finding") if findings else "nothing to mend"
        console().print(f"{source}: {total}", markup=False, soft_wrap=True)
    if findings:
        raise typer.Exit(1)


@app.command("list")
def list_(as_json: options.JsonOption = False) -> None:
    """List the built-in constitutions."""
    from mien.materials.constitutions import load_constitution, shipped_constitutions

    found = [load_constitution(name) for name in shipped_constitutions()]
    if as_json:
        print_json(
            [{"name": c.name, "n_assertions": len(c.assertions), "description": c.description} for c in found]
        )
        return
    rows = ((c.name, len(c.assertions), c.description) for c in found)
    print_table(("constitution", "assertions", "description"), rows, left=("constitution", "description"))


@app.command("show")
def show(source: _Source, as_json: options.JsonOption = False) -> None:
    """Show a constitution."""
    from mien.materials.constitutions import load_constitution

    members = load_constitution(source).model_dump(mode="json", by_alias=True)
    if as_json:
        print_json(members)
    else:
        print_yaml(members)
