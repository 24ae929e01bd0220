"""Contradictory clauses among compatible ones: found, none false, and nothing asked twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import UnknownName, UsageError
from mien.evals.spec.contradictions import Contradictions, find_contradictions
from mien.evals.spec.evaluate import Asked, plan
from mien.measurement.session import Session
from tests.evals.spec.planted import spec
from tests.evals.spec.torn import served

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

ITEMS = 4
CLAUSES = [
    {
        "id": letter,
        "text": f"Keep to {letter}.",
        "items": [{"id": f"i{n}", "messages": f"About {letter}, {n}?"} for n in range(ITEMS)],
    }
    for letter in "abcde"
]
SPEC = spec(CLAUSES)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Counter[bytes]]]:
    with served() as running:
        yield running


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("torn") / "mien.db"


def found(url: str, store: Path, *clauses: str, samples: int = 3) -> Contradictions:
    planned = plan(f"{url}#model", f"{url}#judge", Asked(spec=SPEC, samples=samples))
    return find_contradictions([planned], SPEC, Session(store), clauses=clauses)


def test_the_planted_pair_is_found_and_no_other(server: tuple[str, Counter[bytes]], store: Path) -> None:
    url, asked = server
    pairs, apart, lacking = found(url, store)
    assert lacking == apart == ()  # of one model
    by_clauses = {pair.clauses: pair for pair in pairs}
    assert {pair.clauses for pair in pairs if pair.finding == "contradict"} == {("a", "b")}
    torn = by_clauses["a", "b"]
    assert torn.never is not None
    assert (torn.items, torn.never.share, torn.together.both) == (4 * ITEMS + ITEMS, 1.0, 0)
    assert torn.never.low > 0.8
    assert torn.examples
    # Of e the judge hears nothing in others' items, so that the rest of their answers are not read.
    assert by_clauses["a", "e"].items == ITEMS
    before = asked.total()
    assert found(url, store).pairs == pairs
    assert asked.total() == before


def test_clauses_that_are_named(server: tuple[str, Counter[bytes]], store: Path) -> None:
    url, _ = server
    pairs, *_ = found(url, store, "c", "d")
    assert [(pair.clauses, pair.items) for pair in pairs] == [(("c", "d"), 2 * ITEMS)]
    with pytest.raises(UnknownName):
        found(url, store, "c", "x")
    with pytest.raises(UsageError, match="takes two clauses"):
        found(url, store, "c")
    with pytest.raises(UsageError, match="--samples 2"):
        found(url, store, samples=1)
