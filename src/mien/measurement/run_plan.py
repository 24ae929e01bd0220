"""What is to be measured, and how, before a call is made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from mien.errors import InputError, UnknownName, UsageError
from mien.instruments.inventory import Inventory
from mien.instruments.judges import check_reads
from mien.instruments.stated import Stated
from mien.materials.multiturn import Conversation, Followups
from mien.materials.prompts import load_prompts
from mien.materials.protocols import Protocol, load_protocol
from mien.materials.traits import TraitSet, load_traits, traits_from_names
from mien.materials.user_model import UserModel
from mien.measurement.kept_design import KeptDesign, read_design
from mien.measurement.length import Length
from mien.models.names import own_name
from mien.names import require_visible
from mien.stats.design.trials import lay_out
from mien.types import OWN_ANSWER, SELF_REPORTS, InstrumentName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.design.stopping import Rule
    from mien.stats.design.trials import Design
    from mien.types import Prompt

#: The trait set that the organism was trained on.
ORGANISM_TRAITS = "classic-36"

DEFAULT_TRAITS = "classic-144"
DEFAULT_PROMPTS = "everyday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """What a model is measured with, as the user names it.

    Attributes:
        instrument: ``stated`` or ``inventory`` (what the model says of itself, choosing between traits or
            rating each), ``revealed`` (what it chooses), ``exhibited`` (what it does unasked) or
            ``instructed`` (what it can do: the control).
        protocol: a protocol, its name, or a YAML file.
        traits: a trait set, its name, a YAML or text file, or names; None: ``classic-144``, for the organism
            ``classic-36``.
        prompts: prompts, a set's name, a file, or ``hf:OWNER/DATASET``; of no use to ``inventory``, nor to
            ``stated``, unless the protocol has it asked in context.
        design: a file of `mien design`, which holds traits and prompts already.
        system: the system prompt of the model under test, which is no part of what the judge sees.

    Raises:
        UnknownName: there is no such instrument.
        UsageError: traits or prompts are given beside a design.
    """

    instrument: InstrumentName = "revealed"
    protocol: Protocol | str | Path = "default"
    traits: TraitSet | Sequence[str] | str | Path | None = None
    prompts: Sequence[Prompt] | str | Path = DEFAULT_PROMPTS
    design: str | Path | None = None
    system: str = ""

    def __post_init__(self) -> None:
        if self.instrument not in get_args(InstrumentName):
            raise UnknownName("instrument", self.instrument, get_args(InstrumentName))
        if self.design is not None and (self.traits is not None or self.prompts != DEFAULT_PROMPTS):
            raise UsageError("a design holds its traits and prompts; leave out --traits and --prompts")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What is to be measured, and how: all that a run depends on.

    Attributes:
        judge: who reads; `mien.types.OWN_ANSWER` where nobody does.
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
    def models(self) -> tuple[str, ...]:
        """Who is asked: the model, its judge where it has one, and its user where that is a model."""
        judge = () if self.judge == OWN_ANSWER else (self.judge,)
        user = (self.conversation.user,) if self.conversation.user else ()
        return (self.model, *judge, *user)

    @property
    def shown(self) -> int:
        """Options that a trial shows."""
        return shown(self.instrument, self.protocol)

    @property
    def followups(self) -> Followups | UserModel | None:
        """What the user says in the later turns, or who says it; None where there are none."""
        if self.conversation.turns == 1:
            return None
        if self.conversation.user:
            return UserModel(self.conversation.user, self.conversation.pressure)
        return Followups(
            self.conversation.pressure,
            self.design.prompts,
            seed=self.design.seed,
            of=self.design.first_on_response,
        )


def plan(
    model: str,
    judge: str | None,
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
        judge: the model that reads its responses; None under ``stated`` and ``inventory``.
        materials: what it is measured with.
        length: how long the run is to be.
        conversation: how long each conversation is to be, and what its user wants.
        seed: of the design.
        name: of the run; default: the model's name and the instrument, with ``in-context`` and ``system``
            where that is so.

    Raises:
        UsageError: an argument, or a file that it names, cannot be used.
    """
    for what, given_name in (
        ("model", model),
        ("judge", judge or ""),
        ("user", conversation.user),
        ("run", name or ""),
    ):
        require_visible(given_name, f"name of a {what}")
    instrument, protocol = materials.instrument, _protocol(materials).prompted(materials.system)
    judge = _judge(instrument, judge)
    if instrument not in SELF_REPORTS:
        check_reads(judge, model)
    elif conversation.turns > 1:
        raise UsageError(f"{instrument} asks one question: leave out --turns")
    if instrument == "inventory":
        _require_inventory(materials, protocol, length)
    kept = _read(materials.design, length, seed, protocol, instrument) if materials.design else None
    kept = kept or _laid_out(materials, length, seed, protocol, _default_traits(model))
    _require_known(kept.traits, model)
    planned = RunPlan(
        name=name or _name(model, materials, protocol),
        model=model,
        judge=judge,
        instrument=instrument,
        protocol=protocol,
        traits=kept.traits,
        design=kept.design,
        conversation=conversation,
        until=length.until,
    )
    _ = planned.followups  # what cannot be asked is refused before the first call
    return planned


