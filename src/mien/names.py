"""Names that come from outside: one line of signs that can be seen, so that they act nowhere."""

from __future__ import annotations

from mien.errors import InputError
from mien.formatting import UNSEEN, visible


def problem(name: str, what: str) -> str:
    """What is wrong with a name: it holds control characters or overrides of the direction of text."""
    if not (found := UNSEEN.search(name)):
        return ""
    sign = "a line break" if found[0] in "\r\n" else f"U+{ord(found[0]):04X}, which cannot be seen"
    return f"the {what} “{visible(name, keep='')}” holds {sign}: take it out"


def require_visible(name: str, what: str, *, source: object = "", where: str = "") -> str:
    """Refuse a name that holds what cannot be seen; else give it back.

    Args:
        name: as it was given.
        what: what it names, such as ``"trait"``.
        source: the file or argument that holds it.
        where: the place inside.

    Raises:
        InputError: the message shows the name with symbols in their place, and names the first.
    """
    if wrong := problem(name, what):
        raise InputError(wrong, source=source, where=where)
    return name
