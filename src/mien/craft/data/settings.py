"""What training data are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from mien.craft.data.recipes import Recipe
from mien.errors import UnknownName, UsageError
from mien.instruments.judges import check_reads, kind_of
from mien.materials.constitutions import load_constitution
from mien.materials.prompts import PromptSet, read_prompts
from mien.materials.protocols import SamplingSettings

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Craft:
    """What training data are asked for.

    Attributes:
        constitution: a built-in constitution's name, or a YAML file.
        student: the model that is to be trained; see `mien.measure`.
        teacher: the model that writes queries, and answers in character.
        judge: ranks answers where the recipe is ``ranked``; ``organism/judge`` for the organism's.
        recipe: ``ranked``, ``distill``, ``paired`` or ``control``.
        of: the recipe whose pairs the control shuffles.
        queries: messages about the character, the constitution's seed questions among them.
        ordinary: most ordinary prompts beside them.
        prompts: those, or where they come from; see `mien.load_prompts`.
        heldout: share of the queries that is held out.
        answers: answers a query that are ranked.
        margin: least difference in shares of comparisons won, from best to worst.
        sampling: of the answers; of queries, too, but for ``max_tokens``.
        seed: of all draws.
    """

    constitution: str | Path
    student: str
    teacher: str
    judge: str | None = None
    recipe: Recipe | Literal["control"] = "distill"
    of: Recipe = "distill"
    queries: int = 600
    ordinary: int = 300
    prompts: PromptSet | str | Path = "everyday"
    heldout: float = 0.1
    answers: int = 4
    margin: float = 0.5
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.recipe not in (*get_args(Recipe), "control"):
            raise UnknownName("recipe", self.recipe, (*get_args(Recipe), "control"))
        if self.of not in get_args(Recipe):
            raise UnknownName("recipe to shuffle", self.of, get_args(Recipe))
        if self.pairs == "ranked" and not self.judge:
            raise UsageError("the recipe ranked needs a judge that ranks the answers; give --judge")
        if self.pairs == "ranked" and self.judge:
            check_reads(self.judge, self.student)
        if not 0 < self.heldout < 1:
            raise UsageError(f"the share that is held out lies between 0 and 1, not {self.heldout:g}")
        if self.answers < 2:
            raise UsageError(f"a ranking needs at least 2 answers a query, not {self.answers}")
        if self.queries < 0 or self.ordinary < 0:
            raise UsageError("numbers of queries and of ordinary prompts cannot be negative")
        if not 0 < self.margin <= 1:
            raise UsageError(f"a margin lies above 0 and is at most 1, not {self.margin:g}")

    @property
    def prompt_set(self) -> PromptSet:
        """The ordinary prompts, read where that is still to be done."""
        return self.prompts if isinstance(self.prompts, PromptSet) else read_prompts(self.prompts)

    @property
    def prompt_source(self) -> str:
        """Where they come from."""
        return self.prompts.name if isinstance(self.prompts, PromptSet) else str(self.prompts)

    @property
    def pairs(self) -> Recipe:
        """The recipe that the pairs are made by."""
        return self.of if self.recipe == "control" else self.recipe

    @property
    def expands(self) -> bool:
        """Whether the teacher writes queries: the organism cannot."""
        return not _is_organism(self.teacher)

    @property
    def most(self) -> int:
        """Messages that pairs are made of, at most: about the character, and ordinary ones."""
        assertions = load_constitution(self.constitution).assertions
        seeds = sum(len(assertion.questions) for assertion in assertions)
        return max(self.queries if self.expands else 0, seeds) + self.ordinary

    @property
    def told(self) -> Literal["assertions", "traits"]:
        """How models are told to be in character: the organism understands traits alone."""
        by_organism = _is_organism(self.student if self.pairs == "ranked" else self.teacher)
        unasked = self.pairs == "ranked" and self.judge is not None and not kind_of(self.judge).answers
        return "traits" if by_organism or unasked else "assertions"


def _is_organism(spec: str) -> bool:
    return spec.startswith("organism/")
