"""A design dealt out to several machines: the i-th of N takes every N-th trial."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mien.errors import UsageError

#: Most shards of one design.
MOST = 100_000


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """The trials i of a design with i ≡ number − 1 (mod of), i counted from 0.

    Neighbouring trials lie in different shards, so that each shard shows all traits about equally often, and
    a longer design of the same content gives each shard its own trials and more.

    Attributes:
        number: which one, 1 to ``of``.
        of: how many there are.

    Raises:
        UsageError: there is no such shard.
    """

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.of <= MOST:
            raise UsageError(f"a design has 1 to {MOST:,} shards, not {self.of}")
        if not 1 <= self.number <= self.of:
            raise UsageError(f"shards count from 1: of {self.of} there is no number {self.number}")

    @classmethod
    def read(cls, text: str) -> Shard:
        """The shard that is written as ``K/N``.

        Raises:
            UsageError: it is written otherwise, or there is none such.
        """
        if not (parts := re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)):
            raise UsageError(f"a shard is written K/N, such as 1/4 for the first of four, not {text!r}")
        return cls(int(parts[1]), int(parts[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def whole(self) -> bool:
        """Whether it is the whole design."""
        return self.of == 1

    def require(self, trials: int) -> None:
        """Refuse to deal so many trials out.

        Raises:
            UsageError: there are more shards than trials.
        """
        if self.of > trials:
            raise UsageError(f"{trials:,} trials make no {self.of:,} shards; give fewer shards")

    def trial(self, index: int) -> int:
        """The number in the design of the shard's trial ``index``; both count from 0."""
        return self.number - 1 + index * self.of

    @property
    def every(self) -> slice:
        """Takes the shard's trials out of the design's."""
        return slice(self.number - 1, None, self.of)

    def share(self, amount: int) -> int:
        """The shard's part of so many calls; the parts of all shards sum to them."""
        return amount // self.of + (self.number <= amount % self.of)


#: A design that is not dealt out.
WHOLE = Shard()
