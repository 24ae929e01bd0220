"""What a run would take: calls, tokens and cost, without a call to any model."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.errors import MissingKey
from mien.instruments import instrument as make_instrument
from mien.models.http.providers import prices, resolve
from mien.models.inprocess.loading import runs_here
from mien.models.usage import Price

if TYPE_CHECKING:
    from mien.measurement.run_plan import RunPlan
    from mien.models.usage import Limits

CHARS_PER_TOKEN = 4  # of English; other scripts take more tokens
TOKENS_OF_RESPONSE = 400  # of a usual answer, where no shorter limit is set
TOKENS_OF_VERDICT = 12
FRAME = 40  # characters around the parts of the judge's question


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run would take.

    Attributes:
        calls: of model and judge together, without retries.
        tokens_in: from the length of the prompts, four characters to the token.
        tokens_out: assuming answers of 400 tokens, or of the limit on them where that is less.
        cost: US dollars; None where a price is not known.
    """

    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None


def estimate(planned: RunPlan, limits: Limits) -> Estimate:
    """Estimate a run, with the prices given in the limits or those that the endpoints list.

    Raises:
        UsageError: there is no such provider.
    """
    asked = judged = 0
    instrument = make_instrument(planned.instrument, planned.protocol, planned.traits.traits)
    response = min(TOKENS_OF_RESPONSE, planned.protocol.sampling.max_tokens or TOKENS_OF_RESPONSE)
    wording = planned.protocol.wording
    frame = sum(map(len, (wording.judge, wording.neither, wording.question, wording.answer_json))) + FRAME
    followups = planned.followups
    turns = planned.conversation.turns
    for trial in planned.design:
        messages, read = instrument.messages(trial), trial
        for turn in range(1, turns + 1):
            if followups and turn > 1:
                read = followups.asked(trial, turn)
                messages = followups.extend(messages, " " * response * CHARS_PER_TOKEN, read)
            asked += sum(len(message["content"]) for message in messages)
            judged += frame + len(read.prompt.text) + sum(map(len, read.options))
    n = len(planned.design) * turns
    model_in, model_out = asked // CHARS_PER_TOKEN, n * response
    judge_in, judge_out = judged // CHARS_PER_TOKEN + n * response, n * TOKENS_OF_VERDICT
    costs = [
        price and price.of(*tokens)
        for price, tokens in (
            (_price(planned.model, limits), (model_in, model_out)),
            (_price(planned.judge, limits), (judge_in, judge_out)),
        )
    ]
    return Estimate(
        calls=2 * n,
        tokens_in=model_in + judge_in,
        tokens_out=model_out + judge_out,
        cost=None if None in costs else sum(cost or 0.0 for cost in costs),
    )


def _price(spec: str, limits: Limits) -> Price | None:
    if runs_here(spec):
        return Price(0.0, 0.0)
    endpoint, model = resolve(spec)
    if limits.price is not None:
        return limits.price
    try:
        return asyncio.run(prices(endpoint)).get(model)
    except MissingKey:
        return None
