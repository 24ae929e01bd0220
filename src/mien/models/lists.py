"""Lists as models write them."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

_FENCED = re.compile(r"```\w*\s*(.*?)\s*```", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_MARKED = re.compile(r"[ \t]*(?:[-*•–]|\(?\d{1,3}[.):])[ \t]+(.*)")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "„": "“", "「": "」"}


def read_list(text: str, *, cut_off: bool = False) -> list[str]:
    """The members of a list of texts, in whatever manner it is written.

    Read are JSON (an array, also in a fence or as the one array of an object), numbered and bulleted lists,
    whose members may run over several lines, and else a member a line. What stands before and after a marked
    list doesn't count; quotes and emphasis around a whole member are taken off, and members without a letter
    are left out.

    Args:
        text: what the model wrote.
        cut_off: whether it was stopped before its end; the last member is then left out, unless only whole
            ones could be read.
    """
    found = _from_json(text)
    if found is None:
        found = _marked(text) or [line for line in text.splitlines() if not line.rstrip().endswith(":")]
        found = found[:-1] if cut_off else found
    return [bare for member in found if any(map(str.isalpha, bare := _bare(member)))]


def _from_json(text: str) -> list[str] | None:
    fenced = _FENCED.search(text)
    body = (fenced[1] if fenced else text).strip()
    try:
        value: Any = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        if not body.startswith(("[", "```json")):
            return None
        value = [msgspec.json.decode(whole) for whole in _STRING.findall(body)]  # it breaks off
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).values()
        arrays = [cast("list[Any]", member) for member in members if isinstance(member, list)]
        value = arrays[0] if len(arrays) == 1 else None
    if not isinstance(value, list):
        return []
    return [member for member in cast("list[Any]", value) if isinstance(member, str)]


def _marked(text: str) -> list[str]:
    members: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if found := _MARKED.fullmatch(line):
            members.append([found[1]])
            inside = True
        elif not line.strip():
            inside = False  # what follows a gap without a mark of its own is not of the list
        elif inside:
            members[-1].append(line.strip())
    return ["\n".join(lines) for lines in members]


def _bare(member: str) -> str:
    bare = member.strip()
    while True:
        for mark in ("**", "__", "*"):
            if len(bare) > 2 * len(mark) and bare.startswith(mark) and bare.endswith(mark):
                bare = bare.removeprefix(mark).removesuffix(mark).strip()
                break
        else:
            if len(bare) > 2 and _QUOTES.get(bare[0]) == bare[-1] and bare[0] not in bare[1:-1]:
                bare = bare[1:-1].strip()
                continue
            return bare
