"""A clause that is read by how it is put, among clauses that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import UnknownName, UsageError
from mien.evals.spec.ambiguities import Ambiguities, find_ambiguities
from mien.evals.spec.evaluate import Asked, plan
from mien.measurement.session import Session
from tests.evals.spec.planted import spec
from tests.evals.spec.torn import served

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

CLAUSES = [
    {
        "id": letter,
        "text": f"Keep to {letter}.",
        "items": [{"id": f"i{n}", "messages": f"About {letter}, {n}?"} for n in range(items)],
    }
    for letter, items in (("a", 8), ("c", 8), ("d", 2))
]
SPEC = spec(
    [
        *CLAUSES,
        {
            "id": "counted",
            "text": "Be brief.",
            "items": [{"id": "i", "messages": "Well?", "checks": [{"words": {"most": 50}}]}],
        },
    ]
)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Counter[bytes]]]:
    with served() as running:
        yield running


def found(url: str, store: Path, *clauses: str) -> Ambiguities:
    planned = plan(f"{url}#model", f"{url}#judge", Asked(spec=SPEC))
    return find_ambiguities([planned], SPEC, Session(store), clauses=clauses)


def test_the_planted_clause_is_found_and_no_other(server: tuple[str, Counter[bytes]], tmp_path: Path) -> None:
    url, asked = server
    clauses, lacking = found(url, tmp_path / "mien.db")
    assert lacking == ()
    assert {one.clause: one.finding for one in clauses} == {
        "a": "ambiguous",
        "c": "no sign",
        "d": "undecided",
    }
    first = clauses[0]
    assert first.wordings == ("Hold fast to a. In the first way.", "Hold fast to a. In the second way.")
    assert first.noise is not None
    assert first.noise.across.share - first.noise.within.share > 0.3
    before = asked.total()
    assert found(url, tmp_path / "mien.db").clauses == clauses
    assert asked.total() == before


def test_what_nobody_judges_is_refused(server: tuple[str, Counter[bytes]], tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        found(server[0], tmp_path / "mien.db", "x")
    with pytest.raises(UsageError, match="no judge is asked"):
        found(server[0], tmp_path / "mien.db", "counted")
