"""How long `mien --help` and `import mien` take, beside the libraries they cannot do without.

Each command runs in a fresh interpreter, one warm-up and then in turns; the table shows medians of the
wall time. The goal is that `mien --help` takes at most twice the time of the bare imports.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.machine import describe_machine
from benchmarks.options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

PEER = 'python -c "import typer, rich, numpy"'
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    PEER: [sys.executable, "-c", "import typer, rich, numpy"],
    'python -c "import mien"': [sys.executable, "-c", "import mien"],
    "mien --help": [str(Path(sys.executable).with_name("mien")), "--help"],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--runs", 11, quick=1, help="of each command")
    runs = options.parse_args(arguments).runs
    for command in COMMANDS.values():
        seconds(command)
    # In turns, so that a busy moment of the machine falls on all of them alike.
    rounds = [{name: seconds(command) for name, command in COMMANDS.items()} for _ in range(runs)]
    medians = {name: statistics.median(times[name] for times in rounds) for name in COMMANDS}

    print(f"{describe_machine()}; medians of {runs} runs\n")
    print("| command | ms | ratio to the bare imports |\n| --- | ---: | ---: |")
    for name, median in medians.items():
        print(f"| `{name}` | {1000 * median:.0f} | {median / medians[PEER]:.2f} |")
