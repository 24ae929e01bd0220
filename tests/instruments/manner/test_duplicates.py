"""Near-duplicates are found, against every pair compared."""

from __future__ import annotations

import random
import sys

import pytest

from mien.errors import UsageError
from mien.instruments.manner.duplicates import THRESHOLD, Seen
from mien.materials.prompts import load_prompts
from mien.materials.traits import fold

pytest.importorskip("datasketch", reason="needs the extra train")


def test_letters_and_marks_do_not_make_a_text_another() -> None:
    seen = Seen(["How do I boil an egg?"])
    assert seen.add("how do  I boil an EGG?") == "How do I boil an egg?"
    assert seen.add("How do I boil an egg!!") == "How do I boil an egg?"
    assert seen.add("How do I fry a fish?") is None
    assert seen.add("So how do I fry a fish?") == "How do I fry a fish?"
    assert seen.add("") is None
    assert seen.add(" ") == ""


def test_against_all_pairs_compared() -> None:
    draw = random.Random(1)
    texts = [prompt.text for prompt in load_prompts(languages=["en"], max_prompts=40)]
    for text in texts[:30]:
        words = text.split()
        for _ in range(draw.randint(0, 3)):
            words[draw.randrange(len(words))] = draw.choice(["so", "really", "such"])
        texts.append(" ".join(words))
    seen, missed, kept = Seen(), 0, list[str]()
    for text in texts:
        similar = max((similarity(text, other) for other in kept), default=0.0)
        found = seen.add(text) is not None
        assert not found or similar >= THRESHOLD  # no false alarm
        missed += similar >= THRESHOLD and not found
        if not found:
            kept.append(text)
    assert len(kept) < len(texts) - 10
    assert missed <= 3


def similarity(one: str, other: str) -> float:
    a, b = ({fold(t)[n : n + 3] for n in range(max(1, len(fold(t)) - 2))} for t in (one, other))
    return len(a & b) / len(a | b)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(UsageError, match=r"pip install 'mien\[train\]'"):
        Seen()
