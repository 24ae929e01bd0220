"""From evaluations in a store to ranges: planted ones are found, and what cannot be known is not made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.errors import NotIdentified, UsageError
from mien.evals.breadth.answered import GUESSED, Hits
from mien.evals.breadth.evaluate import Asked, carry_out, plan
from mien.evals.breadth.scores import MEAN, breadth
from mien.evals.conduct import EvaluationPlan, conduct
from mien.evals.evaluation import Evaluation
from mien.evals.kinds import found as found_of
from mien.materials.prompts import load_prompts
from mien.materials.traits import load_traits
from mien.measurement.session import Session
from mien.models.usage import Limits
from mien.stats import diffs
from mien.stats.proportions import Proportion
from mien.testing import ScriptedServer
from mien.types import Trait

if TYPE_CHECKING:
    from pathlib import Path

PROMPTS = load_prompts(max_prompts=16)
#: A trait that it takes, one that it cannot, one that the judge cannot read, one for which it was not tried.
TRAITS = [*(one for one in load_traits("classic-36").traits if one.name in {"warm", "blunt", "calm"})]
TRAITS += [Trait("of mine")]
PLANTED = {"warm": 0.8, "blunt": 0.0, "calm": 0.8, "of mine": 0.0}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``wide``, ``narrowed`` in what was planted, and ``begun``, which a budget stopped."""
    path = tmp_path_factory.mktemp("breadth") / "mien.db"
    asked = Asked(traits=TRAITS, prompts=PROMPTS, beside=1)
    models = ("wide", "narrowed", "begun", "judge")
    with ScriptedServer(stretches=PLANTED, blind_to=("calm",), judge_first=0.3, models=models) as server:
        for name in models[:3]:
            if name == "narrowed":
                server.configure(stretches=PLANTED | {"warm": 0.2})
            limits = Limits(max_calls=30) if name == "begun" else Limits()
            planned = plan(f"{server.url}#{name}", server.judge, asked, name=name)
            carry_out(planned, Session(path, limits=limits))
    return path


def test_what_was_planted_is_told_apart(path: Path) -> None:
    (found,) = breadth([Evaluation("wide", path)])
    states = {one.trait: one.state for one in found.traits}
    assert states == {"warm": "wide", "blunt": "cannot", "calm": "not readable", "of mine": "unchecked"}
    warm, blunt, calm, mine = found.traits
    assert warm.range is not None
    assert warm.range.low < 6 * 0.8 * 400 / np.log(10) < warm.range.high
    assert warm.levels[0] < 0 < warm.levels[1]
    assert (calm.range, calm.stretch) == (None, None)
    assert blunt.range is not None
    assert blunt.range.low < 0 < blunt.range.high
    assert warm.judge is not None
    assert warm.judge.right == 8
    assert mine.judge is None
    assert warm.answers["up"].value == 1
    assert [one.q > 0.05 for one in warm.moved] == [True]
    assert found.wide is not None
    assert (found.wide.share, found.wide.n) == (0.5, 2)
    assert found.wide.low <= 0.5 <= found.wide.high
    assert found.answers_read is not None
    assert found.answers_read.reads
    assert found.readings.refused == found.readings.unreadable == 0
    assert found.estimates.names[0] == MEAN
    told = {
        name: found.estimates.values[found.estimates.names.index(name)]
        for name in (MEAN, "warm", "blunt", "of mine")
    }
    assert told[MEAN] == pytest.approx(np.mean([told["warm"], told["blunt"], told["of mine"]]))
    assert not {"calm", "calm up"} & {*found.estimates.names}


def test_a_bound_is_for_who_looks(path: Path) -> None:
    (found,) = breadth([Evaluation("wide", path)], bound=3000)
    assert found.traits[0].state == "narrow"
    assert found.wide is not None
    assert found.wide.share == 0
    with pytest.raises(UsageError, match="above 0, not 0"):
        breadth([Evaluation("wide", path)], bound=0)


def test_a_narrowed_character_is_found_on_the_prompts_that_both_have(path: Path) -> None:
    before, after = found_of([Evaluation("wide", path), Evaluation("narrowed", path)])
    changed = diffs.diff(before.compared(), after.compared())
    assert changed.paired == len(PROMPTS)
    found = {change.name: change for change in changed.changes}
    assert [*sorted(found)] == ["blunt", MEAN, "of mine", "warm"]
    assert found["warm"].changed
    assert found["warm"].delta < 0
    assert found[MEAN].delta < 0
    assert not found["blunt"].changed
    assert "warm up" in before.compared("warm up").names
    with pytest.raises(
        UsageError, match="range of calm cannot be told of all evaluations: a judge cannot read"
    ):
        before.compared("calm")


def test_what_was_stopped_says_what_it_lacks_and_what_tells_nothing_why(path: Path) -> None:
    evaluation = Evaluation("begun", path)
    assert evaluation.made.missing > 0
    with pytest.raises(
        NotIdentified, match=r"no range can be told of begun: [\d,]+ of [\d,]+ items of begun are"
    ):
        breadth([evaluation])


def test_a_judge_that_is_blind_to_all_says_nothing_of_the_model(tmp_path: Path) -> None:
    asked = Asked(traits=TRAITS[:2], prompts=PROMPTS[:3], beside=0)
    blind = tuple(trait.name for trait in TRAITS)
    with ScriptedServer(stretches=PLANTED, blind_to=blind, seed=7) as server:
        evaluation = carry_out(plan(server.model, server.judge, asked), Session(tmp_path / "mien.db"))
    with pytest.raises(NotIdentified, match=r"no better than by guessing \(warm \d of 8, "):
        breadth([evaluation])


def test_evaluations_of_another_kind_are_refused(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        asked = Asked(traits=TRAITS[:2], prompts=PROMPTS[:2], beside=0)
        planned = EvaluationPlan(
            name="e", kind="greeting", model=server.model, judge="", settings={}, items=tuple(asked.items[:1])
        )
        session = Session(tmp_path / "mien.db")

        async def script(*_: object) -> bool:
            return True

        session.run(lambda: conduct(planned, session, script))
    with pytest.raises(UsageError, match="evaluation 'e' is of greeting, not of breadth"):
        breadth([Evaluation("e", tmp_path / "mien.db")])


@pytest.mark.parametrize(
    ("right", "n", "reads"), [(8, 8, True), (7, 8, True), (6, 8, False), (0, 8, False), (3, 3, False)]
)
def test_a_judge_reads_where_a_coin_would_hardly_be_right_so_often(right: int, n: int, reads: bool) -> None:
    assert GUESSED == 0.05
    assert Hits(Proportion(right / n, 0, 1, n), right).reads is reads
