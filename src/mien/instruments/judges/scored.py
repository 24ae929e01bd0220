"""A judge in this process: it is asked, and how likely it finds each answer is read off; it writes none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from mien.instruments.judges.generative import AskingJudge
from mien.models.inprocess.loading import ORGANISM_JUDGE, runs_here
from mien.types import Call, Sampling, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.instruments.judges import Ask
    from mien.types import Trial

#: The answer as the judge is told to write it.
_ANSWER: Final = "<choice>{choice}</choice>"


class ScoringJudge(AskingJudge):
    """Asks as `AskingJudge` does, in tags, and takes the most likely of the answers that are allowed.

    Nothing is drawn, and nothing can be unreadable: a small model that would write on and on, or something
    else altogether, is held to the answers that it was asked for. ``neither`` and ``refused`` are two of
    them, each as likely as the model finds them; what a response holds plays no part beside that.

    A verdict's call is that of the chosen answer; its text is the log-probability, in nats.
    """

    reads: ClassVar = "scores the answers that it may give"
    varies: ClassVar = False
    checked: ClassVar = True

    @classmethod
    def takes(cls, spec: str) -> bool:
        """Models in this process, which can tell how likely they find an answer."""
        return runs_here(spec) and spec != ORGANISM_JUDGE

    @property
    def settings(self) -> Mapping[str, object]:
        """The wording, and how the options are put."""
        wording = self._wording.model_dump(include={"judge", "neither", "forced", "question", "answer_tags"})
        return {"scored": wording, "order": self._settings.order, "forced": self._settings.forced}

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        """Read a response; see `mien.instruments.judges.Judge`."""
        order = self._order(trial)
        allowed = self._allowed(order)
        asked = replace(self._request(trial, response, order, schema=False), sampling=Sampling())
        requests = [replace(asked, continuation=_ANSWER.format(choice=choice)) for choice in allowed]
        calls = await asyncio.gather(*(ask(self.model, request) for request in requests))
        if failed := next((call for call in calls if not call.answered), None):
            return failed
        # Of equals, the one that comes first in the alphabet: their order plays no part.
        chosen, call = max(
            sorted(zip(allowed, calls, strict=True), key=lambda one: one[0]),
            key=lambda one: float(one[1].text),
        )
        return Verdict(trial=trial.id, judge=self.name, chosen=chosen, order=order, call=call.key)
