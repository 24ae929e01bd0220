"""``python -m benchmarks`` lists the benchmarks, with a NAME it runs one, with ``all`` each in turn.

What follows the name goes to the benchmark: ``--quick``, which all have, and what its ``--help`` names.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

# From what is quick to what trains.
NAMES = (
    "start",
    "fit",
    "tables",
    "truth",
    "prior",
    "adaptive",
    "judges",
    "soft",
    "soft_jury",
    "judges_check",
    "jury",
    "diffs",
    "validity",
    "rare",
    "reliability",
    "ties",
    "intransitivity",
    "simultaneous",
    "estimates",
    "manner",
    "diversity",
    "sycophancy",
    "breadth",
    "views",
    "specs",
    "sides",
    "inventories",
    "compare",
    "panels",
    "consistency",
    "power",
    "stopping",
    "scale",
    "engine",
    "study",
    "merge",
    "shards",
    "report",
    "viewer",
    "craft",
    "organism",
)


def main() -> int:
    """List, or run."""
    name, *arguments = sys.argv[1:] or ["list"]
    if name in NAMES:
        import_module(f"benchmarks.{name}").main(arguments)
        return 0
    if name == "all":
        return run_all(arguments)
    print("python -m benchmarks NAME [--quick] [--help]; NAME is all, or one of\n")
    for each in NAMES:
        print(f"{each:<12} {summary(each)}")
    return 0 if name in {"list", "--help", "-h"} else 2


def run_all(arguments: list[str]) -> int:
    """Each benchmark in a process of its own, so that none finds the libraries of another loaded."""
    failed: list[str] = []
    for name in NAMES:
        print(f"\n## {name}: {summary(name)}\n", flush=True)
        if subprocess.run([sys.executable, "-m", "benchmarks", name, *arguments], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return int(bool(failed))


def summary(name: str) -> str:
    """The first line of a benchmark's docstring, read without the libraries that it imports."""
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
