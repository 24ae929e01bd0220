"""The model card of an adapter: what it is, and all that is needed to make it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.files import yaml_text

if TYPE_CHECKING:
    from pathlib import Path

    from mien.craft.tuning.record import Outcome, Recipe

_TEMPLATE = """\
---
{front}---

# {title}

A LoRA adapter for {base}, trained with `mien craft train` on {learnt}.

What it changed is not said here, since training does not show it; measure both and compare:

```console
$ mien measure {base} --judge JUDGE --name before
$ mien measure {trained} --judge JUDGE --name after
$ mien diff before after
```

## The training

| | |
| --- | --- |
{results}

`log.jsonl` holds every step, `runs/` the same for TensorBoard, `training.json` this page for programs.

## To make it again

```console
$ mien craft train {data} --model {base} --config config.yaml -o {name}
```

with this `config.yaml`:

```yaml
{config}```

Digest of the model's files: `{model_digest}`; of the data: `{data_digest}`. Versions: {versions}.
{told}"""


def write_card(folder: Path, recipe: Recipe, outcome: Outcome, told: dict[str, Any]) -> None:
    """Write ``README.md``, with the front matter that the Hugging Face hub reads.

    Args:
        told: how the data were made, as the data set tells.
    """
    hub_id = recipe.model.removeprefix("hf/") if recipe.model.startswith("hf/") else None
    front = {"library_name": "peft", "tags": ["mien", "character", "lora"]}
    if hub_id and not hub_id.startswith((".", "/", "~")):
        front["base_model"] = hub_id
    made = yaml_text(told)
    content = _TEMPLATE.format(
        front=yaml_text(front),
        title=folder.resolve().name,
        base=recipe.model,
        trained=f"{recipe.model}+{folder}",
        learnt=_learnt(outcome),
        results="\n".join(f"| {name} | {value} |" for name, value in _results(outcome)),
        data=recipe.data,
        name=folder.name,
        config=yaml_text(recipe.config),
        model_digest=recipe.model_digest,
        data_digest=recipe.data_digest,
        versions=", ".join(f"{name} {version}" for name, version in recipe.libraries.items()),
        told=f"\n## The data\n\n```yaml\n{made}```\n" if told else "",
    )
    (folder / "README.md").write_text(content, encoding="utf-8")


def _learnt(outcome: Outcome) -> str:
    parts = [f"{outcome.pairs:,} pairs of answers"] if outcome.pairs else []
    parts += [f"{outcome.examples:,} answers"] if outcome.examples else []
    return " and ".join(parts)


def _results(outcome: Outcome) -> list[tuple[str, str]]:
    rows = [
        ("steps", f"{outcome.steps:,}, {outcome.seconds:,.0f} s"),
        ("loss, mean of the last tenth", f"{outcome.loss:.4f}"),
        ("left out: both answers the same", f"{outcome.alike:,}"),
        *([("held out, but trained on: left out", f"{outcome.seen:,}")] if outcome.seen else []),
        ("cut at the longest length", f"{outcome.cut:,}"),
        ("at once on a device", f"{outcome.device_batch_size:,}"),
    ]
    if outcome.accuracy is not None and outcome.margin is not None:
        held = f"{outcome.accuracy:.1%} of {outcome.held_out:,}"
        rows += [
            ("held-out pairs whose chosen answer gained on the rejected one", held),
            ("… by, in nats times beta", f"{outcome.margin:.3f}"),
        ]
    return rows
