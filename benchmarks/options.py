"""The options of a benchmark: sizes, each of which has a small one under ``--quick``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class Options(argparse.ArgumentParser):
    """What a benchmark is asked for on the command line; it adds what is its own."""

    def __init__(self, module: str, doc: str | None) -> None:
        """Take the benchmark's name from its module, what it shows from the first line of its docstring."""
        name = module.rpartition(".")[2]
        super().__init__(prog=f"python -m benchmarks {name}", description=(doc or "").partition("\n")[0])
        self.add_argument("--quick", action="store_true", help="small sizes: that it runs, not what it finds")
        self._sizes: dict[str, tuple[int, int]] = {}

    def add_size(self, flag: str, full: int, *, quick: int, help: str) -> None:
        """An option that is a number of runs, trials and the like."""
        self.add_argument(flag, type=int, metavar="N", help=f"{help} (default: {full:,}; quick: {quick:,})")
        self._sizes[flag.removeprefix("--").replace("-", "_")] = full, quick

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:
        """As argparse does; sizes that were not named are full or quick ones."""
        asked = super().parse_args(args, namespace)
        for name, (full, quick) in self._sizes.items():
            if getattr(asked, name) is None:
                setattr(asked, name, quick if asked.quick else full)
        return asked
