"""Verdicts as arrays, from names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.stats.comparisons import CODES, comparisons_from
from mien.types import NON_CHOICES


def test_names_that_contain_one_another_are_told_apart() -> None:
    read = comparisons_from([("indirect", "direct")], ["direct"], ["p"])
    assert read.chosen.tolist() == [1]


def test_rows_of_unrelated_tables_share_no_cluster() -> None:
    # Else a diff would pair the first row of one with the first row of the other.
    one, same, other = (comparisons_from([("a", "b"), ("b", "c")], ["a", last]) for last in ("b", "b", "c"))
    assert one.clusters == same.clusters
    assert not set(one.clusters) & set(other.clusters)


def test_names_that_hold_no_verdict_are_refused_without_a_file() -> None:
    with pytest.raises(InputError, match="row 2: chosen is 'c', none of a, b"):
        comparisons_from([("a", "b"), ("a", "b")], ["a", "c"])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_arrays_say_what_the_names_said(data: st.DataObject) -> None:
    names = st.text(min_size=1, max_size=4).filter(
        lambda name: name not in NON_CHOICES and name == name.rstrip("\0")
    )
    pool = data.draw(st.lists(names, min_size=3, max_size=6, unique=True))
    shown = data.draw(st.lists(st.permutations(pool).map(lambda p: p[:3]), min_size=1, max_size=8))
    chosen = [data.draw(st.sampled_from([*block, *NON_CHOICES])) for block in shown]
    prompts = [data.draw(st.sampled_from(["p1", "p2"])) for _ in shown]
    read = comparisons_from(shown, chosen, prompts)
    words = {code: word for word, code in CODES.items()}
    assert [[read.traits[i] for i in block] for block in read.options] == shown
    assert [
        words[c] if c < 0 else block[c] for c, block in zip(read.chosen.tolist(), shown, strict=True)
    ] == chosen
    assert [read.clusters[i] for i in read.cluster] == prompts
    assert list(read.traits) == sorted({name for block in shown for name in block})
