"""The nouns that every room shares: small, frozen, without behaviour of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    # Arrays of any shape. For type checkers alone: nothing here loads NumPy.
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: What may stand instead of an option; a tie is what people call, and models are not asked to. No trait may
#: bear one of these names.
NEITHER = "neither"
TIE: Final = "tie"
REFUSED = "refused"
UNREADABLE = "unreadable"
NON_CHOICES = (NEITHER, TIE, REFUSED, UNREADABLE)

#: What ties count as: nothing, an equal share of a choice for each option, or an outcome of their own.
Ties = Literal["drop", "half", "davidson"]

#: Stands for all judges of a run together: each verdict counts. No judge may bear this name.
ALL_JUDGES: Final = "all"

#: Stands for the judge where there is none, for the model's own answer is the verdict. No judge may bear it.
OWN_ANSWER: Final = "itself"

#: What is asked of a `Preference` that is asked about no trait. No trait may bear this name there.
PREFERRED = "preferred"

InstrumentName = Literal["stated", "inventory", "revealed", "exhibited", "instructed"]

#: The instruments under which the model's own answer is the verdict: nobody else reads it.
SELF_REPORTS: Final = ("stated", "inventory")
Side = Literal["a", "b"]  # of two runs

#: What becomes of system messages: ``keep`` sends them as they are, ``merge`` as part of the user's.
SystemRole = Literal["keep", "merge"]


@dataclass(frozen=True, slots=True)
class Trait:
    """A manner of responding."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A user's first message."""

    id: str
    text: str
    category: str = ""
    language: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One presentation to the model: a prompt and K options in the order shown.

    Attributes:
        id: unique within a design, and the same in every design of the same seed, traits and prompts,
            however many rounds it has.
        round: the round in which the trial's block begins, from 0.
        options: K trait names in the order shown.
    """

    id: str
    round: int
    options: tuple[str, ...]
    prompt: Prompt


class Message(TypedDict):
    """One turn of a chat, as OpenAI-compatible endpoints take it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model is to answer. What is None is left out of the request: the endpoint's own default.

    Attributes:
        system_role: how the model is told what the system says.
        extra: further members of the request body, passed through as they are.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    system_role: SystemRole = "keep"
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a model, before an endpoint gives it a wire format.

    Attributes:
        schema: a JSON schema that the answer must follow, where the endpoint supports one.
        replicate: tells repeated samples of one request apart.
        longest: tokens after which an answer may be cut where ``sampling`` sets no limit. A guard against
            answers without end, and no part of what is asked: no key holds it.
        continuation: where given, no answer is wanted but the log-probability of this one, in nats; models
            behind endpoints can tell it after a ``text`` alone.
        alternatives: where given, no answer is wanted but how probable so many words are that it may begin
            with; of models behind endpoints.
        traced: where given, how probable each of the answer's tokens was is wanted with it, and of models
            behind endpoints so many of the likeliest at its place.
        text: where given, the model goes on with it as it stands, and not with messages.
    """

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    schema: Mapping[str, Any] | None = None
    replicate: int = 0
    longest: int | None = None
    continuation: str | None = None
    alternatives: int | None = None
    traced: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a model and what came of it: a fact, and a row of the store.

    Attributes:
        key: hash of what was asked: endpoint, model, full request body, replicate.
        endpoint: base URL, without any secret.
        model: the model's name as the endpoint knows it.
        request: the JSON body that was sent, in full.
        body: what the endpoint sent back, raw (empty where nothing came).
        failure: why there is no answer; empty exactly when the call was answered.
        status: HTTP status, 0 where none came.
        text: the answer; never the model's hidden reasoning.
        reasoning: hidden reasoning that the endpoint disclosed.
        finish_reason: as the endpoint gave it; ``"length"`` marks an answer that was cut off.
        tokens_in: tokens of the request, by the endpoint's count.
        tokens_out: tokens of the answer with its reasoning, by the endpoint's count.
        cost: US dollars for all its requests; None where the price is not known.
        adapted: in what the request departs from what was asked, since the endpoint takes it no other way.
        latency: seconds from sending the attempt that settled the call to its last byte.
        created: Unix time, seconds.
    """

    key: str
    endpoint: str
    model: str
    replicate: int = 0
    request: bytes = b""
    body: bytes = b""
    failure: str = ""
    status: int = 0
    text: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    adapted: str = ""
    latency: float = 0.0
    created: float = 0.0

    @property
    def answered(self) -> bool:
        """Whether there is an answer to read."""
        return not self.failure


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """A request as it goes into a provider's batch.

    Attributes:
        key: of its call, and its name within the batch: the same as where it is made live.
        replicate: see `Request`.
        body: the JSON body, in the form that the provider's batches take.
        adapted: see `Call`.
    """

    key: str
    replicate: int
    body: bytes
    adapted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a judge read in the response to a trial.

    Attributes:
        chosen: the name of the chosen option, or one of `NON_CHOICES`.
        order: the options in the order in which the judge saw them.
        call: key of the call that settled it; empty for imported verdicts, and where the response itself is
            the verdict.
        logs: of a soft verdict, the judge's log-probability of each option, in nats, in the trial's order,
            and where it might say so that of none, the last. Empty for all others.
    """

    trial: str
    judge: str
    chosen: str
    order: tuple[str, ...] = ()
    call: str = ""
    logs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What a person chose between two runs' responses to one prompt, without knowing which is whose.

    Attributes:
        question: `PREFERRED`, or the trait that the chosen response shows more of.
        trial_a: the first run's trial.
        trial_b: the second run's.
        shown_left: the run whose response stood on the left.
        chosen: the run whose response was chosen, or `TIE`.
    """

    person: str
    question: str
    trial_a: str
    trial_b: str
    shown_left: Side
    chosen: Side | Literal["tie"]
