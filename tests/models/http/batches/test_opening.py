"""Which protocol of batches an endpoint speaks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from mien.errors import EndpointRefused, UsageError
from mien.models.http.batches import desk, opening
from mien.models.http.batches.opening import open_batches
from mien.models.http.providers import endpoints, resolve
from tests.models.http.batches.canned import Canned, serving

if TYPE_CHECKING:
    from mien.models.http.batches.service import Service
    from mien.models.http.providers import Endpoint


def opened(endpoint: Endpoint) -> Service:
    async def main() -> Service:
        async with aiohttp.ClientSession() as session:
            return await open_batches(session, endpoint)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        ("openai", "OpenAIBatches"),
        ("groq", "OpenAIBatches"),
        ("anthropic", "AnthropicBatches"),
        ("gemini", "GeminiBatches"),
    ],
)
def test_a_provider_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch, provider: str, kind: str) -> None:
    monkeypatch.setenv(endpoints()[provider].key_variable, "a-key-for-nothing")
    assert type(opened(endpoints()[provider])).__name__ == kind


def test_a_provider_without_batches() -> None:
    with pytest.raises(UsageError, match=r"^openrouter has no batches; leave out --batch, or measure by one"):
        opened(endpoints()["openrouter"])


@pytest.mark.parametrize(
    ("canned", "kind"),
    [
        ({"/v1/batches?limit=1": [(200, {"data": []})]}, "OpenAIBatches"),
        ({"/v1/messages/batches?limit=1": [(200, {"data": []})]}, "AnthropicBatches"),
        ({"/v1/batches?pageSize=1": [(200, {"operations": []})]}, "GeminiBatches"),
    ],
)
def test_an_address_is_asked(canned: Canned, kind: str) -> None:
    with serving(canned) as base:
        assert type(opened(resolve(f"{base}/v1#m")[0])).__name__ == kind


@pytest.mark.parametrize(
    ("status", "raised", "told"),
    [
        (404, UsageError, "has no batches"),
        (401, EndpointRefused, "HTTP 401: who is it"),
        (500, EndpointRefused, "HTTP 500: who is it"),
    ],
)
def test_an_address_that_does_not_say(
    monkeypatch: pytest.MonkeyPatch, status: int, raised: type[Exception], told: str
) -> None:
    monkeypatch.setattr(desk, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(opening, "_PATIENCE", 0.0)
    answers: list[tuple[int, Any]] = [(status, {"error": {"message": "who is it"}})]
    with serving({"/v1/batches?limit=1": answers}) as base, pytest.raises(raised, match=told):
        opened(resolve(f"{base}/v1#m")[0])
