"""Languages are told, and left open where they cannot be."""

from __future__ import annotations

import sys

import pytest

from mien.errors import UsageError
from mien.instruments.manner import languages
from mien.materials.prompts import load_prompts

pytest.importorskip("py3langid", reason="needs the extra train")


def test_everyday_prompts() -> None:
    prompts = load_prompts()
    told = [(prompt.language, languages.language(prompt.text)) for prompt in prompts]
    known = [(label, code) for label, code in told if code]
    assert len(known) > 0.7 * len(told)
    assert sum(label != code for label, code in known) < 0.01 * len(known)


@pytest.mark.parametrize("text", ["", "hi", "12 + 30 = 42", "…"])
def test_what_cannot_be_told(text: str) -> None:
    assert languages.language(text) == ""


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    languages._identifier.cache_clear()  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    with pytest.raises(UsageError, match="needs the extra `train`"):
        languages.language("Hello")
    languages._identifier.cache_clear()  # pyright: ignore[reportPrivateUsage]
