"""``mien craft data``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.output import console, counted, print_json, print_table, tell
from mien.cli.progress import ProgressReport, print_notes
from mien.cli.resuming import resumable

if TYPE_CHECKING:
    from mien.craft.data.dataset import Dataset
    from mien.craft.data.settings import Craft
    from mien.measurement.session import Session

_WHAT, _HOW = "What is made", "How the models are sampled"

_Constitution = Annotated[
    str, typer.Argument(help="A built-in constitution, or a YAML file.", metavar="CONSTITUTION")
]
_Student = Annotated[
    str,
    typer.Option(
        "--model", help="The student, which is to be trained: provider/name, hf/FOLDER, organism/NAME, …"
    ),
]
_Teacher = Annotated[
    str, typer.Option("--teacher", help="The model that writes messages and answers in character.")
]
_Judge = Annotated[
    str | None,
    typer.Option("--judge", help="The model that ranks answers; for the recipe ranked.", show_default=False),
]
_Folder = Annotated[Path, typer.Option("-o", "--output", help="The folder to write.", metavar="DIR")]
_Recipe = Annotated[
    str,
    typer.Option(
        help="distill: the teacher in character against the student as it is; paired: against the teacher in "
        "the opposite character; ranked: the student's own answers, by a judge; control: the pairs of "
        "another, half of them turned around.",
        rich_help_panel=_WHAT,
    ),
]
_Of = Annotated[
    str,
    typer.Option("--of", help="With control: the recipe whose pairs are shuffled.", rich_help_panel=_WHAT),
]
_Queries = Annotated[
    int,
    typer.Option(
        min=0,
        help="Messages about the character in all: the teacher adds to the constitution's own.",
        rich_help_panel=_WHAT,
    ),
]
_Ordinary = Annotated[
    int, typer.Option(min=0, help="Ordinary prompts beside them, at most.", rich_help_panel=_WHAT)
]
_Prompts = Annotated[
    str,
    typer.Option(
        help="Where those come from: a prompt set's name, a file, or hf:OWNER/DATASET.", rich_help_panel=_WHAT
    ),
]
_Heldout = Annotated[
    float, typer.Option(help="Share of the queries that is held out.", rich_help_panel=_WHAT)
]
_Answers = Annotated[int, typer.Option(help="With ranked: answers a query.", rich_help_panel=_WHAT)]
_Margin = Annotated[
    float,
    typer.Option(
        help="With ranked: least difference in shares of comparisons won, best to worst.",
        rich_help_panel=_WHAT,
    ),
]
_Seed = Annotated[int, typer.Option(help="Of all draws.", rich_help_panel=_WHAT)]
_ENDPOINT = "the endpoint's"
_Temperature = Annotated[float | None, typer.Option(min=0, show_default=_ENDPOINT, rich_help_panel=_HOW)]
_TopP = Annotated[float | None, typer.Option(min=1e-6, max=1, show_default=_ENDPOINT, rich_help_panel=_HOW)]
_MaxTokens = Annotated[int | None, typer.Option(min=1, show_default=_ENDPOINT, rich_help_panel=_HOW)]


@calling()
def command(
    constitution: _Constitution,
    model: _Student,
    teacher: _Teacher,
    output: _Folder,
    judge: _Judge = None,
    recipe: _Recipe = "distill",
    of: _Of = "distill",
    queries: _Queries = 600,
    ordinary: _Ordinary = 300,
    prompts: _Prompts = "everyday",
    text_column: options.TextColumnOption = "",
    id_column: options.IdColumnOption = "",
    category_column: options.CategoryColumnOption = "",
    where: options.WhereOption = None,
    heldout: _Heldout = 0.1,
    answers: _Answers = 4,
    margin: _Margin = 0.5,
    seed: _Seed = 0,
    temperature: _Temperature = None,
    top_p: _TopP = None,
    max_tokens: _MaxTokens = None,
    *,
    session: Session,
    as_json: options.JsonOption = False,
) -> None:
    """Make training data of a constitution: pairs of answers, one to be preferred to the other.

    Calls that the store holds already are not made again: after a stop, the same command goes on, and its
    files are the same as if it had never stopped.
    """
    from mien.craft.data.generate import craft_data
    from mien.craft.data.queries import few
    from mien.craft.data.settings import Craft
    from mien.materials.prompts import Choice, read_prompts
    from mien.materials.protocols import SamplingSettings

    reading = options.reading(text_column, id_column, category_column, where)
    found = read_prompts(prompts, Choice(reading=reading)) if ordinary else prompts
    if not isinstance(found, str):
        tell(prompts, found.notes)
    craft = Craft(
        constitution=constitution,
        student=model,
        teacher=teacher,
        judge=judge,
        recipe=recipe,  # pyright: ignore[reportArgumentType]  # Craft checks it
        of=of,  # pyright: ignore[reportArgumentType]
        queries=queries,
        ordinary=ordinary,
        prompts=found,
        heldout=heldout,
        answers=answers,
        margin=margin,
        sampling=SamplingSettings(temperature=temperature, top_p=top_p, max_tokens=max_tokens),
        seed=seed,
    )
    print_notes(few(craft.most, "message"))
    with resumable(session.path), ProgressReport() as session.on_progress:
        dataset = craft_data(craft, output, session)
    if not craft.expands:
        console(err=True).print(
            f"{teacher} cannot write messages: the queries are the constitution's own and ordinary prompts.",
            markup=False,
        )
    if as_json:
        print_json({"folder": str(output), **dataset.craft})
    else:
        _print(craft, dataset, output)


def _print(craft: Craft, dataset: Dataset, folder: Path) -> None:
    from mien.craft.data.queries import share_of
    from mien.materials.constitutions import load_constitution

    constitution = load_constitution(craft.constitution)
    counts: dict[str, Any] = dataset.craft["counts"]
    topics = [*(assertion.text for assertion in constitution.assertions), "ordinary prompts"]
    rows = [
        (topic, *(f"{one[key]:,}" for key in ("queries", "train", "heldout")))
        for topic, one in zip(topics, counts["assertions"], strict=True)
    ]
    total = (sum(counts["queries"].values()), counts["train"], counts["heldout"])
    rows.append(("all", *(f"{n:,}" for n in total)))
    print_table(("", "queries", "train", "heldout"), rows, left=("",))
    out = console()
    about = sum(one["queries"] for one in counts["assertions"][:-1])
    wanted = share_of(craft.queries, constitution) * len(constitution.assertions)
    if craft.expands and about < wanted:
        out.print(f"{about:,} of {wanted:,} messages: the teacher wrote too few that differ", markup=False)
    for reason, n in counts["left_out"].items():
        out.print(f"{n:,} without a pair: {reason}", markup=False, soft_wrap=True)
    if duplicates := sum(counts["duplicates"].values()):
        out.print(f"{counted(duplicates, 'near-duplicate')} left out", markup=False)
    length = counts["length"]
    out.print(
        f"median length: chosen {length['chosen']:,.0f} characters, rejected {length['rejected']:,.0f}; "
        f"chosen is longer in {length['chosen_longer']:.0%} of the pairs\n"
        f"wrote {folder}: train.jsonl, heldout.jsonl and how they were made, README.md",
        markup=False,
        soft_wrap=True,
    )
