"""What the model is told in a trial. Each instrument looks at character from another side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from mien.instruments.exhibited import Exhibited
from mien.instruments.instructed import Instructed
from mien.instruments.inventory import Inventory, OwnRating
from mien.instruments.revealed import Revealed
from mien.instruments.stated import OwnAnswer, Stated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.materials.protocols import Protocol as MeasurementProtocol
    from mien.types import InstrumentName, Message, Trait, Trial


class Instrument(Protocol):
    """Turns a trial into what the model is sent."""

    def messages(self, trial: Trial) -> tuple[Message, ...]:
        """The conversation that the model is to continue."""
        ...

    def asked(self, trial: Trial) -> Trial:
        """The trial as a run keeps it: its prompt is what the user says."""
        ...


def instrument(name: InstrumentName, protocol: MeasurementProtocol, traits: Sequence[Trait]) -> Instrument:
    """The instrument of this name, worded as the protocol says."""
    return _INSTRUMENTS[name](protocol, traits)


_INSTRUMENTS: Final = {
    "stated": Stated,
    "inventory": Inventory,
    "revealed": Revealed,
    "exhibited": Exhibited,
    "instructed": Instructed,
}

__all__ = [
    "Exhibited",
    "Instructed",
    "Instrument",
    "Inventory",
    "OwnAnswer",
    "OwnRating",
    "Revealed",
    "Stated",
    "instrument",
]
