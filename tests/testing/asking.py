"""A scripted server asked over real HTTP, and what its answers tell."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from typing import Any

import aiohttp

from mien.testing import ScriptedServer, codeword
from tests.processes import LIMIT

SCORES = {"warm": 1.0, "blunt": -1.0, "direct": 0.0, "indirect": 0.0}
Answer = tuple[int, str, dict[str, str]]


def post(
    server: ScriptedServer, *bodies: dict[str, Any] | bytes, key: str = "", timeout: float = LIMIT
) -> list[Answer]:
    """Send all bodies at once; status 0 stands for a connection that failed, −1 for a timeout."""

    async def one(session: aiohttp.ClientSession, body: dict[str, Any] | bytes) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            async with session.post(f"{server.url}/chat/completions", data=data) as answer:
                return answer.status, await answer.text(), dict(answer.headers)
        except TimeoutError:
            return -1, "", {}
        except aiohttp.ClientError as problem:
            return 0, type(problem).__name__, {}

    async def every() -> list[Answer]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        limits = aiohttp.ClientTimeout(total=timeout)
        # Without keep-alive, or aiohttp would repeat by itself what a dropped connection took along.
        connector = aiohttp.TCPConnector(limit=200, force_close=len(bodies) == 1)
        async with aiohttp.ClientSession(headers=headers, timeout=limits, connector=connector) as session:
            return await asyncio.gather(*(one(session, body) for body in bodies))

    return asyncio.run(every())


def chat(system: str, user: str = "Hello there", model: str = "model", **members: Any) -> dict[str, Any]:
    turns = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return {"model": model, "messages": turns, **members}


def text_of(answer: Answer) -> str:
    assert answer[0] == 200, answer
    return json.loads(answer[1])["choices"][0]["message"]["content"]


def shown_in(text: str) -> str | None:
    """The trait whose codeword stands in a text."""
    return next((name for name in SCORES if codeword(name) in text), None)


def shown(server: ScriptedServer, system: str, n: int) -> Counter[str | None]:
    answers = post(server, *(chat(system, f"Question {i}") for i in range(n)))
    return Counter(shown_in(text_of(answer)) for answer in answers)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def within(count: int, n: int, rate: float) -> bool:
    """Whether a count is within four standard errors of what is planted."""
    return abs(count / n - rate) <= 4 * math.sqrt(rate * (1 - rate) / n)


def judged(trait: str = "warm", options: str = "- blunt\n- warm", **members: Any) -> dict[str, Any]:
    response = f"I have kept this in the key of {codeword(trait)}."
    return chat(
        f"Which is it?\n{options}", f"Prompt: Are you direct?\nResponse: {response}", "judge", **members
    )


SCHEMA = {
    "type": "json_schema",
    "json_schema": {"schema": {"properties": {"choice": {"enum": ["blunt", "warm", "neither"]}}}},
}


def alive(url: str) -> bool:
    async def reached() -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{url}/models"):
                return True
        except aiohttp.ClientConnectionError:
            return False

    return asyncio.run(reached())
