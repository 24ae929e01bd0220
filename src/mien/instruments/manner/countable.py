"""What the checks of a spec may name: the features that are counted, the languages that are told."""

from __future__ import annotations

from mien.instruments.manner.features import FEATURES
from mien.instruments.manner.languages import known_languages
from mien.materials.specs import Names


def countable() -> Names:
    """What can be counted in an answer, by name."""
    return Names(
        features=frozenset(feature.name for feature in FEATURES), languages=frozenset(known_languages())
    )
