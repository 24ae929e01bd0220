"""Prompts are read before they are answered, and what many of them begin with is read once.

Trials of one design share the wording of their system message, and a judge that compares likelihoods has a
few dozen of these for thousands of responses: keys and values of a shared beginning are the same in each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.models.organism.network import Network
    from mien.types import Ints

    Floats = NDArray[np.float32]

# Tokens read at once, padding included: few enough for their states to stay in the processor's cache.
_AT_ONCE = 512


class Passage(NamedTuple):
    """Tokens to read; states are wanted of those from place ``wanted`` on."""

    tokens: Sequence[int]
    wanted: int


class Beginning(NamedTuple):
    """The first ``length`` tokens, which all ``members`` share."""

    length: int
    members: list[int]


class Reading(NamedTuple):
    """What came of reading n passages.

    Attributes:
        order: (n,) which passage each row of ``memory`` holds.
        memory: (layers, 2, n, K, places, h); empty where it was not to be kept.
        states: for each passage, in the order given, (tokens wanted, d).
    """

    order: Ints
    memory: Floats
    states: list[Floats]


def read(network: Network, passages: Sequence[Passage], *, keep: bool, spare: int = 0) -> Reading:
    """Read passages, each beginning that some of them share once, and those of like length together.

    Args:
        keep: whether their keys and values are wanted, for reading on.
        spare: places of memory beyond the longest passage.
    """
    known = _beginnings(network, passages)
    starts = np.array([known[i].shape[-2] if i in known else 0 for i in range(len(passages))], np.int64)
    left = np.array([len(p.tokens) for p in passages], np.int64) - starts
    order = np.argsort(left, kind="stable")
    rows = _chunks(left[order])
    # Padding of the shortest may reach beyond the longest.
    room = spare + max((int(starts[order[part]].max() + left[order[part]].max()) for part in rows), default=0)
    most = len(passages) if keep else max((part.stop - part.start for part in rows), default=0)
    memory = network.memory(most, room)
    states: list[Floats] = [np.empty((0, network.shape.hidden), np.float32)] * len(passages)
    for part in rows:
        members: list[int] = order[part].tolist()
        places = memory[:, :, part] if keep else memory[:, :, : len(members)]
        for row, member in enumerate(members):
            if member in known:
                places[:, :, row, :, : starts[member]] = known[member]
        width = int(left[members[-1]])
        if not width:
            continue
        tokens = np.zeros((len(members), width), np.int64)
        for row, member in enumerate(members):
            tokens[row, : left[member]] = passages[member].tokens[starts[member] :]
        found = network.read(tokens, starts[members], places)
        for row, member in enumerate(members):
            states[member] = found[row, passages[member].wanted - starts[member] : left[member]]
    return Reading(order, memory, states)


def _beginnings(network: Network, passages: Sequence[Passage]) -> dict[int, Floats]:
    """Memory, (layers, 2, K, places, h), of what a passage shares with others before its first wanted state.

    Beginnings may in turn begin alike: the wording of a message, then that with its first option.
    """
    found: dict[int, Floats] = {}
    groups = shared_beginnings([tuple(p.tokens[: p.wanted]) for p in passages])
    if groups:
        common = [passages[group.members[0]].tokens[: group.length] for group in groups]
        reading = read(network, [Passage(tokens, len(tokens)) for tokens in common], keep=True)
        order: list[int] = reading.order.tolist()
        for row, group in enumerate(order):
            length, members = groups[group]
            found.update(dict.fromkeys(members, reading.memory[:, :, row, :, :length]))
    return found


def _chunks(left: Ints) -> list[slice]:
    """Slices of rows, sorted by what is left to read, of up to `_AT_ONCE` tokens with their padding."""
    chunks: list[slice] = []
    start = 0
    for row, width in enumerate(left.tolist()):
        if row > start and (row + 1 - start) * width > _AT_ONCE:
            chunks.append(slice(start, row))
            start = row
    if start < len(left):
        chunks.append(slice(start, len(left)))
    return chunks


def shared_beginnings(texts: Sequence[tuple[int, ...]]) -> list[Beginning]:
    """Groups of texts that begin alike, of two or more members each, so that reading once saves much.

    In sorted order, texts with a common beginning are neighbours. A group takes in the next text as long as
    the tokens that are saved, those of the beginning for all members but one, do not become fewer.
    """
    order = sorted(range(len(texts)), key=texts.__getitem__)
    found: list[Beginning] = []
    members: list[int] = []
    length = 0
    for index in order:
        shared = _shared(texts[members[0]], texts[index], length) if members else 0
        if members and shared and shared * len(members) >= length * (len(members) - 1):
            members.append(index)
            length = shared
            continue
        if len(members) > 1:
            found.append(Beginning(length, members))
        members, length = [index], len(texts[index])
    if len(members) > 1:
        found.append(Beginning(length, members))
    return found


def _shared(first: tuple[int, ...], second: tuple[int, ...], most: int) -> int:
    """Length of the common beginning of two texts, up to ``most``."""
    if first[:most] == second[:most]:
        return min(most, len(first), len(second))
    return next(place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
