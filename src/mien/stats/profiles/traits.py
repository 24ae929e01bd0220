"""Whether profiles rate the same traits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.profiles.profile import Profile


def require_same_traits(profiles: Sequence[Profile]) -> None:
    """Refuse profiles that are of different traits.

    Raises:
        UsageError: the message names two runs, and a trait that only one of them rates.
    """
    for profile in profiles[1:]:
        if profile.traits != profiles[0].traits:
            names = [each.run or each.model or "a profile" for each in (profiles[0], profile)]
            lone = sorted({*profiles[0].traits} ^ {*profile.traits})
            raise UsageError(
                f"{' and '.join(names)} rate different traits: {lone[0]!r} is in one of them only "
                f"({len(lone)} such); name runs of one trait set"
            )
