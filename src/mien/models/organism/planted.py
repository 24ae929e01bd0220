"""The truth about the organism: what was planted when it was trained."""

from __future__ import annotations

from importlib import resources

import msgspec

from mien.errors import UnknownName


class Planted(msgspec.Struct, frozen=True):
    """A variant's character, in natural log odds; scores sum to 0 over the traits.

    Attributes:
        name: of the variant.
        traits: the trait set that it knows.
        chooses: score of each trait when it is to choose.
        states: the score by which it says which traits describe it; differs from ``chooses`` on purpose.
        position: what the first of K options gets on top; each other one gets −position / (K − 1).
    """

    name: str
    traits: str
    unit: str
    chooses: dict[str, float]
    states: dict[str, float]
    position: float


def load_planted(name: str) -> Planted:
    """The truth about a variant: ``base``, ``v1``, ``v2`` or ``biased``.

    Raises:
        UnknownName: no such variant.
    """
    shipped = resources.files("mien") / "data" / "organism"
    path = shipped / name / "planted.json"
    if not name.isidentifier() or not path.is_file():
        raise UnknownName(
            "model organism", name, sorted(entry.name for entry in shipped.iterdir() if entry.is_dir())
        )
    return msgspec.json.decode(path.read_bytes(), type=Planted)
