"""How long a new sample must be for a diff with one that exists to find changes, of any estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from mien.errors import UnknownName, UsageError
from mien.stats.design.power import Sampled, rounds_needed, smallest_change, threshold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.stats.estimates import Estimates


class Planned(TypedDict):
    """What it takes to find a change of one quantity.

    ``change`` is to be found by a sample of length ``needed``; ``smallest`` is the smallest change that one
    as long as the sample at hand finds. Both are in the quantity's unit; ``by`` is what the length counts.
    """

    quantity: str
    change: float
    needed: int
    by: str
    smallest: float | None


def plan(
    estimates: Estimates,
    changes: Mapping[str, float],
    *,
    power: float = 0.8,
    fdr: float = 0.05,
    n_changed: int = 1,
) -> list[Planned]:
    """Plan a second sample by the noise of the first.

    The diff is of all quantities, at the false-discovery rate ``fdr``; ``n_changed`` of them change.

    Args:
        estimates: what there is.
        changes: by name, the change to find, in the quantity's unit.
        power: probability with which to find it.
        fdr: of the diff.
        n_changed: how many quantities change.

    Raises:
        UsageError: there is no such quantity, a change is not above 0, or no sample finds it.
    """
    level = threshold(power, len(estimates.names), n_changed=n_changed, fdr=fdr)
    if not level < power < 1:
        raise UsageError(
            f"power lies between {level:.2g} (the rate over the quantities) and 1, not {power:g}"
        )
    found: list[Planned] = []
    for name, change in changes.items():
        if name not in estimates.names:
            raise UnknownName(estimates.noun, name, estimates.names)
        item = estimates.names.index(name)
        if not change > 0:
            raise UsageError(f"a change of {name} is {estimates.quantities[item].unit.told_in} above 0")
        sampled = Sampled.of(estimates, item)
        length = estimates.sample.length
        try:
            needed = rounds_needed(sampled, change, level, power)
        except UsageError as error:
            raise UsageError(f"no sample is long enough to find a change of {name} by {change:g}") from error
        found.append(
            Planned(
                quantity=name,
                change=change,
                needed=needed,
                by=estimates.sample.by,
                smallest=smallest_change(
                    sampled, round(length), level, power, most=1000 * sampled.noise(length, 0).stderr
                ),
            )
        )
    return found
