"""A judge in this process: it is asked, and how likely it finds each answer is read off; it writes none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from mien.instruments.judges.generative import AskingJudge
from mien.instruments.judges.soft import averaged, told
from mien.models.inprocess.loading import ORGANISM_JUDGE, runs_here
from mien.types import Call, Sampling, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.instruments.judges import Ask
    from mien.types import Request, Trial

#: The answer as the judge is told to write it.
_ANSWER: Final = "<choice>{choice}</choice>"


class ScoringJudge(AskingJudge):
    """Asks as `AskingJudge` does, in tags, and scores the answers that are allowed.

    Nothing is drawn, and nothing can be unreadable: a small model that would write on and on, or something
    else altogether, is held to the answers that it was asked for. ``neither`` and ``refused`` are two of
    them, each as likely as the model finds them; what a response holds plays no part beside that.

    The options are put in the trial's order and the other way round, and log-probabilities are averaged, so
    that what the model adds to a place cancels (of more than two options, all but that of the middle ones).
    A verdict is soft, and names the answer with the largest mean. Its call is that of this answer in the
    first order; the call's text is the log-probability, in nats.
    """

    reads: ClassVar = "scores the answers that it may give"
    sees_order: ClassVar = False
    varies: ClassVar = False
    checked: ClassVar = True
    tells: ClassVar = True

    @classmethod
    def takes(cls, spec: str) -> bool:
        """Models in this process, which can tell how likely they find an answer."""
        return runs_here(spec) and spec != ORGANISM_JUDGE

    @property
    def settings(self) -> Mapping[str, object]:
        """The wording, and how the options are put."""
        wording = self._wording.model_dump(include={"judge", "neither", "forced", "question", "answer_tags"})
        return {"scored": wording, "order": "both", "forced": self._settings.forced}

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        """Read a response; see `mien.instruments.judges.Judge`."""
        allowed = self._allowed(trial.options)
        requests: list[Request] = []
        for order in (trial.options, trial.options[::-1]):
            asked = replace(self._request(trial, response, order, schema=False), sampling=Sampling())
            requests += [replace(asked, continuation=_ANSWER.format(choice=choice)) for choice in allowed]
        calls = await asyncio.gather(*(ask(self.model, request) for request in requests))
        if failed := next((call for call in calls if not call.answered), None):
            return failed
        scores = [float(call.text) for call in calls]
        n = len(allowed)
        logs = averaged([dict(zip(allowed, part, strict=True)) for part in (scores[:n], scores[n:])])
        # Of equals, the one that comes first in the alphabet: their order plays no part.
        chosen = max(sorted(logs), key=lambda answer: round(logs[answer], 4))
        return Verdict(
            trial=trial.id,
            judge=self.name,
            chosen=chosen,
            order=trial.options,
            call=calls[allowed.index(chosen)].key,
            logs=told(logs, trial.options),
        )
