"""How narrow models' answers are, of the samples that a store holds: as estimates, and by position."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.errors import NotIdentified, UsageError
from mien.evals.diversity import self_bleu
from mien.evals.diversity.drawing import KIND
from mien.evals.diversity.reading import drawn, trace
from mien.instruments.manner.prose import words
from mien.stats.diversity.branching import FACTORS, Factor, factors
from mien.stats.diversity.lexical import OPENING, lexical, openings
from mien.stats.diversity.semantic import SPREAD, spread
from mien.stats.diversity.traces import Known, Trace, known
from mien.stats.diversity.windows import Window, windows
from mien.stats.estimates.means import pulled
from mien.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.evaluation import Evaluation
    from mien.models.local.embedding import Embedding
    from mien.stats.estimates import Estimates, Quantity
    from mien.stats.estimates.means import Pulled
    from mien.types import Call

#: Words of each sample that measures by words look at.
WORDS: Final = 50

_SILENT: Final = "the endpoint tells no log-probabilities"
_OTHERWISE: Final = (
    "an endpoint tells log-probabilities of the model's own distribution, and these samples were drawn from "
    "another: draw at temperature 1 and top_p 1"
)


@dataclass(frozen=True, kw_only=True)
class Samples:
    """What was drawn for one evaluation, by the items' keys.

    Attributes:
        texts: of each sample.
        words: of the text of each sample, in lower case.
        traces: of those samples of which steps are told.
        cut_off: samples that the limit on their length cut off.
        silent: why there are no traces; empty where there are.
    """

    texts: Mapping[str, list[str]]
    words: Mapping[str, list[list[str]]]
    traces: Mapping[str, list[Trace]]
    cut_off: int
    silent: str

    @property
    def n(self) -> int:
        """How many samples there are."""
        return sum(map(len, self.words.values()))

    @cached_property
    def fewest(self) -> int:
        """Samples of the prompt that has the fewest, of those that have two."""
        return min((len(of) for of in self.words.values() if len(of) > 1), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversity:
    """What is told of one evaluation.

    Attributes:
        estimates: of every quantity that is told of all evaluations that were looked at.
        factors: those of them that rest on traces.
        windows: the branching factor by position; none without traces.
        openings: the commonest first words, and the share of samples that begin so.
        absent: quantities that are not told, and why.
        known: what is known of each step; None where nothing is.
        samples: what was drawn.
        each: samples of each prompt that measures by words look at.
        embedding: the model that ``semantic_spread`` is by, and how it is pooled; empty for none.
        evaluation: what it is told of.
    """

    estimates: Estimates
    factors: tuple[Factor, ...]
    windows: tuple[Window, ...]
    openings: tuple[tuple[str, float], ...]
    absent: Mapping[str, str]
    known: Known | None
    samples: Samples
    each: int
    embedding: str
    evaluation: Evaluation

    @property
    def drawable(self) -> bool:
        """Whether there is a branching factor to draw."""
        return bool(self.windows)

    def compared(self, *named: str) -> Estimates:
        """What a diff compares: all of it.

        Raises:
            UsageError: a measure that is named cannot be told.
        """
        if absent := [name for name in named if name in self.absent]:
            raise UsageError(f"{self.estimates.label} has no {absent[0]}: {self.absent[absent[0]]}")
        return self.estimates

    @property
    def stop_told(self) -> bool:
        """Whether the steps that end answers are among those told."""
        return all(one.stop_told for of in self.samples.traces.values() for one in of)

    @property
    def short(self) -> float:
        """Share of the samples that have fewer than `WORDS` words."""
        each = [len(one) for of in self.samples.words.values() for one in of]
        return sum(n < WORDS for n in each) / len(each)


def diversity(
    evaluations: Sequence[Evaluation],
    *,
    embedding: Embedding | str | None = None,
    confidence_level: float = 0.95,
) -> list[Diversity]:
    """What is told of each evaluation, of the quantities that are told of all.

    Measures by words look at as many samples of a prompt as every evaluation has, and at the first `WORDS`
    words of each.

    Args:
        evaluations: of this kind.
        embedding: an embedding model on this machine, ``hf/FOLDER``, by which whole samples are set apart
            (`mien.models.local.embedding.Embedding`); None for no such measure.
        confidence_level: of the intervals by position.

    Raises:
        InputError: there is no such embedding model.
        UsageError: an evaluation is of another kind.
        NotIdentified: one has fewer than two prompts with two samples; or nothing is told of all.
    """
    drawn_of = [samples(one) for one in evaluations]
    each = min(one.fewest for one in drawn_of)
    if isinstance(embedding, str):
        from mien.models.local.embedding import Embedding

        embedding = Embedding(embedding)
    found = [
        _told(one, of, each, embedding, confidence_level)
        for one, of in zip(evaluations, drawn_of, strict=True)
    ]
    common = [name for name in found[0].estimates.names if all(name in one.estimates.names for one in found)]
    if not common:
        raise NotIdentified("nothing is told of all of them")
    return [replace(one, estimates=one.estimates.only(*common)) for one in found]


def samples(evaluation: Evaluation) -> Samples:
    """Read what was drawn.

    Raises:
        UsageError: the evaluation is of another kind.
    """
    if evaluation.record.kind != KIND:
        raise UsageError(f"{evaluation.name} is an evaluation of {evaluation.record.kind}, not of {KIND}")
    texts: dict[str, list[str]] = {}
    said: dict[str, list[list[str]]] = {}
    traces: dict[str, list[Trace]] = {}
    cut_off, silent = 0, ""
    with Store(evaluation.path, read_only=True) as store:
        for answer in store.evaluations.answers(evaluation.record.id):
            call = store.call(answer.place.call, raw=True)
            if call is None or not drawn(call):
                continue
            texts.setdefault(answer.place.item, []).append(call.text)
            said.setdefault(answer.place.item, []).append([one.lower() for one in words(call.text)])
            cut_off += call.finish_reason == "length"
            one, why = _trace(call, evaluation.settings)
            silent = silent or why
            if one is not None:
                traces.setdefault(answer.place.item, []).append(one)
    whole = {key: of for key, of in traces.items() if len(of) == len(said[key])}
    return Samples(
        texts=texts,
        words=said,
        traces=whole,
        cut_off=cut_off,
        silent="" if whole else silent or _SILENT,
    )


def _trace(call: Call, settings: Mapping[str, object]) -> tuple[Trace | None, str]:
    """The trace of a sample, or why there is none."""
    found = trace(call)
    if found is None or found.entropies is not None:
        return found, "" if found else _SILENT
    own = settings.get("temperature") == 1 and settings.get("top_p") == 1
    return (found, "") if own else (None, _OTHERWISE)


def _told(
    evaluation: Evaluation, of: Samples, each: int, embed: Embedding | None, confidence_level: float
) -> Diversity:
    keys = [key for key, some in of.words.items() if len(some) > 1]
    if len(keys) < 2:
        raise NotIdentified(
            f"{evaluation.name} has two samples of {len(keys)} of its prompts, which says nothing about how "
            "prompts differ; two are the fewest"
        )
    traces = {key: some for key, some in of.traces.items() if len(some) > 1}
    by_steps, absent = factors(traces) if len(traces) > 1 else ([], _untold(of.silent or _SILENT))
    steps = {one.quantity: _spread(one.pulled, list(traces), keys) for one in by_steps}
    cut = {key: [one[:WORDS] for one in of.words[key][:each]] for key in keys if len(of.words[key]) >= each}
    further: dict[Quantity, dict[str, float]] = {}
    if self_bleu.installed():
        further[self_bleu.SELF_BLEU] = {key: self_bleu.self_bleu(some) for key, some in cut.items()}
    else:
        absent[self_bleu.SELF_BLEU.name] = self_bleu.MISSING
    if embed is not None:
        further[SPREAD] = {key: spread(embed(of.texts[key][:each])) for key in cut}
    by_words = {one: _spread(found, list(cut), keys) for one, found in lexical(cut, further)}
    both = steps | by_words
    estimates = pulled(keys, list(both.values()), list(both), n=of.n, label=evaluation.name)
    return Diversity(
        estimates=replace(estimates, made=evaluation.made, noun="measure"),
        factors=tuple(by_steps),
        windows=tuple(windows(traces, confidence_level=confidence_level)),
        openings=tuple(openings(cut, 5, OPENING)),
        absent=absent,
        known=known([one for some in traces.values() for one in some]) if by_steps else None,
        samples=of,
        each=each,
        embedding=f"{embed.name}, {embed.pooling}" if embed else "",
        evaluation=evaluation,
    )


def _untold(why: str) -> dict[str, str]:
    """The measures that rest on traces, none of which is told."""
    return {one.name: why for one in FACTORS}


def _spread(found: Pulled, of: Sequence[str], keys: Sequence[str]) -> Pulled:
    """The same, with a place for each key: NaN for prompts that it says nothing of."""
    by_key = dict(zip(of, found.deviations.tolist(), strict=True))
    return found._replace(deviations=np.array([by_key.get(key, np.nan) for key in keys]))
