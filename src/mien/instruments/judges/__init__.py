"""From a response to a verdict: which of the options it shows.

A judge sees the prompt, the response and the options, and never the name of the model under test. `asking`
has a model read the response; `likelihood` compares how likely a model finds it under each option.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from mien.instruments.judges.generative import AskingJudge
from mien.instruments.judges.likelihood import LikelihoodJudge

if TYPE_CHECKING:
    from mien.models import Model
    from mien.types import Call, Request, Trial, Verdict

#: Sends a request to a model, or finds what it answered before.
Ask = Callable[["Model", "Request"], Awaitable["Call"]]


class Judge(Protocol):
    """Reads responses.

    Attributes:
        name: what its verdicts go by.
        settings: all that its verdicts depend on beside the model; kept with the run.
    """

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


__all__ = ["Ask", "AskingJudge", "Judge", "LikelihoodJudge"]
