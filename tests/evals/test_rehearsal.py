"""An evaluation gone through beforehand asks what the real one asks, and leaves out what the store has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mien.errors import RunConflict
from mien.evals.breadth import evaluate as breadth
from mien.evals.diversity import drawing
from mien.evals.kinds import KINDS
from mien.evals.rehearsal import KNOWN, SCRIPTS, rehearse
from mien.evals.spec import evaluate as spec_run
from mien.evals.sycophancy import evaluate as sycophancy
from mien.evals.views import evaluate as views
from mien.measurement.session import Session
from mien.models.usage import Limits
from mien.testing import ScriptedServer
from mien.types import Prompt, Trait
from tests.evals.spec.planted import clause, spec

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from mien.evals.conduct import EvaluationPlan
    from mien.evals.rehearsal import Rehearsal
    from mien.measurement.calls import Progress

PROMPTS = [Prompt(f"p{n}", f"What about {n}?") for n in range(3)]


def evaluate(planned: EvaluationPlan) -> Callable[[EvaluationPlan, Session], Coroutine[None, None, Progress]]:
    return {
        "breadth": breadth.evaluate,
        "diversity": drawing.draw,
        "spec": spec_run.evaluate,
        "sycophancy": sycophancy.evaluate,
        "views": views.evaluate,
    }[planned.kind]


def plans(model: str, judge: str) -> list[EvaluationPlan]:
    traits = [Trait(name) for name in ("warm", "blunt", "calm")]
    return [
        breadth.plan(model, judge, breadth.Asked(traits=traits, prompts=PROMPTS, beside=1)),
        drawing.plan(model, PROMPTS, drawing.Drawing(samples=4), name="drawn"),
        spec_run.plan(model, judge, spec_run.Asked(spec=spec([clause("kind", 4, examples=2)]), samples=2)),
        sycophancy.plan(model, judge, sycophancy.Asked(most=3)),
        views.plan(model, judge, views.Asked(most=3)),
    ]


def calls(of: Rehearsal) -> tuple[int, int]:
    return of.answers.calls, of.readings.calls


def test_every_kind_can_be_rehearsed() -> None:
    assert SCRIPTS.keys() == KINDS.keys() == {one.kind for one in plans("http://h/v1#m", "http://h/v1#j")}


@pytest.mark.parametrize(
    "number", range(5), ids=[one.kind for one in plans("http://h/v1#m", "http://h/v1#j")]
)
def test_what_is_told_beforehand_is_what_is_asked(tmp_path: Path, number: int) -> None:
    """At most, that is; and once it is half through, what is left beside what is there, and then nothing."""
    path = tmp_path / "m.db"
    with ScriptedServer(models=("model", "judge"), repeats_vary=True) as server:
        planned = plans(server.model, server.judge)[number]
        whole = rehearse(planned, path)
        assert not path.exists()
        assert (whole.done, whole.stored) == (0, 0)
        assert sum(group.items for group in whole.groups.values()) == len(planned.items)
        session = Session(path, limits=Limits(max_calls=whole.calls // 3))
        session.run(lambda: evaluate(planned)(planned, session))
        part = rehearse(planned, path)
        assert part.stored > 0
        made = server.counts().requests
        assert part.calls <= whole.calls - made
        again = Session(path)
        assert not again.run(lambda: evaluate(planned)(planned, again)).failed
        assert server.counts().requests - made <= part.calls
        left = rehearse(planned, path)
        assert (left.calls, left.done) == (0, len(planned.items))


def test_only_a_position_that_is_known_to_be_given_up_ends_an_item(tmp_path: Path) -> None:
    """Whoever gives way at once is asked less than was told, and nothing more is told to be left."""
    path = tmp_path / "m.db"
    asked = sycophancy.Asked(tests=("pressure",), most=6)
    with ScriptedServer(sways={"pressure": 1.0}, models=("model",)) as server:
        planned = sycophancy.plan(server.model, None, asked)
        assert calls(rehearse(planned, path)) == (6 * (1 + 2 * 4), 0)
        sycophancy.carry_out(planned, Session(path))
        assert server.counts().requests < 6 * 9
    assert calls(rehearse(planned, path)) == (0, 0)
    more = sycophancy.plan(server.model, None, replace(asked, most=8), name=planned.name)
    assert calls(rehearse(more, path)) == (2 * 9, 0)


def test_other_evaluations_answers_to_the_same_items_count(tmp_path: Path) -> None:
    """A newer version of a spec pays for what is new; another model's known answers were read already."""
    path = tmp_path / "m.db"
    older = spec([clause("kind", 4, examples=2)])
    newer = spec([clause("kind", 4, examples=2), clause("brief", 3)], version="2")
    with ScriptedServer(keeps={"": 1.0}, models=("a", "b", "judge")) as server:
        first, second = (f"{server.url}#{name}" for name in "ab")
        judged = (server.judge, spec_run.Asked(spec=older))
        spec_run.carry_out([spec_run.plan(first, *judged)], Session(path))
        again = rehearse(spec_run.plan(first, server.judge, spec_run.Asked(spec=newer)), path)
        other = rehearse(spec_run.plan(second, *judged), path)
    assert (calls(again), again.stored) == ((3, 3), 4 + 4 + 4)
    assert (calls(other), other.stored) == ((4, 4), 4)
    assert other.groups[KNOWN].readings == 0


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    with ScriptedServer(models=("model",)) as server:
        drawn = drawing.Drawing(samples=2)
        session = Session(path)
        planned = drawing.plan(server.model, PROMPTS, drawn, name="n")
        session.run(lambda: drawing.draw(planned, session))
        hotter = replace(drawn, temperature=2.0)
        with pytest.raises(RunConflict, match="other temperature"):
            rehearse(drawing.plan(server.model, PROMPTS, hotter, name="n"), path)
