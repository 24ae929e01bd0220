"""Names of models, the endpoints behind them, and their keys and prices."""

from __future__ import annotations

import asyncio

import pytest

from mien.errors import MissingKey, UnknownName, UsageError
from mien.models.http.providers import Endpoint, endpoints, prices, resolve
from mien.models.usage import Price
from mien.testing import ScriptedServer


def test_every_shipped_provider():
    assert set(endpoints()) == {
        *("openai", "openrouter", "anthropic", "gemini", "mistral", "deepseek", "xai", "together", "groq"),
        *("fireworks", "ollama", "vllm"),
    }
    for name, endpoint in endpoints().items():
        assert endpoint.name == name
        assert not endpoint.url.endswith("/")
        assert endpoint.url.startswith("http://localhost" if name in ("ollama", "vllm") else "https://")
        assert bool(endpoint.key_variable) == (name not in ("ollama", "vllm"))


def test_a_models_name_may_hold_slashes():
    endpoint, model = resolve("openrouter/z-ai/glm-4.5-air")
    assert (endpoint.name, model) == ("openrouter", "z-ai/glm-4.5-air")


@pytest.mark.parametrize(
    ("spec", "url", "model"),
    [
        ("http://127.0.0.1:8000/v1#m", "http://127.0.0.1:8000/v1", "m"),
        ("https://example.org/v1/#a/b:free", "https://example.org/v1", "a/b:free"),
        ("http://h:1/v1/chat/completions#m", "http://h:1/v1", "m"),
        ("http://[::1]:8000/v1#m", "http://[::1]:8000/v1", "m"),
    ],
)
def test_an_address(spec: str, url: str, model: str):
    endpoint, name = resolve(spec)
    assert (endpoint.url, name) == (url, model)


def test_an_address_of_azure_bears_its_version():
    spec = "https://me.openai.azure.com/openai/deployments/x{}?api-version=2024-10-21#gpt"
    for path in ("", "/", "/chat/completions"):
        endpoint, model = resolve(spec.format(path))
        assert (endpoint.url, model) == ("https://me.openai.azure.com/openai/deployments/x", "gpt")
        assert endpoint.address == f"{endpoint.url}/chat/completions?api-version=2024-10-21"
        assert endpoint.header("secret") == {"api-key": "secret"}
    plain, _ = resolve("https://h/v1#m")
    assert plain.address == "https://h/v1/chat/completions"
    assert plain.header("secret") == {"Authorization": "Bearer secret"}
    assert plain.header("") == {}


def test_an_unknown_provider_names_the_nearest():
    with pytest.raises(UnknownName, match="openrouter"):
        resolve("openruter/z-ai/glm")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("organism/tiny", "runs in this process"),
        ("hf/org/name", "runs in this process"),
        ("openai", "openai/NAME"),
        ("openai/", "openai/NAME"),
        ("http://127.0.0.1:8000/v1", "#MODEL"),
        ("http://#m", "not an address"),
        ("ftp://example.org/v1#m", "not an address"),
        ("http://h:99999/v1#m", "not an address"),
        ("https://u:s3cret-word@example.org/v1#m", "MIEN_API_KEY"),
        ("https://example.org/v1?key=s3cret-word#m", "MIEN_API_KEY"),
        ("https://example.org/v1?api-version=s3cret-word#m", "MIEN_API_KEY"),
        ("https://example.org/v1?api-version=2024-10-21&key=s3cret-word#m", "MIEN_API_KEY"),
    ],
)
def test_what_names_no_model_says_what_to_write(spec: str, message: str):
    with pytest.raises(UsageError, match=message) as raised:
        resolve(spec)
    assert "s3cret-word" not in str(raised.value)


def test_a_missing_key_names_its_variable(monkeypatch: pytest.MonkeyPatch):
    endpoint, _ = resolve("openai/gpt-4.1-mini")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(MissingKey, match="OPENAI_API_KEY"):
        _ = endpoint.key
    monkeypatch.setenv("OPENAI_API_KEY", "sk-with\nbreak")
    with pytest.raises(MissingKey, match="characters") as raised:
        _ = endpoint.key
    assert "break" not in str(raised.value)
    monkeypatch.setenv("OPENAI_API_KEY", " sk-1234567890\n")
    assert endpoint.key == "sk-1234567890"
    assert "1234567890" not in repr(endpoint)


def test_an_address_needs_no_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MIEN_API_KEY", raising=False)
    assert resolve("http://127.0.0.1:1/v1#m")[0].key == ""


@pytest.mark.parametrize(
    ("spec", "refused"),
    [
        ("openai/gpt-4.1-mini", set()),
        ("openai/gpt-5-mini", {"temperature", "top_p"}),
        ("openai/gpt-5-chat-latest", set()),
        ("openai/o3", {"temperature", "top_p"}),
        ("anthropic/claude-sonnet-4-5", {"top_p"}),
        ("anthropic/claude-opus-4-8", {"temperature", "top_p"}),
        ("groq/openai/gpt-oss-20b", set()),
    ],
)
def test_parameters_that_models_refuse(spec: str, refused: set[str]):
    endpoint, model = resolve(spec)
    assert endpoint.refused_by(model) == refused


def test_list_prices():
    with ScriptedServer(prices=(0.25, 1.5)) as server:
        listed = asyncio.run(prices(resolve(server.model)[0]))
    assert listed["model"] == pytest.approx((0.25, 1.5))
    assert listed["model"].of(2_000_000, 1_000_000) == pytest.approx(2.0)


def test_no_list_prices():
    with ScriptedServer() as server:
        assert asyncio.run(prices(resolve(server.model)[0])) == {}
    assert asyncio.run(prices(Endpoint(url="http://127.0.0.1:9/v1"))) == {}


def test_a_price_is_per_million_tokens():
    assert Price(1.0, 4.0).of(1000, 500) == pytest.approx(0.003)
