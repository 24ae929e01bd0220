"""What is to be measured, and how, before a call is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from mien.errors import UnknownName, UsageError
from mien.materials.multiturn import Followups
from mien.materials.prompts import load_prompts
from mien.materials.protocols import Protocol, load_protocol
from mien.materials.traits import TraitSet, load_traits, traits_from_names
from mien.stats.design import stopping
from mien.stats.design.trials import lay_out, rounds_for
from mien.types import InstrumentName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.materials.multiturn import Pressure
    from mien.stats.design.stopping import Rule
    from mien.stats.design.trials import Design
    from mien.types import Prompt

#: The trait set that the organism was trained on.
ORGANISM_TRAITS = "classic-36"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is to be measured, and how: all that a run depends on.

    Attributes:
        design: the run's trials; under a stop rule the most that there may be.
        until: the rule that stops the run.
    """

    name: str
    model: str
    judge: str
    instrument: InstrumentName
    protocol: Protocol
    traits: TraitSet
    design: Design
    turns: int = 1
    pressure: Pressure = "none"
    until: Rule | None = None

    @property
    def followups(self) -> Followups:
        """What the user says in the later turns."""
        return Followups(self.pressure, self.design.prompts, seed=self.design.seed)


def plan(
    model: str,
    *,
    judge: str,
    instrument: InstrumentName = "revealed",
    protocol: Protocol | str | Path = "default",
    traits: TraitSet | Sequence[str] | str | Path | None = None,
    prompts: Sequence[Prompt] | str | Path = "everyday",
    rounds: int | None = None,
    trials: int | None = None,
    full: bool = False,
    until_reliability: float | None = None,
    until_stderr: float | None = None,
    max_trials: int | None = None,
    seed: int = 0,
    turns: int = 1,
    pressure: Pressure = "none",
    name: str | None = None,
) -> Study:
    """Lay out a run without making a call; the arguments are those of `mien.measure`.

    Raises:
        UsageError: an argument, or a file that it names, cannot be used.
    """
    if instrument not in get_args(InstrumentName):
        raise UnknownName("instrument", instrument, get_args(InstrumentName))
    lengths = sum((rounds is not None, trials is not None, full))
    if lengths > 1:
        raise UsageError("give one of rounds, trials and full")
    if turns < 1:
        raise UsageError("a conversation has at least one turn")
    if turns == 1 and pressure != "none":
        raise UsageError("pressure comes with the second turn; give more turns")
    until = _rule(until_reliability, until_stderr, max_trials, lengths)
    protocol = protocol if isinstance(protocol, Protocol) else load_protocol(protocol)
    if instrument == "instructed":
        # The first option is the one asked for: every trait must come first equally often, and the judge
        # must not find it in the same place each time.
        judge_settings = protocol.judge.model_copy(update={"order": "shuffled"})
        protocol = protocol.override(order="counterbalanced", judge=judge_settings)
    chosen = _trait_set(traits, model)
    n, n_options = len(chosen.traits), protocol.options
    if until is not None:
        rounds = stopping.ceiling(n, n_options, max_trials)
    elif rounds is None:
        rounds = rounds_for(n, n_options=n_options, trials=trials, full=full)
    design = lay_out(
        chosen.names,
        load_prompts(prompts) if isinstance(prompts, str | Path) else prompts,
        rounds=rounds,
        n_options=n_options,
        order=protocol.order,
        seed=seed,
    )
    study = Study(
        name=name or f"{model.rstrip('/').rpartition('/')[2].rpartition('#')[2]}-{instrument}",
        model=model,
        judge=judge,
        instrument=instrument,
        protocol=protocol,
        traits=chosen,
        design=design,
        turns=turns,
        pressure=pressure,
        until=until,
    )
    if turns > 1:
        _ = study.followups  # what cannot be asked is refused before the first call
    return study


def _rule(
    reliability: float | None, stderr: float | None, max_trials: int | None, lengths: int
) -> Rule | None:
    if reliability is None and stderr is None:
        if max_trials is not None:
            raise UsageError(
                "--max-trials is for a run that stops at a target (--until-reliability, --until-stderr); "
                "without one, --trials says how many"
            )
        return None
    if lengths:
        raise UsageError(
            "a run that stops at a target finds its length itself: leave out rounds, trials and full, or "
            "give its most trials with --max-trials"
        )
    return stopping.Rule(reliability=reliability, stderr=stderr)


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
