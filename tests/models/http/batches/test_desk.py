"""Requests about batches: patient where that is safe, once where it is not, and silent about keys."""

from __future__ import annotations

import pytest

from mien.errors import EndpointRefused
from mien.models.http.batches import desk as desk_module
from mien.models.http.batches.desk import Desk, Unanswered
from tests.models.http.batches.canned import KEY, KEY_VARIABLE, Canned, at_the_desk, jsonl


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "_FIRST_PAUSE", 0.0)
    monkeypatch.setattr(desk_module, "_LONGEST_PAUSE", 0.0)
    monkeypatch.setenv(KEY_VARIABLE, KEY)


def test_what_passes_is_waited_for() -> None:
    canned: Canned = {"/b": [(500, {}), (429, {}), (0, b'{"cut": 1}'), (200, {"id": "b1"})]}

    async def use(desk: Desk) -> object:
        answer = await desk.ask(f"{desk.endpoint.url}/b")
        return answer and answer.members

    assert at_the_desk(canned, use) == {"id": "b1"}


def test_what_does_not_pass_is_told_without_the_key() -> None:
    async def use(desk: Desk) -> object:
        assert await desk.ask(f"{desk.endpoint.url}/nothing") is None
        return await desk.ask(f"{desk.endpoint.url}/b?limit=1")

    canned: Canned = {"/b?limit=1": [(401, {"error": {"message": f"no such key: {KEY}"}})]}
    with pytest.raises(EndpointRefused, match=r"host: batches at http\S+/b: HTTP 401: no such key: \[key\]"):
        at_the_desk(canned, use)


def test_an_account_that_is_spent_is_not_waited_for() -> None:
    async def use(desk: Desk) -> object:
        return await desk.post(f"{desk.endpoint.url}/b")

    spent = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
    with pytest.raises(EndpointRefused, match="exceeded your current quota"):
        at_the_desk({"/b": [(429, spent), (200, {})]}, use)


@pytest.mark.parametrize("answer", [(500, {"error": {"message": "oh"}}), (0, b'{"id": "b1"}')])
def test_what_must_not_happen_twice_is_asked_for_once(answer: tuple[int, object]) -> None:
    canned: Canned = {"/b": [answer, (200, {"id": "b2"})]}

    async def use(desk: Desk) -> object:
        with pytest.raises(Unanswered):
            await desk.once(f"{desk.endpoint.url}/b", json={})
        return (await desk.once(f"{desk.endpoint.url}/b", json={})).members

    assert at_the_desk(canned, use) == {"id": "b2"}


def test_lines_of_any_length_come_from_the_beginning_again_where_they_broke_off() -> None:
    rows = [{"n": 0, "key": KEY}, {"n": 1, "text": "é" * 300_000}, {"n": 2}]
    content = jsonl(*rows)[:-1]  # without the last end of a line

    async def use(desk: Desk) -> list[bytes]:
        return [line async for line in desk.lines(f"{desk.endpoint.url}/f")]

    lines = at_the_desk({"/f": [(0, content), (503, {}), (200, content)]}, use)
    assert [line[:7] for line in lines] == [b'{"n": 0', b'{"n": 0', b'{"n": 1', b'{"n": 2']
    assert KEY.encode() not in b"".join(lines)
    with pytest.raises(EndpointRefused, match="HTTP 404: gone"):
        at_the_desk({"/f": [(404, {"error": {"message": "gone"}})]}, use)
