"""What the store's rows are outside of it: runs, their judges, their trials, and what was read in them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import msgspec

from mien.types import Trait, Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

_decode_traits = msgspec.json.Decoder(tuple[Trait, ...]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What a run is, beside its trials.

    Attributes:
        protocol: the protocol in full, as JSON.
        design: name of the design; empty for imported runs.
        seed: of the design; None for imported runs.
        pressure: what the user's messages of a later turn want; see `mien.materials.multiturn`.
        turn: of its conversations that the run reads; later ones are runs of their own.
    """

    name: str
    model: str
    instrument: str
    protocol: str
    design: str
    seed: int | None
    traits: tuple[Trait, ...]
    pressure: str = "none"
    turn: int = 1

    @property
    def row(self) -> tuple[Any, ...]:
        """What it is, in a row of `INFO_COLUMNS`."""
        members: dict[str, Any] = {name: getattr(self, name) for name in INFO_COLUMNS}
        members["traits"] = msgspec.json.encode(self.traits).decode()
        return tuple(members.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(RunInfo):
    """A run that is in a store.

    Attributes:
        id: the store's number of the run.
        created: Unix time, seconds.
    """

    id: int
    created: float

    @classmethod
    def read(cls, row: Sequence[Any]) -> Self:
        """The record in a row of `RUN_COLUMNS`."""
        members: dict[str, Any] = dict(zip(RUN_COLUMNS, row, strict=True))
        members["traits"] = _decode_traits(members["traits"])
        return cls(**members)

    @property
    def protocol_settings(self) -> dict[str, Any]:
        """The protocol's members by name; an imported run has few of them."""
        return msgspec.json.decode(self.protocol)


#: The columns of a run, in the order of its record's members: those that tell what it is come first.
INFO_COLUMNS = tuple(f.name for f in fields(RunInfo))
RUN_COLUMNS = tuple(f.name for f in fields(RunRecord))


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRecord:
    """A judge of a run: the name its verdicts go by, the model, and how it was asked, as JSON."""

    name: str
    model: str
    settings: str

    @property
    def imported(self) -> bool:
        """Whether its verdicts came with a table: nothing tells how it was asked."""
        return self.settings == "{}"

    @property
    def perturbed(self) -> bool:
        """Whether it was asked otherwise on purpose, to see what its verdicts owe to how it is asked."""
        return "perturbed" in msgspec.json.decode(self.settings)

    @property
    def identity(self) -> tuple[str, str]:
        """Model and settings, alike for a judge and its repeats."""
        settings: dict[str, object] = msgspec.json.decode(self.settings)
        settings.pop("repeat", None)
        return self.model, msgspec.json.encode(settings, order="sorted").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """A trial of a run with what came of it; ``chosen`` and ``judge`` are empty without a verdict.

    ``failure`` is why there is no response, ``judge_failure`` why there is no verdict on it.
    """

    trial: Trial
    call: str
    response: str
    failure: str
    judge: str
    chosen: str
    judge_failure: str = ""

    @property
    def lack(self) -> str:
        """Why there is no verdict; empty where there is one."""
        if self.chosen:
            return ""
        if self.judge_failure and not self.failure:
            return f"the judge: {self.judge_failure}"
        return self.failure or ("not read" if self.call else "not asked")


class AnswerRecord(NamedTuple):
    """An answer with what is needed to look through it.

    Attributes:
        options: in the order of the trial.
        message: the prompt.
        text: the answer.
        finish_reason: why it ended, as the endpoint gave it.
        chosen: what a judge read in it; empty without a verdict.
    """

    options: tuple[str, ...]
    message: str
    text: str
    finish_reason: str
    chosen: str


class RequestRecord(NamedTuple):
    """What was sent to an endpoint, and how many tokens that counted in it."""

    model: str
    endpoint: str
    tokens: int
    body: bytes


class VerdictRecord(NamedTuple):
    """A verdict with as much of its trial as a comparison takes.

    Attributes:
        options: in the order of the trial.
        chosen: one of them, or one of `mien.types.NON_CHOICES`.
        prompt: key of the prompt. Prompts of one key have one id and one text: sets that number their
            prompts alike don't share them.
        trial: id of the trial.
        judge: who gave it.
    """

    options: tuple[str, ...]
    chosen: str
    prompt: str
    trial: str
    judge: str


class VerdictColumns(NamedTuple):
    """Verdicts with their trials, a column each.

    Attributes:
        number: place of the trial in the order of presentation, from 0.
        options: in the order of the trial, as JSON.
        chosen: one of them, or one of `mien.types.NON_CHOICES`.
        prompt: key of the prompt.
        judge: who gave it.
    """

    number: tuple[int, ...]
    options: tuple[str, ...]
    chosen: tuple[str, ...]
    prompt: tuple[str, ...]
    judge: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationInfo:
    """What an evaluation is, beside its items.

    Attributes:
        kind: what is evaluated, such as ``sycophancy``.
        judge: who reads the answers; empty where nobody does.
        settings: all else that its answers depend on, as JSON.
    """

    name: str
    kind: str
    model: str
    judge: str
    settings: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRecord(EvaluationInfo):
    """An evaluation that is in a store.

    Attributes:
        id: the store's number of it.
        created: Unix time, seconds.
        items: how many it has.
        done: of these, those whose answers are all there.
    """

    id: int
    created: float
    items: int
    done: int


class ItemRecord(NamedTuple):
    """What an evaluation asks.

    Attributes:
        key: hash of the rest; two evaluations that ask the same share it.
        test: which of the evaluation's tests it belongs to.
        id: unique within a test.
        cluster: items that hang together share it.
        content: what is said, and what is checked in the answer, as JSON.
    """

    key: str
    test: str
    id: str
    cluster: str
    content: str


class Said(NamedTuple):
    """The call in which a model wrote what the user says in a trial."""

    call: str
    run: int
    trial: str


class Asked(NamedTuple):
    """Where an answer of an evaluation lies, and what was read in it.

    Attributes:
        evaluation: the store's number.
        item: key of the item.
        condition: in which it was asked.
        turn: of the conversation, from 1.
        sample: tells repeated samples apart, from 0.
        reader: empty for an answer of the model under test; else the judge that was asked about it.
        call: key of the call.
        chosen: what a reader chose.
    """

    evaluation: int
    item: str
    condition: str
    turn: int
    sample: int
    reader: str
    call: str
    chosen: str = ""


class Answered(NamedTuple):
    """An answer of an evaluation, or a reader's, as it is read back.

    Attributes:
        place: where it lies.
        text: what was said; empty where the call failed.
        finish_reason: why it ended, as the endpoint gave it.
        failure: why there is none.
    """

    place: Asked
    text: str
    finish_reason: str
    failure: str
