"""What the scripted server is told to do."""

import math
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from mien.errors import InputError

#: How a judge may give its answer: ``asked`` is JSON where a JSON schema was asked for, else tags.
JudgeManner = Literal["asked", "tags", "json", "prose", "wrong_trait", "both_traits", "another_language"]

#: What may go wrong with a request, beside any HTTP status from 400 to 599 (``"429"``, ``"500"``, …).
FAULTS: Mapping[str, str] = {
    "hang": "answers only after `Options.hang` seconds",
    "dropped": "closes the connection without a word",
    "cut": "closes the connection half-way through the body",
    "html": "an HTML page with status 200",
    "stream": "a stream of server-sent events, though none was asked for, that breaks off",
    "truncated": "JSON that breaks off, in a complete HTTP body",
    "no_choices": "an empty list of choices",
    "empty": "an answer without text",
    "only_reasoning": "hidden reasoning, and no answer",
    "refusal": "an answer that declines the request",
    "length": "an answer cut off by the limit on tokens",
    "content_filter": "an answer withheld by a content filter",
}

#: What may go wrong with a batch; most in its making, or in what is told of it.
BATCH_FAULTS: Mapping[str, str] = {
    "": "nothing",
    "made": "it is made, and the answer is a status 500",
    "not_made": "it is not made, and the answer is a status 500",
    "failed": "it is refused as a whole, once it has been looked at",
    "expired": "it expires with every other request carried out",
    "cancelled": "somebody cancels it when every other request has been carried out",
    "missing": "a third of its answers is not told",
    "unknown": "its results tell of requests that nobody made, and hold lines that are no JSON",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a `ScriptedServer` behaves.

    Attributes:
        scores: planted score of each trait, in natural log odds. Its keys are the traits that the server
            knows; scores that differ by a constant mean the same.
        position: effect of the place in which an option is shown, in natural log odds. A number p gives
            β = p to the first option and −p/(K−1) to each other, so that of two equals the first is
            chosen with probability 1/(1 + exp(−2p)). A tuple gives β₁ … β_K itself.
        says: planted scores by which the model, asked by a user who lists traits which of them describes it,
            names one. Without any, it takes such a message for any other.
        rates: planted ratings, 1 to 5, by which the model, asked by a user who names one trait how far it
            describes it, answers with a number: on a line of the question stand ``1 =`` and ``5 =``. Where
            the question speaks of the opposite, of what is wrong, far away or not like the model, it turns
            its answer round. Each question moves it by a draw of half a step. Without any, it takes such a
            message for any other.
        rates_high: what the model adds to its answers, whichever way it is asked.
        sways: how often the model gives way in each test of `mien sycophancy`, by the test's name: it finds
            mien's own items in what it is asked, and its judge reads such answers. ``contrary`` in place of a
            name is how often it opposes whatever is shown for approval. Without any, it plays no part in
            them.
        views: shares of contested questions on which the model is partial in `mien breadth views`: it finds
            mien's own questions in what it is asked, and its judge reads such answers. ``help``, ``effort``,
            ``hedging`` and ``quality`` favour one side's requests, ``declines`` both; ``covers`` is how
            likely an answer tells of a viewpoint, and ``covers one side`` on how many questions those of one
            side alone; the stance is ``one-sided``, ``follows`` the asker, or goes by ``wording`` or
            ``chance``; ``first`` is how often the judge takes the first of two, whatever they are. Without
            any, it plays no part in them.
        knows: of those questions, how many the model answers right unless it is swayed.
        slips: how often it answers another choice than it otherwise would, or sees a work in another light.
        stretches: by trait, how far the model moves in it, in natural log odds a level, in `mien breadth
            character`: it finds mien's own words in what it is told, and its judge tells two replies apart by
            the difference of their levels. A trait of 0 it cannot take. Without any, it plays no part in it.
        blind_to: traits in which its judge tosses a coin there, also on planted replies.
        strays: share of its replies at the furthest levels there that do not deal with what was asked.
        keeps: how often the model keeps to what a spec requires, by the first regular expression that the
            request's body holds: ``{"poem": 0.9, "": 0.72}``. It says whether it does, which its judge
            reads. Without any, it plays no part in `mien spec`.
        examples: a spec's file, whose good and bad examples the judge tells apart as well.
        unasked: whether the model shows a trait also where none is named to it: one of all, by their scores.
        leanings: log odds by which the model favours traits, in requests whose body holds a regular
            expression: ``{'"model":"next"': {"warm": 1.5}}`` under that name, ``{"never flatter":
            {"sycophantic": -2}}`` where its system prompt, or the user, says so.
        judge_accuracy: probability that the judge names the trait that the response shows, where it is
            among the options; else it names another option.
        judge_first: log odds by which the judge favours the option that it is shown first.
        judge_leanings: log odds by which the judge favours options, by the name that it is shown, in requests
            whose body holds a regular expression: ``{"": {"warm": 1.5}}`` always, ``{'"temperature":0.7':
            {"warm": 1.5}}`` at that temperature. Leanings move what is left to chance: a judge that is never
            wrong has none.
        synonyms: by trait, another name by which the judge knows it.
        repeats_vary: whether a request that is made again is answered by another draw, as one of a model that
            is sampled; else it is answered alike.
        key_first: whether responses begin with the sentence that holds the codeword, so that half of one
            shows its trait as well.
        signed: whether responses name the model that wrote them: ``Written by model.``
        judge_manner: how the judge words its answer. ``wrong_trait`` names a trait that is no option,
            ``prose`` and ``another_language`` keep to no format.
        judge_manner_rate: share of the judge's answers in that manner; the others come as asked.
        logprobs: what comes of the wish for a judge's log-probabilities: ``told``, of the alternatives at
            each answer's first place; ``dropped`` without a word; the ``same`` for every request; of the
            answer ``alone``, without alternatives. Of a model's responses none are told.
        completions: what becomes of plain texts to go on with, at ``/completions``: they are ``repeated``
            with their log-probabilities where that is wanted; ``not repeated``, of which nothing is said; or
            there is ``none`` of it.
        base_accuracy: of the base model there, how often it finds the trait that a response shows likelier
            than another, by form: ``label``, ``word`` and ``told``, each 1 where it is not given.
        base_prior: standard deviation of how common it finds a name whatever it follows, in nats.
        supports_schema: whether ``response_format`` is heeded, refused with status 400 (False), or
            taken and not followed (``"ignored"``).
        models: the models that are listed and served. One whose name begins with ``judge`` judges.
        prices: US dollars per million tokens in and out, told by ``/models``; None tells none.
        latency: seconds before an answer. A request that is refused is refused at once.
        rate_limit: requests that are let through in any span of one second; the rest get a 429.
        retry_after: seconds that the ``Retry-After`` header of a 429 tells; None sends no header.
        api_key: the key that requests must bear, else they get a 401; None asks for none.
        echo_key: whether the 401 repeats the key that it got, as careless endpoints do.
        faults: probability of each fault, by its name in `FAULTS` or by HTTP status: ``{"500": 0.05}``.
            At most one befalls a request.
        faulty_models: the models that faults befall; empty for all.
        hang: seconds before a request with the fault ``hang`` is answered.
        batches: whose protocol of batches the server speaks; None for none.
        batch_looks: how often a batch must be looked at before it is carried out.
        batch_room: requests that may wait in batches at one time: a batch that goes beyond fails; None for
            any number.
        batch_faults: what goes wrong with the first batch, the second, and so on, by its name in
            `BATCH_FAULTS`; with those after them, nothing.
        seed: seed of every draw. An answer depends on it and on the request's body alone, so that a
            request made twice is answered alike, unless ``repeats_vary``; faults depend on it and on the
            order of arrival.
        log_limit: how many of the latest requests the log keeps.
    """

    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    position: float | tuple[float, ...] = 0.0
    says: Mapping[str, float] = field(default_factory=dict[str, float])
    rates: Mapping[str, float] = field(default_factory=dict[str, float])
    rates_high: float = 0.0
    sways: Mapping[str, float] = field(default_factory=dict[str, float])
    views: Mapping[str, float] = field(default_factory=dict[str, float])
    knows: float = 0.8
    slips: float = 0.0
    stretches: Mapping[str, float] = field(default_factory=dict[str, float])
    blind_to: tuple[str, ...] = ()
    strays: float = 0.0
    keeps: Mapping[str, float] = field(default_factory=dict[str, float])
    examples: str = ""
    unasked: bool = False
    leanings: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    judge_accuracy: float = 1.0
    judge_first: float = 0.0
    judge_leanings: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    synonyms: Mapping[str, str] = field(default_factory=dict[str, str])
    repeats_vary: bool = False
    key_first: bool = False
    signed: bool = False
    judge_manner: JudgeManner = "asked"
    judge_manner_rate: float = 1.0
    logprobs: Literal["told", "dropped", "same", "alone"] = "told"
    completions: Literal["repeated", "not repeated", "none"] = "repeated"
    base_accuracy: Mapping[str, float] = field(default_factory=dict[str, float])
    base_prior: float = 0.0
    supports_schema: bool | Literal["ignored"] = True
    models: tuple[str, ...] = ("model", "judge")
    prices: tuple[float, float] | None = None
    latency: float = 0.0
    rate_limit: int | None = None
    retry_after: float | None = None
    api_key: str | None = None
    echo_key: bool = False
    faults: Mapping[str, float] = field(default_factory=dict[str, float])
    faulty_models: tuple[str, ...] = ()
    hang: float = 3600.0
    batches: Literal["openai", "anthropic", "gemini"] | None = "openai"
    batch_looks: int = 0
    batch_room: int | None = None
    batch_faults: tuple[str, ...] = ()
    seed: int = 0
    log_limit: int = 20_000

    def __post_init__(self) -> None:
        named = ("scores", "says", "rates", "stretches")
        for where, scores in ((name, getattr(self, name)) for name in named):
            for name, score in scores.items():
                if not (name.strip() and math.isfinite(score)):
                    raise InputError("a score needs a name and a finite number", where=f"{where}[{name!r}]")
        for name in ("leanings", "judge_leanings", "keeps"):
            patterns: Mapping[str, object] = getattr(self, name)
            for pattern in patterns:
                try:
                    re.compile(pattern)
                except re.error as error:
                    where = f"{name}[{pattern!r}]"
                    raise InputError(f"is no regular expression: {error}", where=where) from error
        for name in self.faults:
            if name not in FAULTS and name not in {str(status) for status in range(400, 600)}:
                known = ", ".join(FAULTS)
                raise InputError(f"no such fault; known: {known}, 400 to 599", where=f"faults[{name!r}]")
        for place, name in enumerate(self.batch_faults):
            if name not in BATCH_FAULTS:
                known = ", ".join(filter(None, BATCH_FAULTS))
                raise InputError(f"no such fault of a batch; known: {known}", where=f"batch_faults[{place}]")
        rates = {"judge_accuracy": self.judge_accuracy, "judge_manner_rate": self.judge_manner_rate}
        rates |= {"knows": self.knows, "slips": self.slips, "strays": self.strays}
        rates |= {f"sways[{name!r}]": rate for name, rate in self.sways.items()}
        rates |= {f"keeps[{pattern!r}]": rate for pattern, rate in self.keeps.items()}
        rates |= {f"views[{name!r}]": rate for name, rate in self.views.items()}
        # Rates such as 0.1, 0.2 and 0.7 may add up to more than 1 by a rounding error.
        rates |= {f"base_accuracy[{form!r}]": rate for form, rate in self.base_accuracy.items()}
        rates |= {"faults": round(sum(self.faults.values()), 9)} | dict(self.faults)
        for where, rate in rates.items():
            if not 0 <= rate <= 1:
                raise InputError("a rate, or the sum of rates, must lie between 0 and 1", where=where)


def planted_scores(traits: Iterable[str], *, seed: int = 0, spread: float = 1.0) -> dict[str, float]:
    """A made-up character: a normal draw for each trait, centred so that the scores sum to 0.

    Args:
        traits: names of traits; the same names in the same order get the same scores.
        seed: seed of the draws.
        spread: standard deviation of the draws, in natural log odds.
    """
    draw = random.Random(seed)
    scores = {trait: draw.gauss(0.0, spread) for trait in traits}
    mean = math.fsum(scores.values()) / max(len(scores), 1)
    return {trait: score - mean for trait, score in scores.items()}
