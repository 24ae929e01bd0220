"""The data set card: what the data are, how they were made, and what they cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.files import yaml_text
from mien.formatting import counted
from mien.report.markdown import plain, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.materials.constitutions import Constitution

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

_RECIPES = {
    "distill": "chosen is the teacher in character, rejected the student as it is",
    "paired": "chosen is the teacher in character, rejected the same teacher in the opposite character",
    "ranked": "the student answered each query several times; chosen and rejected are the answers that a "
    "judge ranked most and least in character",
}

_FORMAT = (
    "`prompt`, `chosen` and `rejected` are lists of messages, as TRL's `DPOTrainer` takes them; `messages` "
    "is prompt and chosen together, for supervised tuning: `SFTTrainer` takes that column alone "
    "(`select_columns(['messages'])`). `assertion` is an index into the assertions of "
    "`constitution.yaml`, from 0, and null for ordinary prompts. `queries.jsonl` lists all messages, and "
    "`craft.json` everything that was asked. Nothing of `heldout.jsonl` may be trained on."
)

_LIMITS = (
    "The answers were written by models, and nobody has read them all: look at some before training on them.",
    "Whether chosen is more in character than rejected is what the recipe says, not what people found.",
    "Pairs differ in more than character. A difference in length, say, is learnt, too: see the counts below.",
    "Read what training on these data does beside training on the control: the same data with half of the "
    "preferences turned around.",
    "Terms of use of the models that wrote the answers may bind what is trained on them; the license is for "
    "you to choose.",
)


def card(constitution: Constitution, craft: Mapping[str, Any], languages: Sequence[str]) -> str:
    """Write the card, with the front matter that the Hugging Face hub reads.

    Args:
        craft: what was asked, and the counts.
        languages: codes of the languages of the ordinary prompts, where known.
    """
    counts = craft["counts"]
    n_rows = counts["train"] + counts["heldout"]
    parts = [
        _front_matter(constitution, n_rows, languages),
        f"# {plain(constitution.name)}: preferences",
        f"Pairs of answers to train a language model into a character: {plain(constitution.description)}",
        "## How they were made",
        _made(craft),
        "## Counts",
        table(("", "train", "heldout", "queries"), _rows(constitution, counts)),
        _lengths(counts),
        "## Format",
        _FORMAT,
        "## Limits",
        "\n".join(f"- {limit}" for limit in _LIMITS),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(constitution: Constitution, n_rows: int, languages: Sequence[str]) -> str:
    members: dict[str, Any] = {
        "pretty_name": f"{constitution.name}: preferences",
        "task_categories": ["text-generation"],
        "tags": ["trl", "dpo", "preference", "character-training", "synthetic", "mien"],
        "size_categories": [next((name for most, name in _SIZES if n_rows < most), "n>1M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "train.jsonl"},
                    {"split": "heldout", "path": "heldout.jsonl"},
                ],
            }
        ],
    }
    if languages:
        members["language"] = list(languages)
    written = yaml_text(members)
    return f"---\n# license: for you to choose; see Limits\n{written}---"


def _made(craft: Mapping[str, Any]) -> str:
    recipe = craft["of"] or craft["recipe"]
    ranked = recipe == "ranked"
    told = "the constitution" if craft["told"] == "assertions" else "traits that the constitution names"
    lines = [
        f"- recipe: {craft['recipe']}"
        + (f" of {recipe}, half of the preferences turned around by lot" if craft["of"] else "")
        + f"; {_RECIPES[recipe]}",
        f"- student: {plain(craft['student'])}" + (f", told nothing and {told} by turns" if ranked else ""),
        f"- teacher: {plain(craft['teacher'])}" + ("" if ranked else f", told {told}"),
    ]
    if craft["judge"]:
        lines.append(
            f"- judge: {plain(craft['judge'])}, {craft['answers']} answers a query, pairs with a margin of "
            f"at least {craft['margin']:g}"
        )
    counts = craft["counts"]
    sources: dict[str, int] = counts["queries"]
    left_out: dict[str, int] = counts["left_out"]
    if craft["queries"] is None:
        written = "the organism cannot write messages, so that there are none beside the constitution's own"
    else:
        written = f"{sources['teacher']:,} by the teacher"
    lines.append(
        f"- queries: {sources['seed']:,} from the constitution, {written}; {sources['ordinary']:,} ordinary "
        f"ones from {plain(craft['prompts'])}, so that the character is not tied to its topics"
    )
    if duplicates := sum(counts["duplicates"].values()):
        lines.append(f"- left out as duplicates or near-duplicates: {counted(duplicates, 'message')}")
    lines.extend(f"- queries without a pair: {n:,}, {plain(why)}" for why, n in left_out.items())
    lines.append(
        f"- by mien {craft['mien']}, seed {craft['seed']}, constitution {craft['constitution']['hash']}"
    )
    return "\n".join(lines)


def _rows(constitution: Constitution, counts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    topics = [*(plain(assertion.text) for assertion in constitution.assertions), "ordinary prompts"]
    rows = [
        (topic, *(f"{one[key]:,}" for key in ("train", "heldout", "queries")))
        for topic, one in zip(topics, counts["assertions"], strict=True)
    ]
    total = (counts["train"], counts["heldout"], sum(counts["queries"].values()))
    return [*rows, ("all", *(f"{n:,}" for n in total))]


def _lengths(counts: Mapping[str, Any]) -> str:
    length = counts["length"]
    return (
        f"Median length in characters: chosen {length['chosen']:,.0f}, rejected {length['rejected']:,.0f}; "
        f"chosen is the longer one in {length['chosen_longer']:.0%} of the rows."
    )
