"""Keys taken out of what servers repeat, in every form in which they repeat them."""

from __future__ import annotations

import base64
import functools
import html.entities
import re

# Placeholders such as "EMPTY" or "none" are words that an answer may hold; no real key is that short.
_SHORTEST_SECRET = 8

_MARK = "[key]"
_NAMES = {point: name for point, name in html.entities.codepoint2name.items() if point < 128}
_POINTS = {name: point for point, name in _NAMES.items()}
_ESCAPE = re.compile(
    rf"""
    \\+(?:u00|x)([0-9a-f]{{2}}) | %(?:25)*([0-9a-f]{{2}}) | &(?:amp;)*\#x0*([0-9a-f]{{2}});
    | &(?:amp;)*\#0*([0-9]{{2,3}}); | &(?:amp;)*({"|".join(_POINTS)}); | \\+(?=[^a-z0-9\s])
    """,
    re.VERBOSE,
)
_BASE64, _PADDING = r"[A-Za-z0-9+/_-]", r"(?:=|%3D|\\+u003D)"


def redact(text: str, key: str) -> str:
    """Take a key out of what a server said, in case it repeats what it was sent.

    Found are the key itself and its characters as JSON, addresses and HTML escape them, each or some of them,
    in hexadecimal and in base64, there also behind other words such as ``Bearer``. Case does not count.
    """
    if len(key) < _SHORTEST_SECRET:
        return text
    plain = _plain(text)
    if not any(form in plain for form in _plain_forms(key)):  # far faster than the pattern is
        return text
    return _pattern(key).sub(_MARK, text)


def redact_bytes(body: bytes, key: str) -> bytes:
    """The same for a raw body, whatever its encoding; what was JSON stays JSON."""
    # A character a byte: what is not replaced comes back as it was.
    return redact(body.decode("latin-1"), key).encode("latin-1")


def _forms(key: str) -> list[str]:
    """A key as it is, in hexadecimal, and what of its base64 depends on it alone."""
    forms = [key, key.encode().hex()]
    for before in range(3):  # how the bytes fall into groups of three
        coded = base64.b64encode(b" " * before + key.encode()).decode()
        inside = coded[-(-before * 4 // 3) : (before + len(key)) * 4 // 3]
        forms += [inside, inside.translate(str.maketrans("+/", "-_"))]
    return forms


@functools.cache
def _plain_forms(key: str) -> list[str]:
    return [_plain(form) for form in _forms(key)]


def _plain(text: str) -> str:
    """A text in lower case with its escapes undone, also those of escapes."""
    text = text.lower()
    while (undone := _ESCAPE.sub(_unescape, text)) != text:
        text = undone
    return text


def _unescape(found: re.Match[str]) -> str:
    json_or_c, address, hexadecimal, decimal, name = found.groups()
    if code := json_or_c or address or hexadecimal:
        return chr(int(code, 16)).lower()
    if decimal:
        return chr(int(decimal)).lower()
    return chr(_POINTS[name]) if name else ""


@functools.cache
def _pattern(key: str) -> re.Pattern[str]:
    """What matches a key in all its forms."""
    key_itself, hexadecimal, *coded = map(_escaped, _forms(key))
    coded = [f"{_BASE64}{{0,2}}{form}{_BASE64}{{0,2}}{_PADDING}{{0,2}}" for form in coded]
    return re.compile("|".join((key_itself, hexadecimal, *coded)), re.IGNORECASE)


def _escaped(text: str) -> str:
    """A pattern of a text whose characters may each be escaped."""
    return "".join(map(_character, text))


def _character(character: str) -> str:
    point = ord(character)
    forms = [
        character if character.isalnum() else rf"\\*{re.escape(character)}",
        rf"\\+(?:u00|x){point:02x}",
        rf"%(?:25)*{point:02x}",
        rf"&(?:amp;)*#(?:0*{point}|x0*{point:x});",
    ]
    if name := _NAMES.get(point):
        forms.append(f"&(?:amp;)*{name};")
    return f"(?:{'|'.join(forms)})"
