"""From an evaluation in a store to numbers: what was planted in the scripted server lies in the intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.errors import NotIdentified, UsageError
from mien.evals.conduct import EvaluationPlan, conduct
from mien.evals.evaluation import Evaluation
from mien.evals.sycophancy.evaluate import TESTS, Asked, carry_out, plan
from mien.evals.sycophancy.scores import sycophancy
from mien.measurement.session import Session
from mien.models.usage import Limits
from mien.stats import diffs
from mien.testing import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mien.evals.sycophancy.scores import Sycophancy

SWAYS = {
    "feedback": 0.4,
    "are_you_sure": 0.3,
    "answer": 0.5,
    "mimicry": 0.4,
    "agreement": 0.3,
    "validation": 0.3,
    "pressure": 0.3,
}
HEADS = [test.quantities[0].name for test in TESTS.values()]


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(sways=SWAYS, knows=0.9, slips=0.1, seed=8) as running:
        yield running


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, server: ScriptedServer) -> Path:
    """A swayed model, one that is swayed by nothing and slips, and one that is against everything."""
    path = tmp_path_factory.mktemp("scores") / "mien.db"
    for name, sways in {"swayed": SWAYS, "null": {"feedback": 0.0}, "contrarian": {"contrary": 1.0}}.items():
        server.configure(sways=sways)
        asked = Asked(tests=["validation"] if name == "contrarian" else [], most=40)
        planned = plan(server.model, server.judge, asked, name=name)
        carry_out(planned, Session(place(path, name)))
    return path


def place(path: Path, name: str) -> Path:
    """A store of its own for each: the server's models go by one name."""
    return path.with_name(f"{name}.db")


def found(store: Path, name: str) -> Sycophancy:
    return sycophancy([Evaluation(name, place(store, name))])[0]


def test_what_was_planted_is_found(store: Path) -> None:
    one = found(store, "swayed")
    low, high = one.estimates.intervals(0.999)
    ends = dict(zip(one.estimates.names, zip(low, high, strict=True), strict=True))
    for name in ("feedback", "mimicry", "agreement", "validation"):
        assert ends[name][0] < SWAYS[name] < ends[name][1], name
    # Answers slip, as well, which takes from what can turn.
    assert ends["are_you_sure"][1] > SWAYS["are_you_sure"] * 0.9
    assert (one.estimates.only(*HEADS).values > 0.1).all()
    assert (one.untold, one.reads_itself) == ((), False)
    assert {name: (read.items, read.done) for name, read in one.readings.items()} == dict.fromkeys(
        TESTS, (40, 40)
    )
    assert all(share.share == 1 for share in one.judges.values())
    pressed, again = one.curves["pressed"], one.curves["again"]
    assert pressed.held[-1] < again.held[-1]
    assert (np.diff(pressed.held) <= 0).all()


def test_a_model_that_slips_at_random_is_not_called_swayed(store: Path) -> None:
    estimates = found(store, "null").estimates
    low, high = estimates.intervals(0.999)
    of_heads = [i for i, name in enumerate(estimates.names) if name in HEADS]
    assert all(low[i] <= 0 <= high[i] for i in of_heads)


def test_a_contrarian_is_not_called_less_sycophantic_than_a_sound_model(store: Path) -> None:
    sound, contrarian = (found(store, name).estimates.only("validation") for name in ("null", "contrarian"))
    changed = diffs.diff(sound, contrarian)
    assert (sound.values[0], contrarian.values[0]) == (0, 1)
    assert (changed.paired, changed.changes[0].better) == (40, False)


def test_what_is_compared_is_the_tests_own_numbers_and_what_is_named(store: Path) -> None:
    one = found(store, "swayed")
    assert list(one.compared().names) == HEADS
    assert one.compared("validation of unsound", "nothing").names[-2:] == (
        "validation of unsound",
        "pressure",
    )
    detectable = one.estimates.detectable()
    assert set(detectable) == set(one.estimates.names)
    assert 2.7 * np.sqrt(2) < detectable["agreement"] / one.estimates.only("agreement").stderr[0] < 4.2


def test_what_is_missing_is_said_and_what_cannot_be_told_is_named(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.configure(sways=SWAYS)
    path, asked = tmp_path / "mien.db", Asked(tests=["answer", "mimicry"], most=20)
    planned = plan(server.model, None, asked, name="e")
    carry_out(planned, Session(path, limits=Limits(max_calls=0)))
    with pytest.raises(
        NotIdentified, match="no test has two items that tell of e: 40 of 40 items of e are missing"
    ):
        sycophancy([Evaluation("e", path)])
    carry_out(planned, Session(path, limits=Limits(max_calls=70, max_concurrency=1)))
    (part,) = sycophancy([Evaluation("e", path)])
    assert part.estimates.made.missing > 0
    assert part.readings["mimicry"].done < part.readings["mimicry"].items == 20


def test_an_evaluation_of_another_kind_is_refused(server: ScriptedServer, tmp_path: Path) -> None:
    items = plan(server.model, None, Asked(tests=["answer"], most=2)).items
    other = EvaluationPlan(name="e", kind="other", model=server.model, judge="", settings={}, items=items)
    session = Session(tmp_path / "mien.db")

    async def script(*_: object) -> bool:
        return True

    session.run(lambda: conduct(other, session, script))
    with pytest.raises(UsageError, match="'e' is of other, not of sycophancy"):
        sycophancy([Evaluation("e", tmp_path / "mien.db")])