def _name(model: str, materials: Materials, protocol: Protocol) -> str:
    context, system = "-in-context" * protocol.in_context, "-system" * bool(materials.system.strip())
    return f"{own_name(model)}-{materials.instrument}{context}{system}"


def _judge(instrument: InstrumentName, judge: str | None) -> str:
    """Who reads.

    Raises:
        UsageError: nobody was named, or somebody where nobody reads.
    """
    if instrument in SELF_REPORTS:
        if judge is not None:
            raise UsageError(
                f"{instrument} has no judge, for the model's own answer is the verdict: leave out --judge"
            )
        return OWN_ANSWER
    if judge is None:
        raise UsageError(f"{instrument} needs a model that reads the responses: give --judge")
    if judge == OWN_ANSWER:
        raise UsageError(f"no judge may be called {OWN_ANSWER!r}: it stands for the model's own answer")
    return judge


def _protocol(materials: Materials) -> Protocol:
    given = materials.protocol
    protocol = given if isinstance(given, Protocol) else load_protocol(given)
    # What is asked under one instrument alone is no part of another run's protocol.
    wording = protocol.wording.model_dump()
    if materials.instrument != "stated":
        wording |= {"stated": {}, "stated_in_context": ""}
    if materials.instrument != "inventory":
        wording |= {"inventory": {}}
    protocol = protocol.override(
        wording=wording,
        in_context=protocol.in_context if materials.instrument in SELF_REPORTS else False,
    )
    if materials.instrument in SELF_REPORTS:
        if not getattr(protocol.wording, materials.instrument):
            where = f"key wording.{materials.instrument}"
            raise InputError("names no phrasings to ask in", source=protocol.name, where=where)
        return protocol
    if materials.instrument != "instructed":
        return protocol
    # The first option is the one asked for: every trait must come first equally often, and the judge must not
    # find it in the same place each time.
    judge_settings = protocol.judge.model_copy(update={"order": "shuffled"})
    return protocol.override(order="counterbalanced", judge=judge_settings)


def shown(instrument: InstrumentName, protocol: Protocol) -> int:
    """Options that a trial shows: an inventory asks about one trait at a time."""
    return 1 if instrument == "inventory" else protocol.options


def _require_inventory(materials: Materials, protocol: Protocol, length: Length) -> None:
    """Refuse to have an inventory made in ways that suit choices alone.

    Raises:
        UsageError: it is.
    """
    if protocol.in_context:
        raise UsageError("an inventory asks about nothing but the model: leave out --in-context")
    if materials.design is not None:
        raise UsageError("an inventory lays its trials out itself: leave out --design")
    if length.full or length.until is not None:
        raise UsageError(
            "an inventory sets no trait beside another, and has neither pairs nor a target for them: say how "
            "long it is with --rounds or --trials"
        )


