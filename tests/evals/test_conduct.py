"""Evaluations are carried out through a session: kept, resumed, taken further, refused where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import RunConflict, UnknownName, UsageError
from mien.evals.conduct import Asking, EvaluationPlan, Place, conduct, default_name
from mien.evals.evaluation import Evaluation, evaluations
from mien.evals.item import Item
from mien.measurement.session import Session
from mien.models.usage import Limits
from mien.store.records import RunInfo
from mien.store.store import Store
from mien.testing import ScriptedServer
from mien.types import Call, Message, Request, Trait, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mien.instruments.judges import Ask
    from mien.measurement.calls import Progress

ITEMS = tuple(Item(test="greeting", id=f"g-{n}", content={"says": f"Hello {n}"}) for n in range(4))


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def test_a_base_model_takes_no_system_prompt(server: ScriptedServer) -> None:
    settings = {"samples": 2, "system": "Be brief."}
    assert planned(server, settings=settings).system == "Be brief."
    with pytest.raises(UsageError, match="takes no system prompt"):
        planned(server, model=f"base:{server.model}", settings=settings)


def test_what_a_request_tells_goes_on_with_the_system_prompt(server: ScriptedServer, tmp_path: Path) -> None:
    plan = planned(server, settings={"system": "Be brief."}, items=ITEMS[:1], judge="")
    session = Session(tmp_path / "mien.db")

    async def script(_: Item, asking: Asking) -> bool:
        said: Message = {"role": "user", "content": "Hello"}
        told: Message = {"role": "system", "content": "Be warm."}
        await asking.answer(Place("plain"), Request((said,)))
        return (await asking.answer(Place("told"), Request((told, said)))).answered

    server.reset_log()
    session.run(lambda: conduct(plan, session, script))
    system = [request.body["messages"][0]["content"] for request in server.requests() if request.body]
    assert system == ["Be brief.", "Be brief.\n\nBe warm."]


def planned(server: ScriptedServer, **changed: Any) -> EvaluationPlan:
    members: dict[str, Any] = {
        "name": "e",
        "kind": "greeting",
        "model": server.model,
        "judge": server.judge,
        "settings": {"samples": 2, "manner": "plain"},
        "items": ITEMS,
        "growing": ("samples",),
    }
    return EvaluationPlan(**members | changed)


def carried_out(plan: EvaluationPlan, path: Path, **limits: Any) -> Progress:
    session = Session(path, limits=Limits(**limits))
    samples = int(str(plan.settings["samples"]))

    async def script(item: Item, asking: Asking) -> bool:
        said: list[Message] = [{"role": "user", "content": item.content["says"]}]
        calls = [
            await asking.answer(Place(sample=n), Request(tuple(said), replicate=n)) for n in range(samples)
        ]
        read = await asking.reading(Place(), "j", lambda ask: verdict(calls[0], session, plan, ask))
        return all(call.answered for call in calls) and bool(read)

    return session.run(lambda: conduct(plan, session, script))


async def verdict(call: Call, session: Session, plan: EvaluationPlan, ask: Ask) -> Verdict | Call:
    if not call.answered:
        return call
    read = await ask(session.open(plan.judge), Request(({"role": "user", "content": call.text},)))
    return Verdict(trial="", judge="j", chosen="friendly", call=read.key) if read.answered else read


def test_what_was_answered_lies_where_it_was_asked_and_nothing_is_asked_twice(
    server: ScriptedServer, tmp_path: Path
) -> None:
    path = tmp_path / "mien.db"
    stopped = carried_out(planned(server), path, max_calls=5)
    assert stopped.stopped
    assert Evaluation("e", path).made.lacking("e").endswith("of 4 items of e are missing")
    whole = carried_out(planned(server), path)
    assert whole.tally.answered == 4 * 3 - 5
    found = Evaluation("e", path)
    assert [item.id for item in found.items.values()] == [item.id for item in ITEMS]
    assert (found.record.done, found.made.missing, found.settings["manner"]) == (4, 0, "plain")
    answers = found.answers()
    assert [*answers] == [item.key for item in ITEMS]
    for of_one in answers.values():
        assert [(one.place.sample, one.place.reader, one.place.chosen) for one in of_one] == [
            (0, "", ""),
            (1, "", ""),
            (0, "j", "friendly"),
        ]
        assert all(one.text and not one.failure for one in of_one)
    assert carried_out(planned(server), path).tally.answered == 0
    more = planned(server, settings={"samples": 3, "manner": "plain"})
    assert carried_out(more, path).tally.answered == 4
    assert [one.name for one in evaluations(path, "greeting")] == ["e"]
    assert evaluations(path, "another") == []


def test_failures_are_counted_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    with ScriptedServer(faults={"empty": 1.0}, faulty_models=("judge",)) as server:
        failed = carried_out(planned(server), path)
        assert (failed.done, failed.failed, Evaluation("e", path).record.done) == (4, 4, 0)
        assert [*failed.reasons] == ["the judge: empty answer (finish_reason stop)"]
        server.configure(faults={})
        assert carried_out(planned(server), path).tally.answered == 4
        assert Evaluation("e", path).record.done == 4


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"judge": ""}, "judge"),
        ({"settings": {"samples": 2, "manner": "other"}}, "manner"),
        ({"items": ITEMS[1:]}, "items"),
    ],
)
def test_another_evaluation_of_the_name_is_refused(
    server: ScriptedServer, tmp_path: Path, changed: dict[str, Any], what: str
) -> None:
    path = tmp_path / "mien.db"
    carried_out(planned(server), path, max_calls=0)
    with pytest.raises(RunConflict, match=f"named 'e' already, with other {what};"):
        carried_out(planned(server, **changed), path)
    with pytest.raises(UnknownName, match="no evaluation named 'f'"):
        Evaluation("f", path)


def test_a_run_of_the_name_is_refused(server: ScriptedServer, tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    with Store(path) as store:
        traits = (Trait("warm"), Trait("dry"))
        info = RunInfo(
            name="e", model="m", instrument="stated", protocol="{}", design="", seed=0, traits=traits
        )
        store.add_run(info, [])
    with pytest.raises(RunConflict, match="there is a run named 'e'"):
        carried_out(planned(server), path)


def test_items_are_told_apart(server: ScriptedServer) -> None:
    with pytest.raises(UsageError, match="item 'g-0' of greeting is there twice"):
        planned(server, items=(*ITEMS, ITEMS[0]))
    with pytest.raises(UsageError, match="greeting has no items"):
        planned(server, items=())
    assert default_name("openrouter/z-ai/glm-4.5-air", "sycophancy") == "glm-4.5-air-sycophancy"
    assert default_name("http://127.0.0.1:1/v1#model", "diversity") == "model-diversity"
