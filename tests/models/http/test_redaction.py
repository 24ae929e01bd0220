"""A key that a server repeats is found in whatever form, and nothing else is touched."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote

import pytest

from mien.models.http.redaction import redact, redact_bytes

KEYS = (
    "sk-1234/5678+ab",
    "Zm9vYmFyYmF6+cXV4cXV1eGNvcmdl+Z3JhdWx0==",
    "a.b*c?d(e)f[g]h{i}|^$'\"\\&<>",
    "x" * 200,
)


def escaped(key: str) -> str:
    return "".join(f"\\u{ord(c):04X}" for c in key)


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


ECHOES = {
    "as it is": lambda key: key,
    "in JSON": lambda key: json.dumps(key)[1:-1],
    "slashes escaped": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "some escaped as .NET does": lambda key: re.sub(
        r"[^A-Za-z0-9 ]", lambda found: f"\\u{ord(found[0]):04X}", key
    ),
    "all escaped": escaped,
    "all escaped, in JSON in JSON": lambda key: json.dumps(escaped(key))[1:-1],
    "in an address": lambda key: quote(key, safe=""),
    "in an address, in lower case": lambda key: re.sub(
        "%..", lambda found: found[0].lower(), quote(key, safe="")
    ),
    "in an address, all of it": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "in an address in an address": lambda key: quote(quote(key, safe=""), safe=""),
    "in HTML": html.escape,
    "in HTML by numbers": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "in base64": in_base64,
    "in base64 for addresses": lambda key: base64.urlsafe_b64encode(key.encode()).decode().rstrip("="),
    "in base64 behind a word": lambda key: in_base64(f"Bearer {key}"),
    "in base64 among words": lambda key: in_base64(f"user:{key} and more"),
    "in base64 in an address": lambda key: quote(in_base64(key), safe=""),
    "in base64, escaped": lambda key: json.dumps(in_base64(key)).replace("+", "\\u002B")[1:-1],
    "in hexadecimal": lambda key: key.encode().hex(),
    "in hexadecimal, upper case": lambda key: key.encode().hex().upper(),
    "in upper case": str.upper,
    "in lower case": str.lower,
}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("echo", ECHOES)
def test_no_form_of_a_key_is_left(key: str, echo: str) -> None:
    told = ECHOES[echo](key)
    text = f"Not a key: '{told}', as you see"
    cleaned = redact(text, key)
    rest = re.fullmatch(r"Not a key: '(\w*)\[key\](\w*=*)', as you see", cleaned)
    assert rest, cleaned
    around = {"in base64 behind a word": ("Bearer ", ""), "in base64 among words": ("user:", " and more")}
    for told, other in zip(rest.groups(), around.get(echo, ("", "")), strict=True):
        assert len(told) <= len(in_base64(other)) + 1
    assert redact_bytes(text.encode(), key) == cleaned.encode()


@pytest.mark.parametrize("key", KEYS)
def test_json_stays_json_and_bytes_stay_bytes(key: str) -> None:
    body = json.dumps({"message": f"bad: {key}", "näh": key}, ensure_ascii=False)
    assert json.loads(redact_bytes(body.encode(), key)) == {"message": "bad: [key]", "näh": "[key]"}
    assert redact_bytes(b"\xff\xfe\x00" + key.encode() + b"\x80", key) == b"\xff\xfe\x00[key]\x80"


def test_what_is_no_key_stays() -> None:
    assert redact("an EMPTY room", "EMPTY") == "an EMPTY room"
    assert redact("anything", "") == "anything"
    words = "sk-1234/567, c2stMTIzNC81Njc4 and 736b2d are parts at most"
    assert redact(words, "sk-1234/5678+ab") == words
