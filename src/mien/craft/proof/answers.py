"""Plain answers, to messages that name no trait, and what is counted in them and asked about them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import yaml

from mien.craft.data.queries import lot
from mien.craft.data.ranking import PairJudge
from mien.instruments.judges import kind_of
from mien.instruments.manner.features import FEATURES, Answer, measured
from mien.instruments.manner.languages import answer_language
from mien.instruments.manner.shifts import overlap
from mien.measurement.stages import LeftOut
from mien.types import UNREADABLE, Call, Prompt, Request, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mien.craft.tuning.pairs import Dataset
    from mien.instruments.judges import Ask
    from mien.materials.protocols import Protocol
    from mien.measurement.stages import Stages
    from mien.models import Model

    Figures = dict[str, NDArray[np.float64]]

#: Answers to each message.
SAMPLES: Final = 3

#: Fewest messages, and most; where fewer are held out, ordinary ones are added.
FEWEST, MOST = 40, 200

#: What base's answers cost the other model: nats a token, whose exponential is the perplexity.
SURPRISE: Final = "nats a token"

_SHIPPED = resources.files("mien") / "data" / "crafting" / "proof.yaml"


def load_questions() -> dict[str, Any]:
    """What judges are asked in a proof, and the false claims; `data/crafting/proof.yaml`."""
    return yaml.safe_load(_SHIPPED.read_text(encoding="utf-8"))


def plain_prompts(data: Dataset | None, ordinary: Sequence[Prompt], *, seed: int) -> tuple[Prompt, ...]:
    """Messages that training did not see: those held out, and ordinary ones where these are few.

    Args:
        data: what the adapter was trained on; None where that is not known.
        ordinary: prompts to fill up with; of those that were trained on none is taken.
        seed: of the sample.
    """
    seen = {pair.prompt[-1]["content"].strip() for pair in data.pairs} if data else set[str]()
    held = [pair.prompt[0]["content"] for pair in data.held_out if len(pair.prompt) == 1] if data else []
    held = sorted({text for text in held if text.strip() not in seen}, key=lambda text: lot(seed, text))
    others = sorted({p.text for p in ordinary} - {*held}, key=lambda text: lot(seed, text))
    others = [text for text in others if text.strip() not in seen]
    texts = [*held[:MOST], *others[: max(0, FEWEST - len(held))]]
    return tuple(Prompt(f"q{blake2b(t.encode(), digest_size=8).hexdigest()}", t) for t in texts)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model answered to P messages, `SAMPLES` times each; None where a call failed."""

    prompts: tuple[Prompt, ...]
    calls: tuple[tuple[Call | None, ...], ...]

    def text(self, n: int, sample: int = 0) -> str | None:
        """One of the answers to the n-th message."""
        call = self.calls[n][sample]
        return call and call.text


async def answer(model: Model, prompts: tuple[Prompt, ...], protocol: Protocol, stages: Stages) -> Answers:
    """Have a model answer messages, with no instruction whatever."""
    sampling = protocol.sampling.sampling()

    async def one(item: tuple[int, int], ask: Ask) -> Call | LeftOut:
        n, sample = item
        call = await ask(model, Request(_said(prompts[n]), sampling, replicate=sample))
        return call if call.answered else LeftOut(call.failure, failed=True)

    items = [(n, sample) for n in range(len(prompts)) for sample in range(SAMPLES)]
    found = await stages.carry_out(items, one, "answer", model)
    calls = [None if isinstance(call, LeftOut) else call for call in found]
    return Answers(prompts, tuple(tuple(calls[i : i + SAMPLES]) for i in range(0, len(calls), SAMPLES)))


def figures(answers: Answers) -> Figures:
    """What is counted in answers, a mean for each message, NaN where one is missing; and their overlap."""
    texts = [[call.text for call in calls if call] for calls in answers.calls]
    whole = [found if len(found) == SAMPLES else [] for found in texts]
    counts = [
        [_counted(text, prompt) for text in found]
        for prompt, found in zip(answers.prompts, whole, strict=True)
    ]
    counted = {
        feature.name: np.array(
            [sum(one[feature.name] for one in found) / SAMPLES if found else math.nan for found in counts]
        )
        for feature in FEATURES
    }
    return counted | {"overlap": np.array([overlap(found) if found else math.nan for found in whole])}


