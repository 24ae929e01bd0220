"""What training needs beyond what mien is installed with."""

from __future__ import annotations

import importlib.util

from mien.errors import UsageError

_LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")


def require_training() -> None:
    """See that the libraries of the extra ``train`` are there.

    Raises:
        UsageError: one is not.
    """
    missing = [name for name in _LIBRARIES if not importlib.util.find_spec(name)]
    if missing:
        raise UsageError(f"training needs {', '.join(missing)}: pip install 'mien[train]'")
