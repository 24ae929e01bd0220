"""A judge that asks nothing: it compares how likely a model finds a response under each option."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from mien.instruments import Instructed
from mien.instruments.judges.soft import normalised
from mien.models.inprocess.loading import ORGANISM_JUDGE
from mien.models.organism.kin import is_kin
from mien.types import NEITHER, Call, Request, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.instruments.judges import Ask
    from mien.materials.protocols import Protocol
    from mien.models import Model
    from mien.types import Trait, Trial

#: Natural log of the likelihood ratio of the two best options below which the verdict is ``neither``: the
#: response is then less than some seven times as likely under one as under the other.
MARGIN = 2.0


class LikelihoodJudge:
    """Compares log p(response | prompt, told to adopt X) over the options X.

    With equal chances of the options before the response was read, the most likely one is Bayes' choice. The
    order of the options plays no part. The verdict is soft: with the likelihoods of the options as its
    probabilities. It needs a model that can tell likelihoods, and is as good as that model's own command of
    the manners.

    Args:
        name: what the verdicts go by.
        model: what the likelihoods are taken from.
        protocol: wording of the instruction, and whether a choice is forced.
        traits: the traits that may be options.
        seed, repeat: play no part: nothing is drawn, and a repeat reads alike.
        margin: in nats; below it the verdict is ``neither``, unless a choice is forced.
    """

    reads: ClassVar = "compares likelihoods"
    sees_order: ClassVar = False
    varies: ClassVar = False
    answers: ClassVar = False
    checked: ClassVar = False
    tells: ClassVar = True

    def __init__(
        self,
        name: str,
        model: Model,
        protocol: Protocol,
        traits: Sequence[Trait],
        *,
        seed: int = 0,
        repeat: int = 0,
        margin: float = MARGIN,
    ) -> None:
        self.name = name
        self.model = model
        self._instructed = Instructed(protocol.override(preamble=""), traits)
        self._margin = 0.0 if protocol.judge.forced else margin
        self._wording = protocol.wording.instructed

    @classmethod
    def takes(cls, spec: str) -> bool:
        """The organism's judge alone: other models can be asked, and endpoints tell no likelihoods."""
        return spec == ORGANISM_JUDGE

    @classmethod
    def knows(cls, writer: str) -> bool:
        """Only the organism and what was made of it: its weights have read nobody else."""
        return is_kin(writer)

    @property
    def settings(self) -> dict[str, object]:
        """The instruction and the margin."""
        return {"likelihood": self._wording, "margin": self._margin}

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        """Read a response; see `mien.instruments.judges.Judge`."""
        requests = [
            Request(self._instructed.told(option, trial.prompt), continuation=response)
            for option in trial.options
        ]
        calls = await asyncio.gather(*(ask(self.model, request) for request in requests))
        for call in calls:
            if not call.answered:
                return call
        # Equals in a forced choice go by name, so that their order plays no part.
        ranked = sorted(
            ((float(call.text), option, call) for option, call in zip(trial.options, calls, strict=True)),
            key=lambda scored: scored[:2],
            reverse=True,
        )
        (highest, best, settled), (second, _, _) = ranked[:2]
        clear = highest - second >= self._margin
        return Verdict(
            trial=trial.id,
            judge=self.name,
            chosen=best if clear else NEITHER,
            order=trial.options,
            call=settled.key,
            logs=normalised([float(call.text) for call in calls]),
        )
