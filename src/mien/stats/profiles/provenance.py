"""Where the verdicts of a profile come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a run is, as far as it is known; an imported table need not tell.

    Attributes:
        run: the run's name.
        model: the model under test.
        instrument: under ``"instructed"``, position 1 is the trait that the model was told to take.
        protocol: the protocol's name.
        condition: by what the model was to choose; under ``"random"`` a profile should be flat.
        judge: who read the responses.
        design: the design's name.
        seed: of the design.
    """

    run: str = ""
    model: str = ""
    instrument: str = "revealed"
    protocol: str = ""
    condition: str = ""
    judge: str = ""
    design: str = ""
    seed: int | None = 0


#: Of a table that comes alone.
UNKNOWN: Final = Provenance()