def _counted(text: str, prompt: Prompt) -> dict[str, float]:
    return measured(Answer(text, prompt.text, answer_language(text, prompt.text, prompt.language)))


async def surprise(model: Model, base: Answers, stages: Stages) -> NDArray[np.float64]:
    """(P,) how unlikely a model finds base's first answers: −log p / tokens, in nats; NaN where unknown.

    An answer's tokens are counted with its end, by the model's own tokenizer.
    """

    async def one(n: int, ask: Ask) -> float | LeftOut:
        said = base.calls[n][0]
        if said is None:
            return math.nan
        call = await ask(model, Request(_said(base.prompts[n]), continuation=said.text))
        if not call.answered:
            return LeftOut(call.failure, failed=True)
        return -float(call.text) / max(call.tokens_in - said.tokens_in, 1)

    found = await stages.carry_out(range(len(base.prompts)), one, "answer", model)
    return np.array([math.nan if isinstance(value, LeftOut) else value for value in found])


def claims() -> tuple[Prompt, ...]:
    """The false claims, as messages."""
    return tuple(Prompt(f"claim-{n}", text) for n, text in enumerate(load_questions()["claims"], 1))


async def agreement(
    answers: Answers, judge: Model, protocol: Protocol, stages: Stages
) -> NDArray[np.float64]:
    """(P,) share of the answers to false claims that go along with them, as a judge reads them."""
    asked: Mapping[str, Any] = load_questions()["agreement"]
    wording = protocol.wording.model_copy(
        update={key: asked[key].strip() for key in ("judge", "neither", "question")}
    )
    options = tuple(asked["options"])
    settings = protocol.judge.model_copy(update={"forced": False})
    reader = kind_of(judge.name)(
        judge.name, judge, protocol.model_copy(update={"wording": wording, "judge": settings}), ()
    )

    async def one(item: tuple[int, int], ask: Ask) -> float | LeftOut:
        n, sample = item
        text = answers.text(n, sample)
        if text is None:
            return math.nan
        trial = Trial(f"{answers.prompts[n].id}-{sample}", 0, options, answers.prompts[n])
        verdict = await reader.verdict(trial, text, ask)
        if isinstance(verdict, Call):
            return LeftOut(verdict.failure, failed=True)
        return math.nan if verdict.chosen == UNREADABLE else float(verdict.chosen == options[0])

    items = [(n, sample) for n in range(len(answers.prompts)) for sample in range(SAMPLES)]
    found = await stages.carry_out(items, one, "claim", judge)
    values = np.array([math.nan if isinstance(value, LeftOut) else value for value in found])
    return values.reshape(-1, SAMPLES).mean(axis=1)


async def compare(
    base: Answers, trained: Answers, judge: Model, protocol: Protocol, stages: Stages
) -> list[tuple[str, float, float]]:
    """Which first answer a judge finds better written, in both orders.

    Returns:
        For each message: its id, and what the first place won with the trained model's answer in it, and
        with base's; 1, 0, or ½ for a tie. Messages with equal answers are left out.
    """
    asked: Mapping[str, str] = load_questions()["coherence"]
    reader = PairJudge(judge, protocol, **asked)

    async def one(n: int, ask: Ask) -> tuple[str, float, float] | LeftOut:
        ours, theirs = trained.text(n), base.text(n)
        if ours is None or theirs is None or ours.strip() == theirs.strip():
            return LeftOut("no two answers")
        verdict = await reader.both_orders(base.prompts[n], ours, theirs, ask)
        if isinstance(verdict, Call):
            return LeftOut(verdict.failure, failed=True)
        return (base.prompts[n].id, *verdict)

    found = await stages.carry_out(range(len(base.prompts)), one, "pair", judge)
    return [pair for pair in found if not isinstance(pair, LeftOut)]


def _said(prompt: Prompt) -> tuple[Any, ...]:
    return ({"role": "user", "content": prompt.text},)
