"""Items from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.evals.sycophancy.items import load_items

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mien.evals.item import Item


def read_files(paths: Iterable[Path]) -> tuple[Item, ...]:
    """The items of some files."""
    return tuple(item for path in paths for item in load_items(path))
