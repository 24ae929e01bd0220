"""Introspections for training data that are there: in a file beside them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mien.craft.data.characters import ToldByTraits
from mien.craft.data.dataset import CONSTITUTION, differences, read_craft, write_lines, write_text
from mien.craft.data.introspection import Introspection, Introspector, load_introspection_wording, tasks
from mien.craft.data.wording import load_wording
from mien.errors import InputError, UsageError
from mien.instruments.manner.duplicates import Seen
from mien.materials.constitutions import load_constitution
from mien.materials.protocols import SamplingSettings, load_protocol
from mien.materials.traits import load_traits
from mien.measurement.run_plan import ORGANISM_TRAITS
from mien.measurement.session import Session
from mien.measurement.stages import LeftOut, Stages
from mien.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.data.introspection import Task
    from mien.materials.constitutions import Constitution

ROWS, TOLD = "introspection.jsonl", "introspection.json"

#: Turns for which an organism keeps its manner.
ORGANISM_TURNS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspecting:
    """What introspections are asked for.

    Attributes:
        folder: training data; see `mien.craft.data.dataset`.
        model: the model that is told to be the character; None for the data's teacher.
        reflections: answers to questions about itself.
        interactions: conversations of two copies.
        turns: answers of the second copy in each.
        sampling: of all answers.
        seed: of the lots that an organism is told a trait by.
    """

    folder: str | Path
    model: str | None = None
    reflections: int = 280
    interactions: int = 60
    turns: int = 5
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.reflections < 0 or self.interactions < 0 or not self.reflections + self.interactions:
            raise UsageError("ask for at least one reflection or interaction, and for no negative number")
        if self.turns < 1:
            raise UsageError(f"a conversation has at least 1 turn, not {self.turns}")


def introspect(settings: Introspecting, session: Session | None = None) -> dict[str, Any]:
    """Write ``introspection.jsonl`` into a folder of training data, and ``introspection.json`` beside it.

    Calls that the store holds are not made again. Answers that were cut off are left out, and so are
    near-duplicates of an earlier answer to the same question, and conversations that repeat one.

    Args:
        settings: what is asked for.
        session: through which the model is called; default: one without limits on the usual store.

    Returns:
        Everything that was asked, and ``counts`` of what came of it.

    Raises:
        UsageError: the folder holds no training data, or introspections that were asked for otherwise; or
            nothing is left to write.
        BudgetReached: a limit was reached; what was answered is kept.
        Unfinished: too many calls failed; what was answered is kept.
    """
    folder = Path(settings.folder)
    model = settings.model or str(read_craft(folder).get("teacher", ""))
    constitution = load_constitution(folder / CONSTITUTION)
    if organism := model.startswith("organism/"):
        _check_organism(settings)
    told = _asked(settings, model, constitution, organism=organism)
    _check(folder / TOLD, told)
    wording = load_introspection_wording()
    todo = tasks(wording, reflections=settings.reflections, interactions=settings.interactions)
    through = session or Session()

    async def main() -> list[Introspection | LeftOut]:
        speaker = through.open(model)
        introspector = Introspector(
            model=speaker,
            constitution=constitution,
            wording=wording,
            crafting=load_wording(),
            sampling=settings.sampling.sampling(),
            turns=settings.turns,
            traits=_traits(constitution, settings.seed) if organism else None,
        )
        return await Stages(through).carry_out(todo, introspector.carry_out, "introspection", speaker)

    kept, left_out = _kept(todo, through.run(main))
    if not kept:
        why = "; ".join(f"{n:,} × {reason}" for reason, n in left_out.most_common(3))
        raise UsageError(f"no introspection is left to write ({why}); look at what {model} answers")
    told = {**told, "counts": _counts(kept, left_out)}
    (folder / TOLD).unlink(missing_ok=True)  # where it is, the rows are whole
    write_lines(folder / ROWS, (one.row() for one in sorted(kept, key=lambda one: one.id)))
    write_text(folder / TOLD, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return told


def _traits(constitution: Constitution, seed: int) -> ToldByTraits:
    return ToldByTraits(constitution, load_traits(ORGANISM_TRAITS), load_protocol(), seed=seed)


def _counts(kept: Sequence[Introspection], left_out: Counter[str]) -> dict[str, Any]:
    """What came of it: how many of each kind were kept, and why others were left out."""
    kinds = Counter(one.kind for one in kept)
    return {
        "reflection": kinds["reflection"],
        "interaction": kinds["interaction"],
        "left_out": dict(sorted(left_out.items())),
    }


def _check_organism(settings: Introspecting) -> None:
    if settings.interactions and settings.turns > ORGANISM_TURNS:
        raise UsageError(
            f"an organism holds a conversation of at most {ORGANISM_TURNS} turns, not {settings.turns}; "
            f"give --turns {ORGANISM_TURNS}"
        )


def _asked(
    settings: Introspecting, model: str, constitution: Constitution, *, organism: bool
) -> dict[str, Any]:
    return {
        "mien": __version__,
        "constitution": constitution.identity,
        "model": model,
        "reflections": settings.reflections,
        "interactions": settings.interactions,
        "turns": settings.turns,
        "seed": settings.seed if organism else None,
        "sampling": settings.sampling.model_dump(),
        "told": "traits" if organism else "assertions",
        "wording": {
            **load_introspection_wording().model_dump(mode="json"),
            **(
                {"instructed": load_protocol().wording.instructed}
                if organism
                else load_wording().model_dump(include={"character", "never"})
            ),
        },
    }


def _check(path: Path, told: dict[str, Any]) -> None:
    """Refuse to write over introspections that were asked for otherwise."""
    if path.is_file() and (other := differences(read_craft(path.parent, path.name), told)):
        raise InputError(
            f"tells of introspections with another {other}; delete it to have them made anew", source=path
        )


def _kept(
    todo: Sequence[Task], outcomes: Sequence[Introspection | LeftOut]
) -> tuple[list[Introspection], Counter[str]]:
    kept: list[Introspection] = []
    left_out: Counter[str] = Counter()
    seen: dict[str, Seen] = {}
    for task, outcome in zip(todo, outcomes, strict=True):
        if isinstance(outcome, LeftOut):
            left_out[outcome.reason] += 1
            continue
        own = "\n".join(one["content"] for one in outcome.messages if one["role"] == "assistant")
        if seen.setdefault(task.text, Seen()).add(own) is not None:
            left_out["nearly the same as an earlier one"] += 1
        else:
            kept.append(outcome)
    return kept, left_out
