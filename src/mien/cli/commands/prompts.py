"""``mien prompts``."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json, print_table, tell


def command(
    source: Annotated[
        str | None,
        typer.Argument(
            help="Show and check these: a set's name, a file, or hf:OWNER/DATASET.",
            show_default="list all",
        ),
    ] = None,
    language: Annotated[list[str] | None, typer.Option(help="Keep this language (repeatable).")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Keep this category (repeatable).")] = None,
    max_chars: Annotated[int | None, typer.Option(min=1, help="Keep at most so many characters.")] = None,
    max_prompts: Annotated[int | None, typer.Option(min=1, help="Take a sample of so many.")] = None,
    seed: Annotated[int, typer.Option(help="Of the sample.")] = 0,
    text_column: options.TextColumnOption = "",
    id_column: options.IdColumnOption = "",
    category_column: options.CategoryColumnOption = "",
    where: options.WhereOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """List the built-in prompt sets, or count and check one."""
    from mien.materials.prompts import Choice, load_prompts, read_prompts, shipped_prompt_sets

    if source is None:
        sets = {name: len(load_prompts(name)) for name in shipped_prompt_sets()}
        if as_json:
            print_json([{"name": name, "n_prompts": n} for name, n in sets.items()])
        else:
            print_table(("set", "prompts"), sets.items(), left=("set",))
        return
    choice = Choice(
        languages=language or (),
        categories=category or (),
        max_chars=max_chars,
        max_prompts=max_prompts,
        seed=seed,
        reading=options.reading(text_column, id_column, category_column, where),
    )
    found = read_prompts(source, choice)
    prompts = found.prompts
    tell(source, found.notes)
    if as_json:
        members = ("id", "category", "language", "source", "text")
        print_json([{member: getattr(prompt, member) for member in members} for prompt in prompts])
        return
    languages = sorted({prompt.language for prompt in prompts})
    counts = Counter((prompt.category, prompt.language) for prompt in prompts)
    print_table(
        ("category", *(name or "–" for name in languages), "all"),
        (
            (name or "–", *(counts[name, language] or "" for language in languages), total)
            for name, total in sorted(Counter(prompt.category for prompt in prompts).items())
        ),
        left=("category",),
    )
    usable = "" if found.notes else ", all usable"
    console().print(f"\n{source}: {counted(len(prompts), 'prompt')}{usable}", markup=False)