def lay_out_run(materials: Materials, length: Length, *, seed: int = 0) -> KeptDesign:
    """The trials of a run, whatever the model, with the traits that they are of.

    Raises:
        UsageError: an argument, or a file that it names, cannot be used.
    """
    if materials.instrument == "inventory":
        raise UsageError("an inventory lays its trials out itself when it is measured: it needs no design")
    return _laid_out(materials, length, seed, _protocol(materials), DEFAULT_TRAITS)


def _laid_out(
    materials: Materials, length: Length, seed: int, protocol: Protocol, default_traits: str
) -> KeptDesign:
    traits = _loaded(default_traits if materials.traits is None else materials.traits)
    prompts = _phrasings(materials.instrument, protocol) or materials.prompts
    design = lay_out(
        traits.names,
        load_prompts(prompts) if isinstance(prompts, str | Path) else prompts,
        rounds=_rounds(materials.instrument, protocol, length, len(traits.traits)),
        n_options=shown(materials.instrument, protocol),
        order=protocol.order,
        seed=seed,
        per_response=_per_response(materials.instrument, protocol, length),
    )
    return KeptDesign(traits, design if length.shard.whole else design.part(length.shard))


def _rounds(instrument: InstrumentName, protocol: Protocol, length: Length, n_traits: int) -> int:
    """How often each trait is shown; in an inventory so that each phrasing rates each trait equally often."""
    rounds = length.most_rounds(n_traits, shown(instrument, protocol))
    phrasings = len(protocol.wording.inventory) if instrument == "inventory" else 1
    return math.ceil(rounds / phrasings) * phrasings


def _phrasings(instrument: InstrumentName, protocol: Protocol) -> tuple[Prompt, ...]:
    """What is asked in place of a user's prompts; empty where these are."""
    if instrument == "inventory":
        return Inventory(protocol, ()).prompts
    if instrument != "stated" or protocol.in_context:
        return ()
    return Stated(protocol, ()).prompts


def _per_response(instrument: InstrumentName, protocol: Protocol, length: Length) -> int:
    if instrument != "exhibited":
        return 1
    if not length.shard.whole:
        raise UsageError(
            "under exhibited one response serves several trials, and shards would part them: measure it "
            "without --shard"
        )
    return protocol.trials_per_response


def _read(
    path: str | Path, length: Length, seed: int, protocol: Protocol, instrument: InstrumentName
) -> KeptDesign:
    if length != Length(shard=length.shard):
        raise UsageError(f"{path} says how long the run is: leave out its length and its target")
    kept = read_design(path, length.shard)
    design = kept.design
    phrasings = _phrasings(instrument, protocol)
    if phrasings and design.prompts != phrasings:
        raise InputError(
            "its prompts are not the phrasings of stated: make it with mien design --instrument stated",
            source=path,
        )
    for what, given, held in (
        ("options", protocol.options, design.options.shape[1]),
        ("order", protocol.order, design.order),
        ("seed", seed or design.seed, design.seed),
        ("trials a response", _per_response(instrument, protocol, length), design.per_response),
    ):
        if given != held:
            raise InputError(
                f"the design's {what} is {held}, the run's is to be {given}: give the run the same, or make "
                "the design with the other",
                source=path,
            )
    return kept


def _default_traits(model: str) -> str:
    return ORGANISM_TRAITS if model.startswith("organism/") else DEFAULT_TRAITS


def _require_known(traits: TraitSet, model: str) -> None:
    """Refuse to ask the organism for traits that it was not trained on."""
    if not model.startswith("organism/"):
        return
    known = load_traits(ORGANISM_TRAITS).names
    if unknown := [name for name in traits.names if name not in known]:
        raise UsageError(
            f"{model} knows the traits of {ORGANISM_TRAITS} alone, and {unknown[0]!r} is none of them; "
            f"leave out --traits, or name some of those"
        )


def _loaded(traits: TraitSet | Sequence[str] | str | Path) -> TraitSet:
    if isinstance(traits, TraitSet):
        return traits
    if isinstance(traits, str | Path):
        return load_traits(traits)
    return traits_from_names(traits)
