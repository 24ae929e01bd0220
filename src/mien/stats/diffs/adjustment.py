"""What changed beyond another quantity: the difference that would be left where that one had not moved.

With one quantity held at one value, such as the length of responses, whatever follows from it cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mien.stats.distributions import t_half_width, t_two_sided
from mien.stats.estimates.means import prompt_means
from mien.stats.multiplicity import false_discovery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.estimates import Quantity
    from mien.stats.estimates.means import Columns
    from mien.types import Floats


_FEWEST = 10  # prompts: with fewer the slope is a guess


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The change of one quantity with another held.

    Attributes:
        quantity: which.
        delta: its change, in its unit.
        low: end of the interval.
        high: end of the interval.
        p: two-sided, of no change.
        q: least false-discovery rate at which it is a discovery, of all that were adjusted.
    """

    quantity: Quantity
    delta: float
    low: float
    high: float
    p: float
    q: float


def adjusted(
    before: Columns,
    after: Columns,
    quantities: Sequence[Quantity],
    *,
    held: str,
    confidence_level: float = 0.95,
) -> list[Adjusted]:
    """The change of each quantity, had another one not moved, over the prompts that both have.

    Of the prompts' own means, the differences are regressed on those of what is held, d(y) = α + β d(x) + ε,
    and α is the change. So what a prompt asks for, which moves both, cancels; of runs that share no prompts
    it would not, and nothing is told. Standard errors are those of MacKinnon and White (1985, Journal of
    Econometrics 29, 305–325) called HC3, which hold where some prompts are noisier than others, with C − 2
    degrees of freedom of t.

    Args:
        before: one row a response, with ``prompt_id``; NaN where there is no number.
        after: the same.
        quantities: which; what is held is left out.
        held: the column of what is held.
        confidence_level: of the intervals, for one at a time.

    A quantity is left out where this cannot be told: it never changes, what is held never moves, or too few
    prompts have both.

    Raises:
        UsageError: there is no such column, or it holds something that is no number.
    """
    moved = _differences(before, after, held)
    found: list[tuple[Quantity, float, float, int]] = []
    for one in quantities:
        changed = _differences(before, after, one.name) if one.name != held else {}
        both = [prompt for prompt in changed if prompt in moved]
        fitted = _intercept(*(np.array([of[prompt] for prompt in both]) for of in (changed, moved)))
        if fitted is not None:
            found.append((one, *fitted, len(both) - 2))
    if not found:
        return []
    deltas, errors, df = (np.array([one[i] for one in found], dtype=np.float64) for i in (1, 2, 3))
    p = t_two_sided(deltas / errors, df)
    half = t_half_width(confidence_level, df) * errors
    numbers = np.column_stack([deltas, deltas - half, deltas + half, p, false_discovery(p)]).tolist()
    return [Adjusted(one, *row) for (one, *_), row in zip(found, numbers, strict=True)]


def _differences(before: Columns, after: Columns, name: str) -> dict[str, float]:
    a, b = prompt_means(before, name), prompt_means(after, name)
    return {prompt: b[prompt] - a[prompt] for prompt in b if prompt in a}


def _intercept(y: Floats, x: Floats) -> tuple[float, float] | None:
    """Least squares: the constant and its standard error; None where there is none or it has no noise."""
    if len(y) < _FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    columns = np.column_stack([np.ones(len(y)), x])
    bread = np.linalg.inv(columns.T @ columns)
    beta = bread @ columns.T @ y
    leverage = np.einsum("ij,jk,ik->i", columns, bread, columns)
    if leverage.max() > 1 - 1e-9:  # one prompt alone settles the slope
        return None
    pulls = (columns @ bread[0]) * (y - columns @ beta) / (1 - leverage)
    error = float(np.sqrt(np.sum(pulls**2)))
    return (float(beta[0]), error) if error > 0 else None
