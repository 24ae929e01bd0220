"""What is said where the extra is missing."""

from __future__ import annotations

import importlib
import sys

import pytest

from mien.errors import UsageError


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_the_extra_is_named_where_it_is_missing(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "mien.models.local")
    with pytest.raises(UsageError, match=r"pip install 'mien\[local\]'"):
        importlib.import_module("mien.models.local")
