"""All of it is asked: which traits, on which prompts, of whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UnknownName, UsageError
from mien.evals.asker import Asker
from mien.evals.breadth import planted, stretch
from mien.evals.breadth.stretch import MEAN, UNTOLD
from mien.evals.breadth.wording import wording_digest
from mien.evals.conduct import EvaluationPlan, conduct, default_name
from mien.evals.evaluation import Evaluation
from mien.evals.generation import Generation, sampling
from mien.evals.judges import require_reads
from mien.materials.traits import fold
from mien.models.prefixes import BASE
from mien.stats.stretch import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.breadth.planted import Pair
    from mien.evals.conduct import Asking, Open, Script
    from mien.evals.item import Item
    from mien.measurement.calls import Progress
    from mien.measurement.session import Session
    from mien.types import Prompt, Trait

KIND: Final = "breadth"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a model is to be asked.

    Attributes:
        traits: that there are; those that may move along are drawn from them.
        prompts: on which each is stretched.
        only: names of the traits to stretch; none for all.
        beside: how many others are looked at beside each.
        pairs: planted pairs by folded name, laid over those of our own.
        generation: how the model under test answers.

    Raises:
        UnknownName: ``only`` names what is no trait.
        UsageError: there are fewer than two prompts, or fewer others than are to be looked at; a trait has
            the name of what is told beside it; or pairs are given of what is no trait.
    """

    traits: Sequence[Trait]
    prompts: Sequence[Prompt]
    only: Sequence[str] = ()
    beside: int = 2
    pairs: Mapping[str, Sequence[Pair]] = field(default_factory=dict[str, "Sequence[Pair]"])
    generation: Generation = Generation()

    def __post_init__(self) -> None:
        names = {fold(trait.name): trait.name for trait in self.traits}
        for name in self.only:
            if fold(name) not in names:
                raise UnknownName("trait", name, names.values())
        if strange := next((name for name in self.pairs if name not in names), None):
            raise UsageError(f"planted pairs are given of {strange!r}, which is no trait of the set")
        if len(self.prompts) < 2:
            raise UsageError(f"{len(self.prompts)} prompts say nothing of others; give at least 2")
        told = {f"{trait.name}{part}" for trait in self.traits for part in PARTS if part} | {MEAN, UNTOLD}
        if taken := next((trait.name for trait in self.traits if trait.name in told), None):
            raise UsageError(f"{taken!r} would be taken for what is told of another trait; name it otherwise")
        if self.beside >= len(self.traits):
            raise UsageError(
                f"of {len(self.traits)} traits, {len(self.traits) - 1} at most can be looked at beside one"
            )

    @property
    def stretched(self) -> list[Trait]:
        """The traits to stretch, in their order."""
        wanted = {fold(name) for name in self.only}
        return [trait for trait in self.traits if not wanted or fold(trait.name) in wanted]

    @property
    def items(self) -> list[Item]:
        """Every trait on every prompt."""
        return [
            stretch.item_of(trait, prompt, self._others(trait))
            for trait in self.stretched
            for prompt in self.prompts
        ]

    @property
    def planted(self) -> list[Item]:
        """What the judge is shown to see what it can read."""
        return planted.items(self.stretched, planted.shipped_pairs() | dict(self.pairs))

    def _others(self, trait: Trait) -> list[Trait]:
        """Drawn by lot, the same each time."""

        def lot(other: Trait) -> bytes:
            return blake2b(f"{trait.name}\n{other.name}".encode(), digest_size=8).digest()

        return sorted((other for other in self.traits if other != trait), key=lot)[: self.beside]

    @property
    def settings(self) -> dict[str, Any]:
        """What the replies depend on beside the items; what is left to the endpoint is left out."""
        return self.generation.settings | {"wording": wording_digest()}


def plan(model: str, judge: str, asked: Asked, *, name: str | None = None) -> EvaluationPlan:
    """Lay out what is asked of a model, without making a call.

    Args:
        model: the model under test.
        judge: who compares its replies.
        asked: which traits, on which prompts, and how.
        name: of the evaluation; default: the model's name and ``-breadth``.

    Raises:
        UsageError: the judge cannot be asked, or the model cannot be told anything.
    """
    require_reads(judge, "two replies")
    if model.startswith(BASE):
        raise UsageError(f"{model} is a base model, which cannot be told to be like something")
    return EvaluationPlan(
        name=name or default_name(model, KIND),
        kind=KIND,
        model=model,
        judge=judge,
        settings=asked.settings,
        items=(*asked.planted, *asked.items),  # first what the judge can read
    )


def script(planned: EvaluationPlan, opened: Open) -> Script:
    """What takes each trait through its levels on a prompt, and each planted pair to the judge."""
    how = sampling(planned.settings)
    judges = stretch.judges(opened(planned.judge))

    async def through(item: Item, asking: Asking) -> bool:
        asker = Asker(asking=asking, sampling=how, judges=judges)
        return await (planted if planted.is_planted(item) else stretch).ask(item, asker)

    return through


async def evaluate(planned: EvaluationPlan, session: Session) -> Progress:
    """Ask all that was planned, in a session that is open; see `mien.evals.conduct.conduct`."""
    return await conduct(planned, session, script(planned, session.open))


def carry_out(planned: EvaluationPlan, session: Session) -> Evaluation:
    """Open a session, ask all that was planned, and close it.

    Raises:
        RunConflict: the store has another evaluation of this name.
        EndpointRefused: an endpoint refuses every call alike.
    """
    session.run(lambda: evaluate(planned, session))
    return Evaluation(planned.name, session.path)
