"""What a model behind an endpoint takes otherwise than it is asked, as it tells in what it refuses.

A quirk has a name and a value. It changes what is sent, and not the key of a call: what was asked stays the
same, so that nothing is paid for again once a quirk is known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mien.models.http.guard import LIMITS
from mien.models.system_role import merge_system

if TYPE_CHECKING:
    from collections.abc import Mapping

LEFT_OUT = "left out"


class Quirk(NamedTuple):
    """One departure from what was asked: a member that is left out, another name for it, or a merged role."""

    name: str
    value: str

    def __str__(self) -> str:
        if self.name == "system_role":
            return "the system message is part of the user's"
        return f"{self.name} is {self.value if self.value == LEFT_OUT else f'sent as {self.value}'}"


_UNTAKEN = re.compile(
    r"""
    un-?support | not\ (?:be\ )?(?:currently\ )?support | n't\ support
    | not\ (?:accept|allow|permit|recogni|available|enabled|implemented|a\ valid)
    | unrecogni | unknown | unexpected | extra[\s_](?:input|field|forbid) | deprecated
    | only\ (?:the\ )?(?:default|\d) | (?:may|can)\ only | must\ be\ (?:1\b|unset|default|omitted)
    | cannot\ be\ (?:set|modified|changed|specified|used) | fixed | instead
    """,
    re.VERBOSE,
)
# A value that another one could take the place of is for the user to change.
_RANGE = re.compile(
    r"between|range|less than|greater|at most|at least|maximum|minimum|too (?:large|high|low)|exceed|[<>≤≥]"
)
_NOT_BOTH = re.compile(r"both|together|only\ one|one\ of|either|same\ time|simultaneous|mutually")
_SYSTEM = re.compile(r"(?:system|developer)\W{0,3}(?:role|message|prompt|instruction)")
_ROLE = re.compile(r"role\w*\b.{0,60}\b(?:system|developer)\b")
_OTHER_ROLES = re.compile(
    r"""
    roles?\ must\ alternate | only\ (?:the\ )?.?user.?(?:,|\ and|\ or)\ .{0,20}assistant
    | must\ (?:start|begin)\ with\ .{0,12}user | first\ message\ must\ be\ .{0,12}user
    | (?:should|must)\ be\ (?:one\ of\ |either\ )?\W{0,3}user\W{1,4}(?:or\ |and\ )?\W{0,3}assistant
    """,
    re.VERBOSE,
)


def told_by(failure: str, sent: Mapping[str, Any]) -> Quirk | None:
    """The quirk that a refusal tells of; None where it tells of none that could be heeded.

    Args:
        failure: what the server said.
        sent: the members of the body that it refused.
    """
    said = failure.lower()
    if any(message["role"] == "system" for message in sent.get("messages", ())) and _takes_no_system(said):
        return Quirk("system_role", "merge")
    for name, other in (LIMITS, LIMITS[::-1]):
        renamed = name == "max_completion_tokens" or other in said
        if name in sent and renamed and _names(name, said) and _is_untaken(said):
            return Quirk(name, other)
    both = all(name in sent and _names(name, said) for name in ("temperature", "top_p"))
    if both and _NOT_BOTH.search(said):
        return Quirk("top_p", LEFT_OUT)
    for name in ("temperature", "top_p"):
        if name in sent and _names(name, said) and _is_untaken(said):
            return Quirk(name, LEFT_OUT)
    return None


def _names(member: str, said: str) -> bool:
    """Whether words, in lower case, name a member of the body."""
    return bool(re.search(rf"\b{member.replace('top_p', 'top[_ -]?p')}\b", said))


def _is_untaken(said: str) -> bool:
    return bool(_UNTAKEN.search(said)) and not _RANGE.search(said)


def _takes_no_system(said: str) -> bool:
    named = _SYSTEM.search(said) or _ROLE.search(said)
    refused = _UNTAKEN.search(said) or re.search(r"invalid|(?:must|should) be", said)
    return bool(_OTHER_ROLES.search(said) or (named and refused))


def adapted(asked: Mapping[str, Any], quirks: Mapping[str, str]) -> dict[str, Any]:
    """What is sent in place of what is asked, to a model that has these quirks."""
    sent = dict(asked)
    for name, value in quirks.items():
        if name == "system_role" and "messages" in sent:
            sent["messages"] = merge_system(sent["messages"])
        elif name in sent:
            member = sent.pop(name)
            if value != LEFT_OUT:
                sent[value] = member
    return sent


def departures(asked: Mapping[str, Any], sent: Mapping[str, Any]) -> str:
    """In what a request was sent otherwise than asked, in words; empty where it was not."""
    quirks = [Quirk("system_role", "merge")] if sent.get("messages") != asked.get("messages") else []
    for name in asked:
        if name not in sent:
            renamed = next((other for other in sent if other in LIMITS and other not in asked), LEFT_OUT)
            quirks.append(Quirk(name, renamed if name in LIMITS else LEFT_OUT))
    return "; ".join(map(str, quirks))


#: Where the members that servers complain of are set.
_SETTINGS = {
    "temperature": ("sampling.temperature", "--temperature"),
    "top_p": ("sampling.top_p", "--top-p"),
    "max_tokens": ("sampling.max_tokens", "--max-tokens"),
    "max_completion_tokens": ("sampling.max_tokens", "--max-tokens"),
    "reasoning_effort": ("sampling.reasoning_effort", "--reasoning-effort"),
    "response_format": ("judge.json_schema", ""),
}


def way_on(failure: str, sent: Mapping[str, Any]) -> str:
    """The setting that decides on what a refusal names, as words to follow it; empty where it names none."""
    for name, (setting, option) in _SETTINGS.items():
        if name in sent and _names(name, failure.lower()):
            given = f"{setting} in the protocol" + (f" or {option}" if option else "")
            return f" ({name} is set by {given})"
    return ""
