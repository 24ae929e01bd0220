"""What is to be measured, and how, before a call is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from mien.errors import UnknownName, UsageError
from mien.instruments.judges import check_reads
from mien.materials.multiturn import Conversation, Followups
from mien.materials.prompts import load_prompts
from mien.materials.protocols import Protocol, load_protocol
from mien.materials.traits import TraitSet, load_traits, traits_from_names
from mien.measurement.length import Length
from mien.names import require_visible
from mien.stats.design.trials import lay_out
from mien.types import InstrumentName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.design.stopping import Rule
    from mien.stats.design.trials import Design
    from mien.types import Prompt

#: The trait set that the organism was trained on.
ORGANISM_TRAITS = "classic-36"


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """What a model is measured with, as the user names it.

    Attributes:
        instrument: ``revealed`` (what the model chooses) or ``instructed`` (what it can do: the control).
        protocol: a protocol, its name, or a YAML file.
        traits: a trait set, its name, a YAML or text file, or names; None: ``classic-144``, for the organism
            ``classic-36``.
        prompts: prompts, a set's name, a file, or ``hf:OWNER/DATASET``.

    Raises:
        UnknownName: there is no such instrument.
    """

    instrument: InstrumentName = "revealed"
    protocol: Protocol | str | Path = "default"
    traits: TraitSet | Sequence[str] | str | Path | None = None
    prompts: Sequence[Prompt] | str | Path = "everyday"

    def __post_init__(self) -> None:
        if self.instrument not in get_args(InstrumentName):
            raise UnknownName("instrument", self.instrument, get_args(InstrumentName))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What is to be measured, and how: all that a run depends on.

    Attributes:
        design: the run's trials; under a stop rule the most that there may be.
        conversation: how long each is, and what its user wants.
        until: the rule that stops the run.
    """

    name: str
    model: str
    judge: str
    instrument: InstrumentName
    protocol: Protocol
    traits: TraitSet
    design: Design
    conversation: Conversation = Conversation()
    until: Rule | None = None

    @property
    def followups(self) -> Followups | None:
        """What the user says in the later turns; None where there are none."""
        if self.conversation.turns == 1:
            return None
        return Followups(self.conversation.pressure, self.design.prompts, seed=self.design.seed)


def plan(
    model: str,
    judge: str,
    *,
    materials: Materials = Materials(),
    length: Length = Length(),
    conversation: Conversation = Conversation(),
    seed: int = 0,
    name: str | None = None,
) -> RunPlan:
    """Lay out a run without making a call; see `mien.measure`.

    Args:
        model: the model under test.
        judge: the model that reads its responses.
        materials: what it is measured with.
        length: how long the run is to be.
        conversation: how long each conversation is to be, and what its user wants.
        seed: of the design.
        name: of the run; default: the model's name and the instrument.

    Raises:
        UsageError: an argument, or a file that it names, cannot be used.
    """
    for what, given_name in (("model", model), ("judge", judge), ("run", name or "")):
        require_visible(given_name, f"name of a {what}")
    check_reads(judge, model)
    instrument, given = materials.instrument, materials.protocol
    protocol = given if isinstance(given, Protocol) else load_protocol(given)
    if instrument == "instructed":
        # The first option is the one asked for: every trait must come first equally often, and the judge
        # must not find it in the same place each time.
        judge_settings = protocol.judge.model_copy(update={"order": "shuffled"})
        protocol = protocol.override(order="counterbalanced", judge=judge_settings)
    traits, prompts = _trait_set(materials.traits, model), materials.prompts
    planned = RunPlan(
        name=name or f"{model.rstrip('/').rpartition('/')[2].rpartition('#')[2]}-{instrument}",
        model=model,
        judge=judge,
        instrument=instrument,
        protocol=protocol,
        traits=traits,
        design=lay_out(
            traits.names,
            load_prompts(prompts) if isinstance(prompts, str | Path) else prompts,
            rounds=length.most_rounds(len(traits.traits), protocol.options),
            n_options=protocol.options,
            order=protocol.order,
            seed=seed,
        ),
        conversation=conversation,
        until=length.until,
    )
    _ = planned.followups  # what cannot be asked is refused before the first call
    return planned


def _trait_set(traits: TraitSet | Sequence[str] | str | Path | None, model: str) -> TraitSet:
    known = load_traits(ORGANISM_TRAITS) if model.startswith("organism/") else None
    chosen = _loaded(traits if traits is not None else known or "classic-144")
    if known and (unknown := [name for name in chosen.names if name not in known.names]):
        raise UsageError(
            f"{model} knows the traits of {ORGANISM_TRAITS} alone, and {unknown[0]!r} is none of them; "
            f"leave out --traits, or name some of those"
        )
    return chosen


def _loaded(traits: TraitSet | Sequence[str] | str | Path) -> TraitSet:
    if isinstance(traits, TraitSet):
        return traits
    if isinstance(traits, str | Path):
        return load_traits(traits)
    return traits_from_names(traits)
