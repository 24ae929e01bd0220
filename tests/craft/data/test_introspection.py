"""What a model in character is asked about itself, and both sides of a conversation with itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from mien.craft.data.characters import ToldByTraits
from mien.craft.data.introspection import Introspection, Introspector, load_introspection_wording, tasks
from mien.craft.data.wording import load_wording
from mien.materials.protocols import load_protocol
from mien.materials.traits import load_traits
from mien.measurement.stages import LeftOut
from mien.types import Call, Request, Sampling
from tests.craft.pairs import CONSTITUTION

if TYPE_CHECKING:
    from mien.craft.data.introspection import Task

WORDING = load_introspection_wording()


def carry_out(
    task: Task, *, turns: int = 3, told: str = "assertions", fail: str = ""
) -> tuple[Any, list[Request]]:
    """What comes of a task where every answer is its number, and what was asked."""
    asked: list[Request] = []

    async def ask(model: Any, request: Request) -> Call:
        asked.append(request)
        finish = "length" if fail == "cut off" and len(asked) == 2 else "stop"
        failure = "HTTP 500" if fail == "HTTP 500" and len(asked) == 2 else ""
        text = "" if failure else f" {len(asked)} "
        return Call(key="", endpoint="", model="", text=text, finish_reason=finish, failure=failure)

    introspector = Introspector(
        model=None,  # type: ignore[arg-type]
        constitution=CONSTITUTION,
        wording=WORDING,
        crafting=load_wording(),
        sampling=Sampling(temperature=0.5),
        turns=turns,
        traits=ToldByTraits(CONSTITUTION, load_traits("classic-36"), load_protocol(), seed=0)
        if told == "traits"
        else None,
    )
    return asyncio.run(introspector.carry_out(task, ask)), asked


def test_the_wording_that_ships() -> None:
    assert len({*WORDING.questions}) == len(WORDING.questions) >= 10
    assert len({*WORDING.openings}) == len(WORDING.openings) >= 8
    assert "{character}" in WORDING.reflection
    assert "{character}" in WORDING.interaction


def test_questions_and_openings_by_turns() -> None:
    found = tasks(WORDING, reflections=len(WORDING.questions) + 2, interactions=1)
    assert len(set(found)) == len(found) == len(WORDING.questions) + 3
    assert [task.replicate for task in found if task.text == WORDING.questions[1]] == [0, 1]
    assert found[-1] == ("interaction", WORDING.openings[0], 0)


def test_a_reflection_is_trained_on_without_what_the_model_was_told() -> None:
    task = tasks(WORDING, reflections=20, interactions=0)[-1]
    found, (request,) = carry_out(task)
    system, user = request.messages
    assert CONSTITUTION.assertions[0].text in system["content"]
    assert "This character is you" in system["content"]
    assert (user["content"], request.replicate, request.sampling) == (task.text, 1, Sampling(temperature=0.5))
    assert found.messages == (user, {"role": "assistant", "content": "1"})
    assert found.row() == {"id": found.id, "kind": "reflection", "messages": list(found.messages)}
    assert found.id != Introspection("reflection", (user, {"role": "assistant", "content": "2"})).id


@pytest.mark.parametrize("told", ["assertions", "traits"])
def test_two_copies_talk_by_turns(told: str) -> None:
    (task,) = tasks(WORDING, reflections=0, interactions=1)
    found, asked = carry_out(task, told=told)
    roles = ["user", "assistant"] * 3
    assert [one["role"] for one in found.messages] == roles
    assert [one["content"] for one in found.messages] == [task.text, "1", "2", "3", "4", "5"]
    views = [[(one["role"], one["content"]) for one in request.messages[1:]] for request in asked]
    second, first = views[4], views[3]
    assert second == [(role, one["content"]) for role, one in zip(roles[:5], found.messages[:5], strict=True)]
    cue = ("user", WORDING.cue)
    assert first == [cue, ("assistant", task.text), ("user", "1"), ("assistant", "2"), ("user", "3")]
    assert {request.messages[0]["role"] for request in asked} == {"system"}
    # Each copy is told the same from its first turn to its last.
    assert len({request.messages[0]["content"] for request in asked[::2]}) == 1
    assert len({request.messages[0]["content"] for request in asked[1::2]}) == 1


@pytest.mark.parametrize(("fail", "failed"), [("cut off", False), ("HTTP 500", True)])
def test_a_conversation_that_breaks_off_is_left_out(fail: str, failed: bool) -> None:
    (task,) = tasks(WORDING, reflections=0, interactions=1)
    found, asked = carry_out(task, fail=fail)
    assert isinstance(found, LeftOut)
    assert (fail in found.reason, found.failed, len(asked)) == (True, failed, 2)
