"""Evaluations that a study's file names: laid out for its models, and carried out beside its runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from mien.errors import MienError, UnknownName, UsageError
from mien.evals.breadth import evaluate as stretching
from mien.evals.diversity import drawing
from mien.evals.evaluation import evaluations
from mien.evals.generation import Generation
from mien.evals.spec import evaluate as spec_run
from mien.evals.sycophancy import evaluate
from mien.evals.views import evaluate as views
from mien.measurement.study.cells import prompts, system_prompt, traits
from mien.measurement.study.file import SEPARATOR, members_given
from mien.measurement.study.work import Beside
from mien.store.schema import is_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from mien.evals.conduct import EvaluationPlan
    from mien.evals.evaluation import Evaluation
    from mien.measurement.calls import Progress
    from mien.measurement.session import Session
    from mien.measurement.study.document import EvaluationEntry, ModelEntry
    from mien.measurement.study.study import Study

    Conduct = Callable[[Session], Awaitable[Progress]]


class Kind(Protocol):
    """How an evaluation of a kind is laid out for a model."""

    def __call__(
        self, study: Study, entry: EvaluationEntry, model: ModelEntry, name: str
    ) -> tuple[EvaluationPlan, Conduct]:
        """Its plan, and what carries it out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyEvaluation:
    """An evaluation of one of a study's models.

    Attributes:
        model: the model's name in the study.
        planned: what is asked. Its name is the study's, the model's and the kind.
        conduct: carries it out.
    """

    model: str
    planned: EvaluationPlan
    conduct: Conduct

    @property
    def label(self) -> str:
        """What it is called in the study."""
        return f"{self.model}{SEPARATOR}{self.planned.kind}"

    @property
    def beside(self) -> Beside:
        """As work beside the study's runs."""
        planned = self.planned
        return Beside(
            label=self.label,
            model=planned.model,
            models=planned.models,
            items=len(planned.items),
            conduct=self.conduct,
        )

    def standing(self, store: Path) -> Standing:
        """How far it is in a store."""
        known = evaluations(store) if is_store(store) else []
        found = next((one for one in known if one.name == self.planned.name), None)
        return Standing(laid_out=self, found=found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """An evaluation of one model, and what the store holds of it; None where it is not begun."""

    laid_out: StudyEvaluation
    found: Evaluation | None

    @property
    def kind(self) -> str:
        """Which evaluation."""
        return self.laid_out.planned.kind

    @property
    def items(self) -> int:
        """How many it asks."""
        return len(self.laid_out.planned.items)

    @property
    def done(self) -> int:
        """Items whose answers are all there."""
        return self.found.record.done if self.found else 0

    @property
    def complete(self) -> bool:
        """Whether all of them are."""
        return self.done >= self.items

    @property
    def state(self) -> str:
        """In a word or two."""
        return "complete" if self.complete else "incomplete" if self.found else "not begun"

    def __str__(self) -> str:
        """How far it is, in one line."""
        return f"{self.laid_out.planned.name} has {self.done:,} of {self.items:,} items"

    def to_dict(self) -> dict[str, Any]:
        """What a study's JSON holds of it."""
        told = {"evaluation": self.kind, "model": self.laid_out.model, "name": self.laid_out.planned.name}
        return told | {"items": self.items, "done": self.done, "complete": self.complete}


def evaluated(study: Study) -> tuple[StudyEvaluation, ...]:
    """The evaluations that a study's file names, those of one kind together.

    Raises:
        InputError: an entry cannot be used; with its line.
    """
    file, document = study.file, study.document
    found: list[StudyEvaluation] = []
    for n, entry in enumerate(document.evaluations):
        known = {model.label: model for model in document.models}
        for i, label in enumerate(entry.models):
            if label not in known:
                raise file.fault(str(UnknownName("model", label, known)), "evaluations", n, "models", i)
        if entry.evaluation in {one.planned.kind for one in found}:
            raise file.fault(f"{entry.evaluation} is there already; name it once", "evaluations", n)
        if given := sorted(members_given(entry).keys() - _MEMBERS[entry.evaluation] - _COMMON):
            raise file.fault(f"{entry.evaluation} takes no {given[0]}:", "evaluations", n, given[0])
        for label in entry.models or known:
            model = known[label]
            name = SEPARATOR.join((study.name, label, entry.evaluation))
            try:
                _require_plain(model)
                planned, conduct = _KINDS[entry.evaluation](study, entry, model, name)
            except MienError as error:
                raise file.fault(f"{label}: {error}", "evaluations", n) from error
            found.append(StudyEvaluation(model=label, planned=planned, conduct=conduct))
    _require_named(study, {one.label for one in found})
    return tuple(found)


def _require_named(study: Study, labels: set[str]) -> None:
    """Refuse gates and hypotheses of an evaluation that the study has not of both models."""
    model_of = {cell.label: cell.model for cell in study.cells}
    for key in ("gates", "hypotheses"):
        for n, pair in enumerate(getattr(study.document, key)):
            for end in (pair.before, pair.after) if pair.of in _KINDS else ():
                model = model_of[end]
                if SEPARATOR.join((model, pair.of)) not in labels:
                    problem = f"the study has no {pair.of} of {model}; name it under evaluations:"
                    raise study.file.fault(problem, key, n, "of")


def _require_plain(model: ModelEntry) -> None:
    if model.sampling.model_fields_set:
        raise UsageError(
            "evaluations ask a model at their own settings, and not at its sampling:; list those without "
            "under models:"
        )


def _sycophancy(
    study: Study, entry: EvaluationEntry, model: ModelEntry, name: str
) -> tuple[EvaluationPlan, Conduct]:
    asked = evaluate.Asked(tests=entry.test, most=entry.items, generation=_generation(study, entry, model))
    reads = any(test.options for test in asked.chosen)
    judge = entry.judge or (study.document.judge[0].model if reads else None)
    planned = evaluate.plan(model.model, judge, asked, name=name)
    return planned, partial(evaluate.evaluate, planned)


def _diversity(
    study: Study, entry: EvaluationEntry, model: ModelEntry, name: str
) -> tuple[EvaluationPlan, Conduct]:
    given = members_given(entry)
    drawn = drawing.Drawing(
        **{key: given[key] for key in ("samples", "temperature", "max_tokens") if key in given},
        system=system_prompt(study.file, model),
    )
    some = prompts(study.file, most=entry.max_prompts or _PROMPTS).prompts
    planned = drawing.plan(model.model, some, drawn, name=name)
    return planned, partial(drawing.draw, planned)


def _breadth(
    study: Study, entry: EvaluationEntry, model: ModelEntry, name: str
) -> tuple[EvaluationPlan, Conduct]:
    asked = stretching.Asked(
        traits=traits(study.file, default="classic-36").traits,
        prompts=prompts(study.file, most=entry.max_prompts or _STRETCHED).prompts,
        only=entry.trait,
        generation=_generation(study, entry, model),
    )
    planned = stretching.plan(model.model, _judge(study, entry), asked, name=name)
    return planned, partial(stretching.evaluate, planned)


def _views(
    study: Study, entry: EvaluationEntry, model: ModelEntry, name: str
) -> tuple[EvaluationPlan, Conduct]:
    asked = views.Asked(parts=entry.part, most=entry.items, generation=_generation(study, entry, model))
    planned = views.plan(model.model, _judge(study, entry), asked, name=name)
    return planned, partial(views.evaluate, planned)


def _generation(study: Study, entry: EvaluationEntry, model: ModelEntry) -> Generation:
    given = members_given(entry)
    settings = {key: given[key] for key in ("temperature", "max_tokens") if key in given}
    return Generation(system=system_prompt(study.file, model), **settings)


def _judge(study: Study, entry: EvaluationEntry) -> str:
    """Who reads: the entry's judge, or the study's first."""
    judges = [judge.model for judge in study.document.judge]
    if not (entry.judge or judges):
        raise UsageError(f"{entry.evaluation} needs a model that reads the answers; give judge:")
    return entry.judge or judges[0]


def _spec(
    study: Study, entry: EvaluationEntry, model: ModelEntry, name: str
) -> tuple[EvaluationPlan, Conduct]:
    if entry.spec is None:
        raise UsageError("a spec's file is missing; name it by spec:")
    asked = spec_run.Asked(
        spec=spec_run.load(study.file.beside(entry.spec)),
        samples=entry.samples or 1,
        generation=_generation(study, entry, model),
    )
    judge = _judge(study, entry) if spec_run.needs_judge(asked.spec) else entry.judge or None
    planned = spec_run.plan(model.model, judge, asked, name=name)
    return planned, partial(spec_run.evaluate, planned)


_PROMPTS: Final = 50  # as the command's own
_STRETCHED: Final = 24  # likewise
_COMMON: Final = {"evaluation", "models", "temperature", "max_tokens"}
_MEMBERS: Final[Mapping[str, set[str]]] = {
    "sycophancy": {"judge", "test", "items"},
    "diversity": {"samples", "max_prompts"},
    "breadth": {"judge", "trait", "max_prompts"},
    "spec": {"judge", "spec", "samples"},
    "views": {"judge", "part", "items"},
}
_KINDS: Final[Mapping[str, Kind]] = {
    "sycophancy": _sycophancy,
    "diversity": _diversity,
    "breadth": _breadth,
    "spec": _spec,
    "views": _views,
}
