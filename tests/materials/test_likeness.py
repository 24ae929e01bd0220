"""Near-duplicates, beside a slow twin."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mien.materials.likeness import near_duplicates


def trigrams(text: str) -> set[str]:
    return {text[n : n + 3] for n in range(max(1, len(text) - 2))}


def slowly(texts: list[str], threshold: float) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for place, text in enumerate(texts):
        for earlier in range(place):
            one, other = trigrams(text), trigrams(texts[earlier])
            if len(one & other) >= threshold * len(one | other):
                found.append((place, earlier))
                break
    return found


@given(st.lists(st.text("ab c", max_size=12), max_size=30), st.sampled_from([0.3, 0.5, 0.7, 1.0]))
def test_all_pairs_are_found_as_by_comparing_each_with_each(texts: list[str], threshold: float) -> None:
    assert list(near_duplicates(texts, threshold)) == slowly(texts, threshold)


def test_thousands_of_texts_are_compared_in_blocks() -> None:
    texts = [f"text number {n * n} of a long list" for n in range(600)]
    assert list(near_duplicates(texts, 0.7)) == slowly(texts, 0.7)
