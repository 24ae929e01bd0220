"""From a response to a verdict: which of the options it shows.

A judge sees the prompt, the response and the options, and never the name of the model under test.
`generative` has a model read the response and say; `scored` takes the likeliest of what one in this process
may say; `logprobs` reads how probable one behind an endpoint finds each; `likelihood` compares how likely a
model finds the response under each option; `base` has a base model tell how likely it finds plain texts.
Which of them a model is, is told by its spec (`kind_of`), and what follows from that by the kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from mien.errors import UsageError
from mien.instruments.judges.base import BaseJudge, reads_by
from mien.instruments.judges.generative import AskingJudge
from mien.instruments.judges.likelihood import LikelihoodJudge
from mien.instruments.judges.logprobs import LogprobsJudge
from mien.instruments.judges.scored import ScoringJudge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.materials.protocols import Protocol as MeasurementProtocol
    from mien.models import Model
    from mien.types import Call, Request, Trait, Trial, Verdict

#: Sends a request to a model, or finds what it answered before.
Ask = Callable[["Model", "Request"], Awaitable["Call"]]


class Judge(Protocol):
    """Reads responses.

    Attributes:
        reads: the manner of reading, in words that follow the judge's name.
        sees_order: whether it is shown the options one after the other, which may sway it.
        varies: whether another reading of the same response may end otherwise.
        answers: whether its model can be asked other questions, too.
        tells: whether its verdicts are soft: with its probability of each option.
        checked: whether it is to show on ``instructed`` answers that it can read, unless told otherwise.
        name: what its verdicts go by.
        settings: all that its verdicts depend on beside the model; kept with the run.
    """

    reads: ClassVar[str]
    sees_order: ClassVar[bool]
    varies: ClassVar[bool]
    answers: ClassVar[bool]
    checked: ClassVar[bool]
    tells: ClassVar[bool]

    def __init__(
        self,
        name: str,
        model: Model,
        protocol: MeasurementProtocol,
        traits: Sequence[Trait],
        *,
        seed: int = 0,
        repeat: int = 0,
    ) -> None:
        """See `open_judge`."""
        ...

    @classmethod
    def takes(cls, spec: str) -> bool:
        """Whether the model of this spec reads in this manner."""
        ...

    @classmethod
    def knows(cls, writer: str) -> bool:
        """Whether it can read what the model of this spec wrote."""
        ...

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, object]: ...

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        """The verdict on a response, or the call that failed to bring one.

        Args:
            trial: what was asked.
            response: what the model under test answered.
            ask: carries the judge's requests.
        """
        ...


#: The kinds of judges. The first that takes a model's spec reads by that model; the last takes any.
KINDS: Final[tuple[type[Judge], ...]] = (
    BaseJudge,
    LikelihoodJudge,
    LogprobsJudge,
    ScoringJudge,
    AskingJudge,
)


def kind_of(spec: str) -> type[Judge]:
    """The kind of judge that a model is, by its spec: before it is opened, or where it stands in a store."""
    return next(kind for kind in KINDS if kind.takes(spec))


def reads(spec: str) -> str:
    """How a judge reads, in words that follow its name: its kind's, and of a base model in which form."""
    kind = kind_of(spec)
    return reads_by(spec) if kind is BaseJudge else kind.reads


def check_reads(judge: str, *writers: str) -> None:
    """Refuse a judge for what models wrote that it cannot read: its verdicts would look like any others.

    Args:
        judge: the judge's spec.
        writers: specs of the models, or their names in an imported table.

    Raises:
        UsageError: it cannot read what one of them wrote.
    """
    kind = kind_of(judge)
    for foreign in (writer for writer in writers if not kind.knows(writer)):
        raise UsageError(
            f"{judge} {kind.reads} by the organism's own weights, and can read nobody but the organism and "
            f"its adapters, not {foreign or 'a model without a name'}; give another --judge, such as a "
            "strong model behind an endpoint"
        )


def open_judge(
    name: str,
    model: Model,
    protocol: MeasurementProtocol,
    traits: Sequence[Trait],
    *,
    seed: int = 0,
    repeat: int = 0,
) -> Judge:
    """A judge that reads by a model.

    Args:
        name: what the verdicts go by.
        model: what is asked.
        protocol: how.
        traits: the traits that may be options.
        seed: of all lots; the design's.
        repeat: 0 for the first reading; 1, 2, … ask the same questions again, with calls of their own.

    Raises:
        UsageError: a repeat would read alike.
    """
    kind = kind_of(model.name)
    if repeat and not kind.varies:
        raise UsageError(f"{model.name} {kind.reads}, which are the same each time: a repeat tells nothing")
    return kind(name, model, protocol, traits, seed=seed, repeat=repeat)


__all__ = [
    "KINDS",
    "Ask",
    "AskingJudge",
    "BaseJudge",
    "Judge",
    "LikelihoodJudge",
    "LogprobsJudge",
    "ScoringJudge",
    "check_reads",
    "kind_of",
    "open_judge",
    "reads",
]
