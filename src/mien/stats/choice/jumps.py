"""Scores that stand out from a normal law: a spike and a slab.

Each score is what a normal law says and a jump e, which is 0 for most and N(0, σ²) for a share π of them
(Mitchell and Beauchamp 1988, J. Am. Statist. Ass. 83, 1023–1032). A small departure is then drawn in as under
the normal law alone, and a large one is let stand: the limited translation of Efron and Morris (1972,
J. Am. Statist. Ass. 67, 130–139), with its bend where the data put it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from mien.types import Floats

SHARE: Final = 0.05  # of scores that stand out, before any were seen
SEEN: Final = 50  # scores that this share is worth
N_STEPS: Final = 30  # of EM for the share: one score more or less changes nothing after ten


class Jumps(NamedTuple):
    """What is known of n jumps.

    Attributes:
        seen: (n,) by how much each score lies off what all else says of it, in log odds.
        noise: (n,) variances of ``seen`` where there is no jump.
        size: σ², variance of a jump.
        share: π, the estimated share of scores with one.
    """

    seen: Floats
    noise: Floats
    size: float
    share: float

    @classmethod
    def found(cls, seen: Floats, noise: Floats, size: float) -> Jumps:
        """Estimate the share by EM, as if `SEEN` other scores had been seen, of which `SHARE` stood out."""
        jumps = cls(seen, noise, size, SHARE)
        for _ in range(N_STEPS):
            share = (SHARE * SEEN + float(jumps.chance.sum())) / (SEEN + len(seen))
            jumps = jumps._replace(share=share)
        return jumps

    @property
    def chance(self) -> Floats:
        """(n,) posterior probability of a jump."""
        return 1 / (1 + (1 - self.share) / self.share * self._ratio)

    @property
    def _ratio(self) -> Floats:
        """(n,) density of what was seen without a jump, over that with one."""
        wide = self.noise + self.size
        return np.sqrt(wide / self.noise) * np.exp(np.square(self.seen) * (1 / wide - 1 / self.noise) / 2)

    @property
    def kept(self) -> Floats:
        """(n,) posterior mean of each jump, as a share of what was seen, 0 to 1."""
        return self.chance * self.size / (self.size + self.noise)

    @property
    def mean(self) -> Floats:
        """(n,) posterior mean of each jump."""
        return self.kept * self.seen

    @property
    def variance(self) -> Floats:
        """(n,) posterior variance of each jump, with what is not known of whether there is one."""
        chance, kept = self.chance, self.size / (self.size + self.noise)
        return chance * kept * self.noise + chance * (1 - chance) * np.square(kept * self.seen)

    @property
    def excess(self) -> Floats:
        """(n,) `variance` less that under normal jumps with the same means (`equivalent`).

        It is slightly negative where a jump is all but certain.
        """
        return self.variance - self.kept * self.noise

    @property
    def equivalent(self) -> Floats:
        """(n,) variances of normal jumps that would have the same posterior means."""
        return self.noise * self.kept / (1 - self.kept)

    @property
    def departure(self) -> Floats:
        """(n,) what was seen, in standard errors: standard normal where there is no jump."""
        return self.seen / np.sqrt(self.noise)
