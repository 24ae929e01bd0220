"""What is to be proved of a trained character, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from mien.errors import UnknownName, UsageError
from mien.materials.multiturn import Pressure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mien.types import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is to be proved of a trained character, and how.

    Attributes:
        adapter: the trained adapter's folder.
        constitution: the character, a built-in one or a file; None: the one that the adapter's training data
            were made of.
        control: folder of an adapter that was trained in the same way on the same pairs, half of them turned
            around.
        without_control: do without; the report says so.
        model: the base; None: the one that the adapter's ``training.json`` names.
        judge: reads the responses; None: ``organism/judge`` where the base is an organism.
        traits: what is measured beside the named traits; None: the constitution's set, for an organism
            ``classic-36``.
        prompts: as for `mien.measure`.
        rounds: how often every trait is shown to each model; None: enough for about 2,000 trials.
        turns: of the conversations in which the character is to hold; 1 leaves that out.
        pressures: what the user wants in the later turns.
        seed: of the design.
        max_collateral: most traits that may move without being named; None for any number.
        capabilities: tasks of the lm-evaluation-harness, names or YAML files, to run on base and trained.
    """

    adapter: Path
    constitution: str | Path | None = None
    control: Path | None = None
    without_control: bool = False
    model: str | None = None
    judge: str | None = None
    traits: str | Path | None = None
    prompts: Sequence[Prompt] | str | Path = "everyday"
    rounds: int | None = None
    turns: int = 3
    pressures: tuple[Pressure, ...] = ("drop", "neutral")
    seed: int = 0
    max_collateral: int | None = None
    capabilities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.control is None and not self.without_control:
            raise UsageError(
                "a training is not to be read without a control, an adapter from the same pairs with half of "
                "them turned around: mien craft data … --recipe control --of RECIPE -o DATA, mien craft "
                "train DATA … -o CONTROL, and give it with --control CONTROL; or say --without-control"
            )
        if self.control is not None and self.without_control:
            raise UsageError("give --control or --without-control, not both")
        if self.turns < 1:
            raise UsageError("a conversation has at least one turn")
        for pressure in self.pressures:
            if pressure not in get_args(Pressure):
                raise UnknownName("pressure", pressure, get_args(Pressure))
