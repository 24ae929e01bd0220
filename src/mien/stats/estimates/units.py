"""What a quantity is told in, and what can therefore be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mien.formatting import fraction, significant

if TYPE_CHECKING:
    from mien.types import Floats


@dataclass(frozen=True, slots=True)
class Unit:
    """A plain number of any sign.

    Attributes:
        word: what is counted, in the plural (``tokens``); quantities of one word are on one scale.
        level: what a gate calls the value itself, as in ``mean(depth)``; empty where that has no meaning.
        relative: whether 0 means none, so that a change may be told in per cent.
        centre: what the common mean of all quantities is shown as, where values are told from it.
    """

    word: str = ""
    level: ClassVar[str] = "mean"
    relative: ClassVar[bool] = False
    centre: ClassVar[float | None] = None

    @property
    def scaled(self) -> bool:
        """Whether quantities of this unit can be set beside one another: ranked, or squared and added up."""
        return bool(self.word)

    @property
    def told_in(self) -> str:
        """What a change is, in a sentence: ``a number of tokens``."""
        return f"a number of {self.word}" if self.word else "a number"

    def require(self, values: Floats) -> str:
        """What is wrong with values that this unit cannot have; empty where nothing is."""
        return "" if np.isfinite(values).all() else "a number is not finite"

    def beyond(self, bound: float, *, level: bool) -> str:
        """Why no value (``level``), or no change, ever reaches a bound; empty where one may."""
        del bound, level
        return ""

    def interval(self, value: Floats, stderr: Floats, quantile: Floats) -> tuple[Floats, Floats]:
        """(n,) ends of intervals of n values; ``quantile`` is Student's."""
        return value - quantile * stderr, value + quantile * stderr

    def shown(self, value: float) -> str:
        """A value as people read it."""
        return significant(value)

    def change(self, value: float) -> str:
        """A change as people read it."""
        return significant(value, signed=True)

    def extent(self, value: float) -> str:
        """The size of a change as people read it."""
        return self.change(abs(value)).removeprefix("+")

    def size(self, size: float, low: float, high: float) -> str:
        """A size with its interval: ``12 points (4 … 20)``."""
        word = f" {self.word}" if self.word else ""
        return f"{self.extent(size)}{word} ({self.extent(low)} … {self.extent(high)})"

    def forms(self, name: str) -> str:
        """The gates that a quantity of this unit may have."""
        return f"{name} > +1, |{name}| > 1, mean({name}) > 1"


@dataclass(frozen=True, slots=True)
class Rating(Unit):
    """A number told from the common mean of all quantities: 0 is that mean, shown as 1000."""

    word: str = "points"
    level: ClassVar[str] = "rating"
    centre: ClassVar[float | None] = 1000.0

    @property
    def told_in(self) -> str:
        """Points of rating."""
        return "a number of rating points"

    def shown(self, value: float) -> str:
        """With the mean of all at 1000."""
        return f"{1000.0 + value:.0f}"

    def change(self, value: float) -> str:
        """Whole points."""
        return f"{value:+.0f}"

    def forms(self, name: str) -> str:
        """In points, or a rank or rating."""
        return f"{name} > +50 (points), |{name}| > 50, rank({name}) > 20, rating({name}) > 1100"


@dataclass(frozen=True, slots=True)
class Points(Unit):
    """A difference of two ratings."""

    word: str = "points"

    @property
    def told_in(self) -> str:
        """Points of rating."""
        return "a number of rating points"

    def shown(self, value: float) -> str:
        """Whole points."""
        return f"{round(value) + 0:,}"

    def change(self, value: float) -> str:
        """Whole points, with their sign."""
        return f"{round(value) + 0:+,}"

    def forms(self, name: str) -> str:
        """In points, or the difference itself."""
        return f"{name} < -100 (points), |{name}| > 100, mean({name}) > 400"


@dataclass(frozen=True, slots=True)
class Spread(Unit):
    """Standard deviations of the true values of all quantities, told from their common mean."""

    word: str = "SD"
    level: ClassVar[str] = ""
    centre: ClassVar[float | None] = 0.0

    def shown(self, value: float) -> str:
        """With its sign: 0 is the mean of all."""
        return self.change(value)

    def change(self, value: float) -> str:
        """``+0.42``."""
        return f"{value:+.2f}"


@dataclass(frozen=True, slots=True)
class Scale(Unit):
    """The mean of answers on a scale of whole numbers.

    Attributes:
        lowest: of them; ``highest``: the other end.
    """

    word: str = "steps"
    lowest: int = 1
    highest: int = 5

    @property
    def told_in(self) -> str:
        """A mean answer."""
        return f"a mean answer from {self.lowest} to {self.highest}"

    def require(self, values: Floats) -> str:
        """An answer lies on the scale."""
        inside = (values >= self.lowest) & (values <= self.highest)
        return "" if inside.all() else f"an answer lies between {self.lowest} and {self.highest}"

    def beyond(self, bound: float, *, level: bool) -> str:
        """A mean answer lies on the scale, and a change of one is no longer than it."""
        if level:
            inside = self.lowest <= bound <= self.highest
            return "" if inside else f"a mean answer lies between {self.lowest} and {self.highest}"
        longest = self.highest - self.lowest
        return "" if abs(bound) <= longest else f"a change lies between -{longest} and {longest}"

    def interval(self, value: Floats, stderr: Floats, quantile: Floats) -> tuple[Floats, Floats]:
        """As far as the scale goes."""
        low, high = value - quantile * stderr, value + quantile * stderr
        return np.minimum(np.maximum(low, self.lowest), value), np.maximum(
            np.minimum(high, self.highest), value
        )

    def shown(self, value: float) -> str:
        """``3.42``."""
        return f"{value:.2f}"

    def change(self, value: float) -> str:
        """``+0.42``."""
        return f"{round(value, 2) + 0.0:+.2f}"

    def forms(self, name: str) -> str:
        """In steps of the scale, or the mean itself."""
        return f"{name} > +0.5 (steps), |{name}| > 0.5, mean({name}) > 3"


