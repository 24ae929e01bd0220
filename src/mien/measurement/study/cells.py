"""What a study measures: its runs, what they are called, and who reads them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.errors import InputError, MienError, UsageError
from mien.files import read_text
from mien.instruments.judges import kind_of
from mien.instruments.judges.perturbed import TRANSLATED, perturbation
from mien.materials.multiturn import Conversation
from mien.materials.prompts import Choice, Reading, read_prompts
from mien.materials.protocols import Protocol, load_protocol
from mien.materials.traits import load_traits, traits_from_names
from mien.measurement.length import Length
from mien.measurement.rejudge import Opinion
from mien.measurement.run_plan import Materials, plan
from mien.measurement.study.file import SEPARATOR, members_given
from mien.types import SELF_REPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mien.materials.prompts import PromptSet
    from mien.materials.traits import TraitSet
    from mien.measurement.run_plan import RunPlan
    from mien.measurement.study.document import Ablation, Document, ModelEntry
    from mien.measurement.study.file import StudyFile
    from mien.types import InstrumentName


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run of a study.

    Attributes:
        label: what it is called in the study: the model, with what sets it apart from the model's first run.
        model: the model's name in the study.
        main: whether it is the model's first run, which figures show unless they are told otherwise.
        planned: what is measured. The run's name is the study's and the label.
        opinions: who reads its responses besides its own judge.
    """

    label: str
    model: str
    main: bool
    planned: RunPlan
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """An ablation of one model: what was done as always, and what otherwise.

    Attributes:
        ablation: its name.
        model: the model's name in the study.
        usual: label of the run that it is set beside.
        other: label of its own run; of another judge, the same.
        judge: whose verdicts on it are taken; empty for the run's own judge.
    """

    ablation: str
    model: str
    usual: str
    other: str
    judge: str = ""


def cells(file: StudyFile) -> tuple[tuple[Cell, ...], tuple[Contrast, ...]]:
    """The runs of a study, those of one model together, and its ablations.

    Raises:
        UsageError: something that the file names cannot be used; the message has its line.
    """
    layout = _Layout(file)
    made: list[Cell] = []
    contrasts: list[Contrast] = []
    for n, model in enumerate(file.document.models):
        try:
            made += layout.of_model(model)
        except (MienError, OSError) as error:
            if isinstance(error, InputError) and error.source == file.source:
                raise
            raise file.fault(f"{model.label}: {error}", "models", n) from error
        contrasts += layout.contrasts(model)
    return tuple(made), tuple(contrasts)


class _Layout:
    """Lays out the runs of one model after the other."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file
        self._document = file.document
        self._protocol = _within(file, "protocol", lambda: self._load(file.document.protocol))
        self._prompts = _within(file, "prompts", lambda: prompts(file)).prompts
        self._length = _within(file, "models", lambda: length(file.document))
        self._conversation = _within(file, "turns", lambda: conversation(file.document))
        traits = file.document.traits
        self._traits = file.beside(traits) if isinstance(traits, str) else traits

    def of_model(self, model: ModelEntry) -> Iterator[Cell]:
        """The model's runs, the first first."""
        instruments, conditions = self._document.instruments, self._conditions
        usual = self._protocol.condition
        for n, (instrument, condition) in enumerate(_measured(instruments, conditions)):
            apart = [instrument] if instrument != "revealed" else []
            apart += [condition] if condition != usual else []
            opinions = self._opinions(model, main=n == 0)
            yield self._cell(
                model,
                apart,
                instrument,
                self._asked(model, condition=condition),
                main=n == 0,
                opinions=opinions,
            )
        for ablation in self._ablations(model):
            if ablation.asks_otherwise:
                instrument, condition = next(_measured(instruments, conditions))
                protocol = self._otherwise(model, ablation, condition)
                yield self._cell(model, [ablation.name], instrument, protocol)

    def contrasts(self, model: ModelEntry) -> Iterator[Contrast]:
        """The model's ablations."""
        instrument, condition = next(_measured(self._document.instruments, self._conditions))
        apart = [instrument] if instrument != "revealed" else []
        apart += [condition] if condition != self._protocol.condition else []
        usual = SEPARATOR.join((model.label, *apart))
        for one in self._ablations(model):
            other = SEPARATOR.join((model.label, one.name)) if one.asks_otherwise else usual
            yield Contrast(
                ablation=one.name,
                model=model.label,
                usual=usual,
                other=other,
                judge="" if one.asks_otherwise else one.name,
            )

    @property
    def _conditions(self) -> Sequence[str]:
        return self._document.conditions or (self._protocol.condition,)

    def _ablations(self, model: ModelEntry) -> Iterator[Ablation]:
        return (one for one in self._document.ablations if not one.models or model.label in one.models)

    def _load(self, source: str) -> Protocol:
        protocol = load_protocol(self._file.beside(source))
        judge = _judge(self._document.judge[0].sampling, protocol)
        return protocol.override(options=self._document.options, judge=judge)

    def _asked(self, model: ModelEntry, *, condition: str) -> Protocol:
        return _with(self._protocol, model.sampling, system_prompt(self._file, model), condition)

    def _otherwise(self, model: ModelEntry, ablation: Ablation, condition: str) -> Protocol:
        """What an ablation asks: its word goes before the model's, and the model's before the protocol's."""
        protocol = self._load(ablation.protocol) if ablation.protocol else self._protocol
        if ablation.protocol:
            condition = protocol.condition
        system = ablation.system or system_prompt(self._file, model)
        asked = _with(protocol, model.sampling, system, ablation.condition or condition)
        return asked.override(sampling=members_given(ablation.sampling))

    def _opinions(self, model: ModelEntry, *, main: bool) -> tuple[Opinion, ...]:
        others = [
            Opinion(judge=one.model, name=one.name or None, sampling=members_given(one.sampling))
            for one in self._document.judge[1:]
        ]
        if main:
            others += [
                Opinion(
                    judge=one.judge.model or self._document.judge[0].model,
                    name=one.name,
                    sampling=members_given(one.judge.sampling),
                    perturbation=perturbation(one.judge.change) if one.judge.change else None,
                )
                for one in self._ablations(model)
                if one.judge
            ]
        return tuple(others)

    def _cell(
        self,
        model: ModelEntry,
        apart: Sequence[str],
        instrument: InstrumentName,
        protocol: Protocol,
        *,
        main: bool = False,
        opinions: tuple[Opinion, ...] | None = None,
    ) -> Cell:
        label = SEPARATOR.join((model.label, *apart))
        planned = plan(
            model.model,
            None if instrument in SELF_REPORTS else self._document.judge[0].model,
            materials=Materials(
                instrument=instrument, protocol=protocol, traits=self._traits, prompts=self._prompts
            ),
            length=self._length,
            conversation=Conversation() if instrument in SELF_REPORTS else self._conversation,
            seed=self._document.seed,
            name=f"{self._file.name}{SEPARATOR}{label}",
        )
        for one in opinions or ():
            _require_fit(one, planned)
        return Cell(
            label=label,
            model=model.label,
            main=main,
            planned=planned,
            opinions=()
            if instrument in SELF_REPORTS
            else self._opinions(model, main=False)
            if opinions is None
            else opinions,
        )


