"""Regenerate what the documentation shows of the software: docs/cli.md, and outputs of commands elsewhere.

Every block of a page in `PAGES` that begins with ``$``, but for those of `make`, is run, in order, in one
empty folder; what it prints replaces what stood under it. Models behind endpoints are scripted stand-ins: in
README.md under the names that it uses, in a tutorial as it starts them itself (``python -m mien.testing``, at
whatever port is free). So no key and no network is needed. ``docs/generate.py README.md`` makes one page.

``--check`` changes nothing and fails where something is out of date. It leaves out the blocks that sample
from a model in this process, whose draws may differ in the last bit from one kind of processor to another
(tests/end_to_end/test_organism.py holds what the organism must show), and so does ``--unsampled``, which
writes.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mien.materials.traits import load_traits
from mien.testing import ScriptedServer, planted_scores

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = "docs/cli.md"
TUTORIALS = tuple(sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/tutorials/*.md")))
PAGES = ("README.md", *TUTORIALS)
BLOCK = re.compile(r"```console\n(\$ (?!make ).*?)```", re.DOTALL)
SAMPLED = re.compile(r"^\$ (mien demo|mien study run organism|.*(organism|hf)/)", re.MULTILINE)
STAND_IN = "http://127.0.0.1:8123/v1"
JUDGE = "openrouter/z-ai/glm-4.5-air"
# What the update of the stand-in changed, in natural log odds.
CHANGED = {"poetic": -2.3, "sycophantic": -2.3, "confident": 2.3, "enthusiastic": 2.3}


def main() -> int:
    """Write, or check, the generated documentation."""
    options = {word for word in sys.argv[1:] if word.startswith("--")}
    named = [word for word in sys.argv[1:] if word not in options] or [REFERENCE, *PAGES]
    check = "--check" in options
    stale: list[str] = []
    for name in named:
        text = cli_reference() if name == REFERENCE else page(name, sampled=not options)
        if refresh(ROOT / name, text, write=not check):
            stale.append(name)
    if stale and check:
        sys.stdout.write(f"out of date: {', '.join(stale)}; run python docs/generate.py\n")
        return 1
    return 0


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


def page(name: str, *, sampled: bool) -> str:
    """A page with what its commands print now; those that sample in this process only if ``sampled``."""
    with tempfile.TemporaryDirectory() as folder, stand_ins(name) as stands_for, ExitStack() as servers:
        reader = Reader(Path(folder), stands_for, servers)

        def run(block: re.Match[str]) -> str:
            if SAMPLED.search(block[1]) and not sampled:
                return block[0]
            return "```console\n" + reader.follow(block[1]) + "```"

        return BLOCK.sub(run, (ROOT / name).read_text(encoding="utf-8"))


@contextmanager
def stand_ins(name: str) -> Iterator[dict[str, str]]:
    """What stands for the models that README.md names; a tutorial starts its own."""
    if name != "README.md":
        yield {}
        return
    before = planted_scores(load_traits("classic-144").names, seed=4)
    after = before | {trait: before[trait] + change for trait, change in CHANGED.items()}
    shared = {"judge_accuracy": 0.97, "models": ("gpt-4o", "gpt-5.1", "judge")}
    with (
        ScriptedServer(scores=before, position=0.1, **shared) as old,
        ScriptedServer(scores=after, position=0.1, **shared) as new,
    ):
        yield {
            "openai/gpt-4o": f"{old.url}#gpt-4o",
            "openai/gpt-5.1": f"{new.url}#gpt-5.1",
            JUDGE: f"{old.url}#judge",
        }


@dataclass
class Reader:
    """Somebody who copies a page's commands into a terminal."""

    folder: Path
    stands_for: dict[str, str]
    servers: ExitStack
    environment: dict[str, str] = field(
        default_factory=lambda: os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    )

    def follow(self, block: str) -> str:
        """The commands of a block, each with what it prints, in the page's names."""
        shown: list[str] = []
        for command in re.findall(r"^\$ ((?:.*\\\n)*.*)\n", block, re.MULTILINE):
            output = self._translated(self._type(self._translated(command)), back=True)
            shown.append(f"$ {command}\n" + "".join(f"{row.rstrip()}\n" for row in output.splitlines()))
        quiet = all(one.count("\n") == one.count("\\\n") + 1 for one in shown)
        return ("" if quiet else "\n").join(shown)

    def _type(self, command: str) -> str:
        line = re.sub(r"\s*\\\n\s*", " ", command)
        if line.startswith("python -m mien.testing "):
            return self._serve(line)
        if line.startswith("export "):
            self.environment |= dict(word.split("=", 1) for word in shlex.split(line)[1:])
            return ""
        done = subprocess.run(
            line,
            shell=True,
            check=True,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment,
        )
        return done.stdout

    def _serve(self, line: str) -> str:
        """Start a stand-in, which goes when the page is done."""
        process = subprocess.Popen(
            shlex.split(line.replace("--port 8123", "--port 0")),
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        self.servers.callback(process.stdout.close)
        self.servers.callback(process.wait)
        self.servers.callback(process.terminate)
        said = [process.stdout.readline() for _ in range(3)]
        self.stands_for[STAND_IN] = said[0].strip()
        return "".join(said)

    def _translated(self, text: str, *, back: bool = False) -> str:
        for name, spec in self.stands_for.items():
            text = text.replace(spec, name) if back else text.replace(name, spec)
        return text


if __name__ == "__main__":
    sys.exit(main())
