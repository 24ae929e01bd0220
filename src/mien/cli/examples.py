"""Two examples a command, with which its ``--help`` ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import typer

_JUDGE = "--judge openrouter/z-ai/glm-4.5-air"

#: By what follows ``mien``; so do the examples.
EXAMPLES: Final[Mapping[str, tuple[str, str]]] = {
    "demo": ("demo", "demo --json"),
    "measure": (
        f"measure openai/gpt-5.1 {_JUDGE}",
        "measure hf/./model --instrument stated --system-file prompt.txt",
    ),
    "profile": ("profile gpt-5.1-revealed --all", "profile gpt-5.1-revealed --json"),
    "sides": ("sides gpt-5.1-stated gpt-5.1-revealed", "sides 'gpt-5.1-*'"),
    "manner": ("manner gpt-4o-revealed gpt-5.1-revealed", "manner 'gpt-*' --per words"),
    "diversity": ("diversity openai/gpt-5.1 --samples 16", "diversity hf/./base hf/./tuned --max-prompts 40"),
    "sycophancy": (f"sycophancy openai/gpt-5.1 {_JUDGE}", f"sycophancy openai/gpt-5.1 {_JUDGE} --dry-run"),
    "report": ("report before after -o report", "report gpt-5.1-revealed --card"),
    "plot": ("plot", "plot slope before after -o slope.svg"),
    "view": ("view", "view --read-only --port 8080"),
    "diff": ("diff before after", "diff before after --manner"),
    "compare": ("compare 'gpt-*'", "compare gpt-5.1-revealed --by language"),
    "judge": (f"judge gpt-5.1-revealed {_JUDGE}", "judge gpt-5.1-revealed --judge openai/gpt-5.1 --repeat 1"),
    "reliability": ("reliability gpt-5.1-revealed", "reliability 'gpt-5.1-*' --json"),
    "plan": ("plan --detect 50", "plan --against gpt-5.1-revealed --detect 30 --power 0.9"),
    "serve": ("serve hf/./model", "serve organism/v1 --port 8123"),
    "runs": ("runs", "runs gpt-5.1-revealed --failures"),
    "import": ("import votes.csv --name people", "import arena.parquet --name arena --columns --json"),
    "export": ("export gpt-5.1-revealed -o verdicts.csv", "export gpt-5.1-revealed --all -o trials.jsonl"),
    "merge": ("merge all.db first.db second.db", "merge all.db first.db second.db --partial"),
    "batches": ("batches", "batches batch_1 --cancel"),
    "traits": ("traits", "traits classic-144"),
    "prompts": ("prompts everyday --language de", "prompts chats.jsonl --max-prompts 100"),
    "protocols": ("protocols", "protocols default"),
    "design": ("design --rounds 28 -o run.design", "design --instrument stated -o stated.design"),
    "study new": ("study new", "study new mine --like krishna2026"),
    "study list": ("study list", "study list --json"),
    "study check": ("study check mine.yaml", "study check krishna2026 --json"),
    "study run": ("study run mine.yaml", "study run krishna2026 --dry-run"),
    "study status": ("study status mine.yaml", "study status mine.yaml --json"),
    "study report": ("study report mine.yaml", "study report mine.yaml -o report"),
    "study register": ("study register mine.yaml", "study register mine.yaml --json"),
    "spec new": ("spec new assistant", "spec new support-agent"),
    "spec check": ("spec check assistant.yaml", "spec check assistant.yaml --json"),
    "spec show": ("spec show assistant.yaml", "spec show assistant.yaml --clause no-flattery"),
    "spec diff": ("spec diff old.yaml new.yaml", "spec diff old.yaml new.yaml --json"),
    "spec run": (
        f"spec run assistant.yaml openai/gpt-5.1 {_JUDGE}",
        f"spec run assistant.yaml openai/gpt-5.1 {_JUDGE} --dry-run",
    ),
    "spec import": ("spec import model_spec.md", "spec import promptfooconfig.yaml --output mine.yaml"),
    "spec items": (
        "spec items assistant.yaml --model openai/gpt-5.1 --output more.yaml",
        "spec items assistant.yaml --model openai/gpt-5.1 --output more.yaml --clause no-flattery",
    ),
    "spec contradictions": (
        f"spec contradictions assistant.yaml openai/gpt-5.1 {_JUDGE}",
        f"spec contradictions assistant.yaml openai/gpt-5.1 {_JUDGE} --samples 3",
    ),
    "spec ambiguities": (
        f"spec ambiguities assistant.yaml openai/gpt-5.1 {_JUDGE}",
        f"spec ambiguities assistant.yaml openai/gpt-5.1 {_JUDGE} --clause no-flattery",
    ),
    "breadth character": (
        f"breadth character openai/gpt-5.1 {_JUDGE}",
        f"breadth character openai/gpt-5.1 {_JUDGE} --trait warm --dry-run",
    ),
    "breadth views": (
        f"breadth views openai/gpt-5.1 {_JUDGE}",
        f"breadth views openai/gpt-5.1 {_JUDGE} --dry-run",
    ),
    "judges check": (
        f"judges check --model openai/gpt-5.1 {_JUDGE}",
        f"judges check --model openai/gpt-5.1 {_JUDGE} --dry-run",
    ),
    "judges jury": (
        "judges jury run --judge openai/gpt-5.1 --judge openrouter/z-ai/glm-4.5-air --calibration told",
        "judges jury run --judge openai/gpt-5.1 --judge openai/gpt-4o --calibration told --soft",
    ),
    "constitution new": ("constitution new poet", "constitution new careful-helper"),
    "constitution from-traits": (
        "constitution from-traits warm +playful -verbose --model openai/gpt-5.1 --output warm.yaml",
        "constitution from-traits poetic --model openai/gpt-5.1 --output poet.yaml --max-cost 1",
    ),
    "constitution import": (
        "constitution import old.jsonl",
        "constitution import old.json --output c.yaml",
    ),
    "constitution check": ("constitution check poet.yaml", "constitution check candid-friend --json"),
    "constitution list": ("constitution list", "constitution list --json"),
    "constitution show": ("constitution show candid-friend", "constitution show poet.yaml --json"),
    "craft run": (
        "craft run poet.yaml --model hf/./model --teacher openai/gpt-5.1 --judge openai/gpt-5.1 -o poet",
        "craft run candid-friend --model organism/v1 --teacher organism/v1 -o friend --dry-run",
    ),
    "craft data": (
        "craft data poet.yaml --model hf/./model --teacher openai/gpt-5.1 -o data",
        "craft data poet.yaml --model organism/v1 --teacher organism/v1 --recipe paired -o data",
    ),
    "craft audit": ("craft audit data --judge openai/gpt-5.1", "craft audit data --sample 50"),
    "craft introspect": (
        "craft introspect data",
        "craft introspect data --reflections 100",
    ),
    "craft train": (
        "craft train data --model hf/./model -o adapter",
        "craft train data --model organism/v1 --preset small -o adapter",
    ),
    "craft prove": (
        "craft prove adapter --control control --judge openai/gpt-5.1 -o proof",
        "craft prove adapter --without-control --judge openai/gpt-5.1 -o proof",
    ),
    "craft merge": ("craft merge hf/./model adapter -o whole", "craft merge hf/model.gguf -o whole"),
}


def add_examples(app: typer.Typer, path: str = "") -> None:
    """Have the help of every command of an app, and of the apps in it, end with its examples."""
    for command in app.registered_commands:
        name = f"{path}{command.name}"
        command.epilog = "Examples:\n" + "".join(f"\n- `mien {one}`" for one in EXAMPLES[name])
    for group in app.registered_groups:
        if group.typer_instance:
            add_examples(group.typer_instance, f"{path}{group.name} ")