@dataclass(frozen=True, slots=True)
class Share(Unit):
    """A share of responses, 0 to 1."""

    level: ClassVar[str] = "rate"

    @property
    def scaled(self) -> bool:
        """All shares are on one scale."""
        return True

    @property
    def told_in(self) -> str:
        """A share."""
        return "a share"

    def require(self, values: Floats) -> str:
        """A share lies between 0 and 1."""
        return "" if ((values >= 0) & (values <= 1)).all() else "a share lies between 0 and 1"

    def beyond(self, bound: float, *, level: bool) -> str:
        """A share lies between 0 and 1, and a change of one between −1 and 1."""
        if level:
            return "" if 0 <= bound <= 1 else "a rate lies between 0 and 1"
        return "" if -1 <= bound <= 1 else "a change of a share lies between -1 and 1"

    def interval(self, value: Floats, stderr: Floats, quantile: Floats) -> tuple[Floats, Floats]:
        """Wilson's interval (1927) at the `effective` number of independent responses."""
        n = self.effective(value, stderr)
        squared = quantile**2
        centre = (value + squared / (2 * n)) / (1 + squared / n)
        half = quantile / (1 + squared / n) * np.sqrt(value * (1 - value) / n + squared / (2 * n) ** 2)
        return np.clip(centre - half, 0, value), np.clip(centre + half, value, 1)

    def effective(self, value: Floats, stderr: Floats) -> Floats:
        """(n,) how many independent responses would tell as much of n shares.

        That number n has the variance p(1 − p)/n + ((1 − 2p)/n)², the second term being what may be unseen of
        a small share (`mien.stats.estimates.means`).
        """
        binomial, variance = value * (1 - value), np.maximum(stderr**2, np.finfo(float).eps ** 2)
        lean = (1 - 2 * value) ** 2
        return (binomial + np.sqrt(binomial**2 + 4 * variance * lean)) / (2 * variance)

    def shown(self, value: float) -> str:
        """``.031``."""
        return fraction(value, digits=3)

    def change(self, value: float) -> str:
        """``+.031``."""
        return f"{'-' if value < 0 else '+'}{fraction(abs(value), digits=3)}"

    def forms(self, name: str) -> str:
        """In shares, or the rate itself."""
        return f"{name} > +.02, |{name}| > .02, rate({name}) > .05"


@dataclass(frozen=True, slots=True)
class Lean(Unit):
    """A difference of two shares, or a number of any sign that is made of such; 0 is no leaning."""

    @property
    def scaled(self) -> bool:
        """All leanings are on one scale."""
        return True

    @property
    def told_in(self) -> str:
        """A difference of shares."""
        return "a difference of shares"

    def beyond(self, bound: float, *, level: bool) -> str:
        """Two leanings are at most 2 apart, and so is one that adds two shares up."""
        del level
        return "" if -2 <= bound <= 2 else "a difference of shares lies between -2 and 2"

    def shown(self, value: float) -> str:
        """``+.031``."""
        return self.change(value)

    def change(self, value: float) -> str:
        """``+.031``."""
        return f"{'-' if value < 0 else '+'}{fraction(abs(value), digits=3)}"

    def forms(self, name: str) -> str:
        """In differences of shares, or the leaning itself."""
        return f"{name} > +.05, |{name}| > .05, mean({name}) > .1"


@dataclass(frozen=True, slots=True)
class Amount(Unit):
    """The mean of what is never below 0, such as tokens or turns."""

    relative: ClassVar[bool] = True

    def require(self, values: Floats) -> str:
        """An amount is a number of 0 or more."""
        return "" if (np.isfinite(values) & (values >= 0)).all() else "an amount is 0 or more"

    def beyond(self, bound: float, *, level: bool) -> str:
        """An amount is never below 0."""
        return "an amount is never below 0" if level and bound < 0 else ""

    def interval(self, value: Floats, stderr: Floats, quantile: Floats) -> tuple[Floats, Floats]:
        """That of the logarithm, by the delta method: long responses make the mean skewed."""
        ratio = np.exp(quantile * stderr / np.where(value > 0, value, 1.0))
        return value / ratio, value * ratio

    def forms(self, name: str) -> str:
        """Relative, in what is counted, or the mean itself."""
        counted = f" ({self.word})" if self.word else ""
        return f"{name} > +20%, |{name}| > 20%, {name} > +50{counted}, mean({name}) > 300"
