from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.stats.consistency import thirds


def test_thirds_tell_their_borders():
    found = thirds({f"p{i}": i for i in reversed(range(1, 91))})
    assert Counter(found.values()) == {
        "up to 30 characters": 30,
        "31 to 60 characters": 30,
        "over 60 characters": 30,
    }
    assert next(iter(found.values())) == "up to 30 characters"
    assert found["p30"] == "up to 30 characters" and found["p31"] == "31 to 60 characters"


def test_ties_may_leave_two():
    assert Counter(thirds(dict(zip("abcdef", (5, 5, 5, 5, 5, 9), strict=True))).values()) == {
        "up to 5 characters": 5,
        "over 5 characters": 1,
    }


def test_one_length_is_refused():
    with pytest.raises(UsageError, match="too much of one length"):
        thirds({"a": 7, "b": 7})
    with pytest.raises(UsageError, match="too much of one length"):
        thirds({})


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40))
def test_every_prompt_gets_the_context_that_its_name_tells(lengths):
    named = {str(i): length for i, length in enumerate(lengths)}
    if len(set(lengths)) == 1:
        return
    try:
        found = thirds(named)
    except UsageError:
        return
    assert found.keys() == named.keys()
    assert len(set(found.values())) >= 2
    for prompt, context in found.items():
        first, *rest = context.removesuffix(" characters").split(" ")
        low, high = {"up": (0, rest[-1]), "over": (int(rest[-1]) + 1, 99)}.get(first, (first, rest[-1]))
        assert int(low) <= named[prompt] <= int(high)
