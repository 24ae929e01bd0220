"""What models are called where there is little room: names that are too long are cut, and stay apart."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Final

from mien.report.rendering import drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST: Final = 28  # signs of a name that is written out
_KEPT: Final = 8  # signs of what all names begin with that may stay, or are too few to leave out
_BREAK: Final = re.compile(r"[/_:.\s-]")


def brief(names: Sequence[str], most: int = LONGEST) -> list[str]:
    """Names of at most some ``most`` signs, none like another; all as they are where none is longer.

    What all begin with goes first, then the middle of what is still too long: ends of names tell more.
    """
    if all(len(name) <= most for name in names):
        return [*names]
    head = len(shared(names))
    short = [_cut(f"…{name[head:]}" if head else name, most) for name in names]
    for clash in {one for one in short if short.count(one) > 1}:
        alike = [i for i, one in enumerate(short) if one == clash]
        if len(alike) < len(names):  # what these alone begin with is longer
            for i, one in zip(alike, brief([names[i] for i in alike], most), strict=True):
                short[i] = one
    whose = dict(zip(reversed(short), reversed(names), strict=True))
    return [
        one if whose[one] == name else f"{one} ({i})"
        for i, (one, name) in enumerate(zip(short, names, strict=True), 1)
    ]


def shared(names: Sequence[str]) -> str:
    """What several names begin with, as far as it is left out of all; empty where none is long."""
    if len(set(names)) < 2 or all(len(name) <= LONGEST for name in names):
        return ""
    both = zip(min(names), max(names), strict=False)  # all others lie between these
    head = "".join(pair[0] for pair in itertools.takewhile(lambda pair: pair[0] == pair[1], both))
    ends = [found.end() for found in _BREAK.finditer(head)]
    if len(head) - max(ends, default=0) > LONGEST // 2:  # one long word
        ends.append(len(head) - _KEPT)
    ends = [end for end in ends if end > _KEPT]
    fitting = (end for end in ends if max(map(len, names)) - end < LONGEST)
    return head[: next(fitting, max(ends, default=0))]


def labels(names: Sequence[str]) -> dict[str, str]:
    """What has a legend or an axis write long names briefly; nothing where none is long."""
    short = brief(names)
    if short == [*names]:
        return {}
    whole, cut = (json.dumps([drawn(one) for one in of], ensure_ascii=False) for of in (names, short))
    return {"labelExpr": f"{cut}[indexof({whole}, datum.value)]"}


def _cut(name: str, most: int) -> str:
    half = (most - 1) // 2
    return name if len(name) <= most else f"{name[:half]}…{name[half + 1 - most :]}"
