"""Where models live: endpoints that speak OpenAI's chat completions, their quirks, keys and prices."""

from __future__ import annotations

import functools
import os
import re
from fnmatch import fnmatchcase
from importlib import resources
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from mien.errors import MissingKey, UnknownName, UsageError
from mien.models.usage import Price

#: Where plain texts are gone on with, beside where conversations are.
COMPLETIONS = "completions"

#: Holds the key for endpoints that are given by their address.
ADDRESS_KEY_VARIABLE = "MIEN_API_KEY"


# The one query that an address may bear, in the forms that Azure has; a secret has none of them.
_API_VERSION = re.compile(r"api-version=([0-9]{4}-[0-9]{2}-[0-9]{2}(?:-preview)?|preview|latest|v1)")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address that speaks OpenAI's chat completions, and how it departs from them.

    Attributes:
        path: what of it is asked, behind the base address.
        name: the provider's name, or the host for an endpoint given by its address.
        url: base address, without a slash at the end.
        api_version: of Azure's, which is a part of the address there; the key has a header of its own then.
        key_variable: environment variable that holds the key; empty where the endpoint takes none.
        key_required: whether to refuse to call without a key.
        max_tokens: what the endpoint calls the limit on an answer's length.
        counts_limits: whether it counts that limit, and not the answer, against its tokens per minute. None
            is sent then where none is set.
        json_schema: whether it obeys ``response_format: json_schema``; None where that is not known.
        refuses: sampling parameters that models refuse, by pattern of the model's name; first match counts.
        batches: the protocol of its batches; empty where it has none, and ``asked`` where it is to be asked;
            see `mien.models.http.batches`.
    """

    url: str
    path: str = "chat/completions"
    api_version: str = ""
    name: str = ""
    key_variable: str = ""
    key_required: bool = True
    max_tokens: str = "max_tokens"
    counts_limits: bool = False
    json_schema: bool | None = None
    refuses: dict[str, frozenset[str]] = {}
    batches: Literal["openai", "anthropic", "gemini", "asked", ""] = ""

    @property
    def address(self) -> str:
        """Where completions are asked for."""
        query = f"?api-version={self.api_version}" if self.api_version else ""
        return f"{self.url}/{self.path}{query}"

    def header(self, key: str) -> dict[str, str]:
        """The header that bears a key; none without one."""
        if not key:
            return {}
        return {"api-key": key} if self.api_version else {"Authorization": f"Bearer {key}"}

    @property
    def key(self) -> str:
        """The key, read from the environment now; empty where none is needed.

        Raises:
            MissingKey: the variable is not set, or holds what cannot be a key.
        """
        if not self.key_variable:
            return ""
        key = os.environ.get(self.key_variable, "").strip()
        if not key and self.key_required:
            raise MissingKey(f"{self.name} needs a key: set the environment variable {self.key_variable}")
        if not re.fullmatch(r"[!-~]*", key):
            raise MissingKey(f"the environment variable {self.key_variable} holds characters that no key has")
        return key

    def refused_by(self, model: str) -> frozenset[str]:
        """The sampling parameters that must not be sent to a model."""
        for pattern, names in self.refuses.items():
            if fnmatchcase(model, pattern):
                return names
        return frozenset()


def resolve(spec: str) -> tuple[Endpoint, str]:
    """Find the endpoint and the model's name there.

    Args:
        spec: ``provider/name`` (the name may hold slashes) or ``http(s)://host/v1#name``.

    Raises:
        UnknownName: no such provider; the message offers the nearest.
        UsageError: no model in the spec, an address with credentials, or one that runs in this process.
    """
    if "://" in spec:
        return _model_at(spec)
    provider, _, model = spec.partition("/")
    if provider in ("organism", "hf"):
        raise UsageError(f"{spec} runs in this process and is behind no endpoint")
    known = endpoints()
    if provider not in known:
        raise UnknownName("provider", provider, known)
    if not model.strip():
        raise UsageError(f"{spec!r} names no model; write {provider}/NAME")
    return known[provider], model


@functools.cache
def endpoints() -> dict[str, Endpoint]:
    """The endpoints that ship with mien, by name."""
    text = resources.files("mien.data").joinpath("providers.yaml").read_bytes()
    table = msgspec.yaml.decode(text, type=dict[str, Endpoint])
    return {name: msgspec.structs.replace(endpoint, name=name) for name, endpoint in table.items()}


def _model_at(spec: str) -> tuple[Endpoint, str]:
    address, _, model = spec.partition("#")
    endpoint = resolve_address(address)
    if not model.strip():
        raise UsageError(f"{spec!r} names no model; write {address}#MODEL")
    return endpoint, model


def resolve_address(address: str) -> Endpoint:
    """The endpoint at an address, which names no model.

    Raises:
        UsageError: it is no address, or holds credentials.
    """
    try:
        parts = urlsplit(address)
        host = parts.netloc if parts.port != 0 else ""
    except ValueError:
        parts, host = urlsplit(""), ""
    version = re.fullmatch(
        r"api-version=([0-9]{4}-[0-9]{2}-[0-9]{2}(?:-preview)?|preview|latest|v1)", parts.query
    )
    if "@" in host or (parts.query and not version):
        # The address goes into the store and into messages, so nothing secret may be in it;
        # nor is it repeated here.
        raise UsageError(
            "an address holds no credentials, and no query but api-version: "
            f"give the key in {ADDRESS_KEY_VARIABLE}"
        )
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"{address!r} is not an address; write http://HOST/v1#MODEL")
    return Endpoint(
        url=address.partition("?")[0].rstrip("/").removesuffix("/completions").removesuffix("/chat"),
        api_version=version[1] if version else "",
        counts_limits=bool(version) or (parts.hostname or "").endswith(".azure.com"),
        name=host,
        key_variable=ADDRESS_KEY_VARIABLE,
        key_required=False,
        batches="" if version else "asked",
    )


class _Pricing(msgspec.Struct):
    prompt: float
    completion: float


class _Listed(msgspec.Struct):
    id: str
    pricing: _Pricing | None = None


class _Listing(msgspec.Struct):
    data: list[_Listed]


async def prices(endpoint: Endpoint) -> dict[str, Price]:
    """List prices by model's name, from the endpoint's ``/models``.

    Args:
        endpoint: whose models.

    Returns:
        Nothing for models whose price the endpoint does not give, or does not give in OpenRouter's form.
    """
    import aiohttp  # heavy, and not needed to resolve a name

    headers = endpoint.header(endpoint.key)
    limit = aiohttp.ClientTimeout(total=30)
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=limit, trust_env=True) as session,
            session.get(f"{endpoint.url}/models", allow_redirects=False) as response,
        ):
            body = await response.read()
        # Prices per token are strings there. Negative ones stand for "depends".
        listing = msgspec.json.decode(body, type=_Listing, strict=False)
    except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
        return {}
    return {
        model.id: Price(model.pricing.prompt * 1e6, model.pricing.completion * 1e6)
        for model in listing.data
        if model.pricing and model.pricing.prompt >= 0
    }
