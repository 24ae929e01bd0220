"""Regenerate what the documentation shows of the software: docs/cli.md and the outputs in README.md.

Every block of README.md that begins with ``$ mien`` is run, in order, in one empty folder; what it prints
replaces what stood under it. Models behind endpoints are scripted stand-ins under the names that the README
uses, so that no key and no network is needed. ``--check`` changes nothing and fails where something is out of
date; it leaves out the blocks that sample from the organism, whose draws may differ in the last bit from one
kind of processor to another (tests/end_to_end/test_organism.py holds what they must show).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from mien.materials.traits import load_traits
from mien.testing import ScriptedServer, planted_scores

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"```console\n(\$ mien .*?)```", re.DOTALL)
ORGANISM = re.compile(r"^\$ mien (demo|study run organism|.*organism/)", re.MULTILINE)
JUDGE = "openrouter/z-ai/glm-4.5-air"
# What the update of the stand-in changed, in natural log odds.
CHANGED = {"poetic": -2.3, "sycophantic": -2.3, "confident": 2.3, "enthusiastic": 2.3}


def main() -> int:
    """Write, or check, the generated documentation."""
    check = "--check" in sys.argv
    pages = generated(sampled=not check)
    stale = [name for name, text in pages.items() if refresh(ROOT / name, text, write=not check)]
    if stale and check:
        sys.stdout.write(f"out of date: {', '.join(stale)}; run python docs/generate.py\n")
        return 1
    return 0


def generated(*, sampled: bool) -> dict[str, str]:
    """The generated files, by their path in the repository."""
    return {"docs/cli.md": cli_reference(), "README.md": readme(sampled=sampled)}


def refresh(path: Path, text: str, *, write: bool) -> bool:
    """Whether a file was out of date; it is written if asked."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    if write:
        path.write_text(text, encoding="utf-8")
    return True


def cli_reference() -> str:
    """The reference of all commands, made by typer from the commands themselves."""
    command = [sys.executable, "-m", "typer", "mien.cli", "utils", "docs", "--name", "mien"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return text.replace("# `mien`", "# Commands", 1).replace("&#x27;", "'")


def readme(*, sampled: bool) -> str:
    """README.md with the outputs of its commands as they are now; of the organism's only if ``sampled``."""
    before = planted_scores(load_traits("classic-144").names, seed=4)
    after = before | {trait: before[trait] + change for trait, change in CHANGED.items()}
    shared = {"judge_accuracy": 0.97, "models": ("gpt-4o", "gpt-5.1", "judge")}
    with (
        tempfile.TemporaryDirectory() as folder,
        ScriptedServer(scores=before, position=0.1, **shared) as old,
        ScriptedServer(scores=after, position=0.1, **shared) as new,
    ):
        stands_for = {
            "openai/gpt-4o": f"{old.url}#gpt-4o",
            "openai/gpt-5.1": f"{new.url}#gpt-5.1",
            JUDGE: f"{old.url}#judge",
        }

        def run(block: re.Match[str]) -> str:
            if ORGANISM.search(block[1]) and not sampled:
                return block[0]
            return "```console\n" + run_block(block[1], folder, stands_for) + "```"

        return BLOCK.sub(run, (ROOT / "README.md").read_text(encoding="utf-8"))


def run_block(block: str, folder: str, stands_for: dict[str, str]) -> str:
    """Run the commands of a block; each with what it prints, in the README's names."""
    shown: list[str] = []
    for command in re.findall(r"^\$ ((?:.*\\\n)*.*)\n", block, re.MULTILINE):
        line = re.sub(r"\s*\\\n\s*", " ", command)
        for name, spec in stands_for.items():
            line = line.replace(name, spec)
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(
            line, shell=True, check=True, capture_output=True, text=True, cwd=folder, env=environment
        )
        output = done.stdout
        for name, spec in stands_for.items():
            output = output.replace(spec, name)
        shown.append(f"$ {command}\n" + "".join(f"{row.rstrip()}\n" for row in output.splitlines()))
    return "\n".join(shown)


if __name__ == "__main__":
    sys.exit(main())
