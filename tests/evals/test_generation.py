"""How a model answers, as it is said, kept, and asked."""

from __future__ import annotations

from mien.evals.generation import Generation, sampling
from mien.types import Sampling


def test_what_is_kept_is_asked() -> None:
    given = Generation(
        temperature=0.5, max_tokens=9, reasoning_effort="low", extra={"top_k": 3}, system="Be."
    )
    assert given.settings["system"] == "Be."
    assert sampling(given.settings | {"tests": ["answer"]}) == Sampling(
        temperature=0.5, max_tokens=9, reasoning_effort="low", extra={"top_k": 3}
    )


def test_what_is_left_to_the_endpoint_is_not_asked_for() -> None:
    left = Generation(temperature=None, max_tokens=None)
    assert left.settings == {"temperature": None, "max_tokens": None}
    assert sampling(left.settings) == Sampling()
