"""Under what estimates were made: what may set two of them apart beside what they measure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mien.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHORT = 20  # characters of a setting that is shown beside its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Under what estimates were made, as far as it is known.

    Attributes:
        designed: observations that there were to be.
        missing: of these, those that are not there.
        unit: what one of them is called.
        ways: how they were made, by what that is called in the plural: ``{"judges": "glm-4.5"}``.
        settings: what else was the same for all of them, by its name in the protocol.
    """

    designed: int = 0
    missing: int = 0
    unit: str = "trial"
    ways: Mapping[str, str] = field(default_factory=dict[str, str])
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    def lacking(self, label: str) -> str:
        """What is missing of the estimates that go by a label, in words; empty where nothing is."""
        if not self.missing:
            return ""
        return f"{self.missing:,} of {counted(self.designed, self.unit)} of {label} are missing"


#: Of estimates of which nobody told.
UNKNOWN: Final = Circumstances()


def unlike(made: Sequence[Circumstances]) -> list[str]:
    """A sentence for each way in which estimates were not made alike; what is not known counts as alike."""
    ways = dict.fromkeys(name for one in made for name in one.ways)
    kinds = ((what, sorted({value for one in made if (value := one.ways.get(what))})) for what in ways)
    found = [
        f"the runs have different {what} ({', '.join(names[:5])}): part of what sets them apart may be the "
        f"{what}'"
        for what, names in kinds
        if len(names) > 1
    ]
    if differing := _differing([one.settings for one in made]):
        found.append(
            f"the runs were asked with different settings ({', '.join(differing)}): part of what sets them "
            "apart may be the settings'"
        )
    return found


def _differing(settings: Sequence[Mapping[str, str]]) -> list[str]:
    common = set[str].intersection(*map(set, settings)) if settings else set[str]()
    found: list[str] = []
    for name in sorted(common):
        values = list(dict.fromkeys(one[name] for one in settings))
        if len(values) > 1:
            short = all(0 < len(value) <= _SHORT for value in values)
            found.append(f"{name}: {' and '.join(values[:5])}" if short else name)
    return found
