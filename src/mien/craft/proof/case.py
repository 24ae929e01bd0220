"""A claim, once everything that it names is found and fits together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.craft.data.characters import ToldByAssertions
from mien.craft.data.dataset import CONSTITUTION
from mien.craft.data.queries import Query
from mien.craft.data.wording import load_wording
from mien.craft.proof.answers import plain_prompts
from mien.craft.proof.capabilities import check_tasks
from mien.craft.proof.subjects import base_of, check_control, find_adapter, reader_of, written
from mien.errors import InputError, UsageError
from mien.instruments.judges import kind_of
from mien.materials.constitutions import load_constitution
from mien.materials.multiturn import Conversation
from mien.materials.prompts import load_prompts
from mien.materials.protocols import Protocol, load_protocol
from mien.measurement.length import Length
from mien.measurement.run_plan import Materials, plan
from mien.models.inprocess.loading import runs_here
from mien.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.craft.proof.claim import Claim
    from mien.craft.proof.result import Role, Way
    from mien.materials.constitutions import Constitution
    from mien.measurement.run_plan import RunPlan
    from mien.types import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A claim, once everything that it names is found."""

    claim: Claim
    constitution: Constitution
    written: Mapping[str, Way]
    models: Mapping[Role, str]
    protocols: Mapping[Role, Protocol]
    judge: str
    traits: str | Path | None
    planned: RunPlan
    prompts: tuple[Prompt, ...]
    asked: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def raised(self) -> frozenset[str] | None:
        """The traits that are to rise; None where there are none."""
        return frozenset(name for name, way in self.written.items() if way == "raise") or None

    def plan(
        self, role: Role, name: str, rounds: int, conversation: Conversation = Conversation()
    ) -> RunPlan:
        """Lay out a run of one of the models; all have the same trials."""
        return plan(
            self.models[role],
            self.judge,
            materials=Materials(
                protocol=self.protocols[role], traits=self.traits, prompts=self.claim.prompts
            ),
            length=Length(rounds=rounds),
            conversation=conversation,
            seed=self.claim.seed,
            name=name,
        )


def lay_out(claim: Claim) -> Case:
    check_tasks(claim.capabilities)
    trained = find_adapter(claim.adapter)
    base = base_of(trained, claim.model)
    if not runs_here(base):
        raise UsageError(f"{base}: an adapter goes on hf/… or organism/…, in this process")
    data, told = trained.data, trained.recipe.data if trained.recipe else ""
    constitution = load_constitution(claim.constitution or _own_constitution(claim, told))
    models: dict[Role, str] = {"base": base}
    control = None
    if claim.control is not None:
        control = find_adapter(claim.control)
        check_control(control, trained)
        models["control"] = f"{base}+{claim.control}"
    models |= {"prompted": base, "trained": f"{base}+{claim.adapter}"}
    organism = base.startswith("organism/")
    judge = reader_of(claim.judge, base)
    protocol = load_protocol()
    prompted = protocol.override(preamble=_preamble(constitution))
    traits = claim.traits if claim.traits or organism else constitution.traits
    planned = plan(
        base,
        judge,
        materials=Materials(traits=traits, prompts=claim.prompts),
        length=Length(rounds=claim.rounds),
        seed=claim.seed,
    )
    prompts = plain_prompts(data, load_prompts("everyday"), seed=claim.seed)
    return Case(
        claim=claim,
        constitution=constitution,
        written=written(constitution, planned.traits.names),
        models=models,
        protocols={role: prompted if role == "prompted" else protocol for role in models},
        judge=judge,
        traits=traits,
        planned=planned,
        prompts=prompts,
        asked={
            "mien": __version__,
            "adapter": str(claim.adapter),
            "adapter_digest": trained.digest,
            "control": None if control is None else str(claim.control),
            "control_digest": control and control.digest,
            "model": base,
            "judge": judge,
            "constitution": constitution.identity,
            "design": planned.design.name,
            "trials": len(planned.design),
            "seed": claim.seed,
            "turns": claim.turns,
            "pressures": list(claim.pressures) if claim.turns > 1 else [],
            "plain_prompts": len(prompts),
            "capabilities": list(claim.capabilities),
        },
        notes=_notes(claim, base, judge, held_out=data is not None and bool(data.held_out)),
    )


def _own_constitution(claim: Claim, data: str) -> Path:
    path = Path(data).expanduser() / CONSTITUTION
    if not data or not path.is_file():
        raise InputError(
            f"has no training data with a {CONSTITUTION} beside them; give --constitution",
            source=claim.adapter,
        )
    return path


def _preamble(constitution: Constitution) -> str:
    """What a model is told that is to be the character, whatever the message."""
    message = Query(id="", text="", assertion=None, source="seed", split="heldout")
    return ToldByAssertions(constitution, load_wording()).in_character(message, whole=True)[0]["content"]


def _notes(claim: Claim, base: str, judge: str, *, held_out: bool) -> tuple[str, ...]:
    notes: list[str] = []
    if claim.without_control:
        notes.append(
            "There is no control. What training on such texts does anyway cannot be told from what the "
            "character did."
        )
    if base.startswith("organism/"):
        notes.append(
            "An organism understands no constitution: its prompted runs show what a text in front does to "
            "it, not what prompting can do."
        )
    kind = kind_of(judge)
    if not kind.answers:
        notes.append(
            f"{judge} {kind.reads} and cannot be asked: nothing is said of coherence, nor of whether "
            "the model goes along with false claims."
        )
    if not held_out:
        notes.append(
            "The training data are not where they were, or held nothing out: plain answers are to everyday "
            "prompts."
        )
    return tuple(notes)