def _require_fit(opinion: Opinion, planned: RunPlan) -> None:
    """Refuse a judge that is to be asked otherwise in a way that changes nothing for it.

    Raises:
        UsageError: it is.
    """
    if opinion.perturbation is None:
        return
    kind, traits = kind_of(opinion.judge), planned.traits.traits
    if reason := opinion.perturbation.unfit(kind, planned.protocol, traits):
        raise UsageError(f"ablation {opinion.label}: {opinion.judge} {reason}; leave it out")
    if opinion.perturbation is TRANSLATED:
        raise UsageError(
            f"ablation {opinion.label}: nobody translates in a study; use mien judges check --translator"
        )


def system_prompt(file: StudyFile, model: ModelEntry) -> str:
    """The system prompt of one of a study's models; empty for none."""
    if model.system_file is None:
        return model.system
    return read_text(Path(file.beside(model.system_file)))


def prompts(file: StudyFile, *, most: int | None = None) -> PromptSet:
    """The study's prompts, or at most so many of them, drawn by its seed."""
    entry = file.document.prompts
    limits = [limit for limit in (entry.max_prompts, most) if limit is not None]
    choice = Choice(
        languages=entry.language,
        categories=entry.category,
        max_chars=entry.max_chars,
        max_prompts=min(limits, default=None),
        seed=file.document.seed,
        reading=Reading(
            text=entry.text_column, id=entry.id_column, category=entry.category_column, where=entry.where
        ),
    )
    return read_prompts(file.beside(entry.source), choice)


def traits(file: StudyFile, *, default: str) -> TraitSet:
    """The study's traits, or a set's where it names none.

    Raises:
        InputError: they cannot be read.
    """
    given = file.document.traits
    if given is None or isinstance(given, str):
        return load_traits(file.beside(given) if given else default)
    return traits_from_names(given)


def length(document: Document) -> Length:
    """How long the study's runs are."""
    return Length(
        rounds=document.rounds,
        trials=document.trials,
        full=document.full,
        until_reliability=document.until_reliability,
        until_stderr=document.until_stderr,
        max_trials=document.max_trials,
    )


def conversation(document: Document) -> Conversation:
    """How long the conversations of a study's runs are, but of those that ask one question."""
    return Conversation(turns=document.turns, pressure=document.pressure, user=document.user)


def _measured(
    instruments: Sequence[InstrumentName], conditions: Sequence[str]
) -> Iterator[tuple[InstrumentName, str]]:
    """By what each model is measured; the condition counts where the model is to choose, and nowhere else."""
    for instrument, condition in product(instruments, conditions):
        if instrument == "revealed" or condition == conditions[0]:
            yield instrument, condition


def _with(protocol: Protocol, sampling: Any, system: str, condition: str) -> Protocol:
    return protocol.prompted(system).override(sampling=members_given(sampling), condition=condition)


def _judge(sampling: Any, protocol: Protocol) -> Any:
    given = members_given(sampling)
    if not given:
        return None
    judge = protocol.judge.model_dump()
    return judge | {"sampling": judge["sampling"] | given}


def _within(file: StudyFile, key: str, load: Any) -> Any:
    """What a part of the file names, loaded; what is wrong with it is told with the part's line."""
    try:
        return load()
    except MienError as error:
        raise file.fault(str(error), key) from error
