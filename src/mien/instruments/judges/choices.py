"""What an answer chose, in whatever form it was given."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

from mien.materials.traits import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.materials.wording import OptionList

_TAGGED = re.compile(r"<choice>(.*?)</choice>", re.DOTALL | re.IGNORECASE)
_OPENS = re.compile(r"\s*(?:```\w*\s*)?(?:<choice>|\{)", re.IGNORECASE)
_BULLET = re.compile(r"^\s*[-*•]\s+")
_MARKS = "\"'“”‘’`*_"
_STOPS = ".!,;:"


def read_choice(
    text: str, allowed: Sequence[str], listed: OptionList | None = None, *, cut: bool = False
) -> str | None:
    """Read an answer strictly: what is chosen must be one of those allowed, as a whole, and no other.

    A choice stands between tags, as ``choice`` of a JSON object, or is all that is said. Prose around tags or
    an object is let pass, since some models think aloud; so are further members of the object. Case, white
    space, quotes and emphasis don't count, nor does what surrounds an option where it is listed: the bullet
    and the description. Two different choices are none; nor is one inside of an answer that was cut off,
    unless it opens the answer: it may stand in half of a reasoning that was to go on.

    Args:
        text: the answer.
        allowed: what may be chosen.
        listed: how options are listed to the judge; None: by their names.
        cut: whether the answer was cut off.

    Returns:
        The member of ``allowed`` that was chosen, or None.
    """
    choices: list[object] = []
    if not cut or _OPENS.match(text):
        choices = [*_TAGGED.findall(text), *_json_choices(_TAGGED.sub(" ", text))]
    found = {_match(choice, allowed, listed) for choice in choices or [text]}
    return found.pop() if len(found) == 1 else None


def _match(said: object, allowed: Sequence[str], listed: OptionList | None) -> str | None:
    if not isinstance(said, str):
        return None
    for form in (fold, _bare, _unlisted):  # names may differ by a mark alone
        matching = [name for name in allowed if form(name) == form(said)]
        if len(matching) == 1:
            return matching[0]
    described = [name for name in allowed if listed and _unlisted(listed([name])) == _unlisted(said)]
    return described[0] if len(described) == 1 else None


def _bare(name: str) -> str:
    return fold(fold(name).strip(_MARKS))


def _unlisted(name: str) -> str:
    """As `_bare`, without a bullet before the name and the full stop of a sentence behind it."""
    bare = fold(_BULLET.sub("", name))
    while bare != (bare := fold(bare.strip(_MARKS).rstrip(_STOPS))):
        pass
    return bare


class _Twice:
    """Stands for a member that an object has more than once."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        members[key] = _Twice() if members.get(key, value) != value else value
    return members


_decoder = json.JSONDecoder(object_pairs_hook=_members, strict=False)


def _json_choices(text: str) -> list[object]:
    """The choices that the JSON objects in a text hold; those inside of others don't count."""
    choices: list[object] = []
    place = text.find("{")
    while place >= 0:
        try:
            found, end = _decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            members = cast("dict[str, object]", found)
            if "choice" in members:
                choices.append(members["choice"])
        place = text.find("{", end)
    return choices
