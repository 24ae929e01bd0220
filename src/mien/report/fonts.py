"""Whether this machine's fonts have what a picture writes: what they lack is drawn as boxes."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from mien.errors import notify

if TYPE_CHECKING:
    from collections.abc import Iterable

_LATIN: Final = 0x250  # below it lies what every font has
_NOBODY: Final = "\u0378"  # a letter that no script has, nor will any font
_PROBE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32">'
    '<text x="4" y="24" font-size="20" font-family="Arial, sans-serif">{}</text></svg>'
)


def lacking(text: str) -> tuple[str, ...]:
    """Scripts in a text that no font of this machine has, each with its first letter there."""
    scripts: dict[str, str] = {}
    for sign in dict.fromkeys(text):
        if ord(sign) >= _LATIN and (script := _script(sign)):
            scripts.setdefault(script, sign)
    return tuple(f"{script} ({sign})" for script, sign in scripts.items() if _drawn(sign) == _drawn(_NOBODY))


def tell(source: object, scripts: Iterable[str]) -> None:
    """Tell the user of scripts that a picture lacks, each once."""
    if named := ", ".join(dict.fromkeys(scripts)):
        told = (
            f"no font on this machine has {named}: PNG shows boxes there, and SVG shows letters only to a "
            "reader who has such a font; install one, such as Google's Noto, and draw it again"
        )
        notify(str(source), [told])


def _script(sign: str) -> str:
    """``Thai``, ``CJK``, ``emoji``; empty for what belongs to no script, such as dots and arrows."""
    if unicodedata.category(sign)[0] == "L":
        first = unicodedata.name(sign, "").split(" ")[0]
        return first if first == "CJK" else first.capitalize()
    return "emoji" if unicodedata.category(sign) == "So" and sign >= "\U0001f000" else ""


@cache
def _drawn(sign: str) -> bytes:
    import vl_convert

    return vl_convert.svg_to_png(_PROBE.format(sign))
