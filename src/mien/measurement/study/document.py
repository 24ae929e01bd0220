"""What a study's file may say, member by member."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # pydantic reads it
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from mien.materials.multiturn import Pressure  # noqa: TC001  # pydantic reads it
from mien.materials.protocols import Condition, SamplingSettings
from mien.models.usage import Price  # noqa: TC001  # pydantic reads it
from mien.types import InstrumentName  # noqa: TC001  # pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Callable

Item = TypeVar("Item")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_member(name: str) -> Callable[[Any], Any]:
    """Whoever has no more to say than one member may leave its name away."""
    return lambda given: {name: given} if isinstance(given, str) else given


def _listed(given: Any) -> Any:
    """One item may stand without a list around it."""
    return [given] if isinstance(given, str | dict) else given


class ModelEntry(_Strict):
    """A model under test.

    Attributes:
        model: where it lives, as `mien measure` takes it.
        name: what it is called in the study; default: the last part of ``model``.
        system: its system prompt, which is no part of what the judge sees.
        system_file: a file that holds it.
        sampling: laid over the protocol's.
        price: US dollars per million tokens in and out, where the endpoint does not say.
        served_by: where it is, of a model whose address is no part of what it is; as ``--served-by``.
    """

    model: str = Field(min_length=1)
    name: str = ""
    served_by: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    system: str = ""
    system_file: Path | None = None
    sampling: SamplingSettings = SamplingSettings()
    price: Price | None = None

    @property
    def label(self) -> str:
        """What the model is called."""
        return self.name or self.model.rstrip("/").rpartition("/")[2].rpartition("#")[2]


def _choosing_first(instruments: tuple[InstrumentName, ...]) -> tuple[InstrumentName, ...]:
    if instruments[:1] == ("inventory",):
        raise ValueError(
            "an inventory holds no choices, on which figures and comparisons rest: name it after another"
        )
    return instruments


class JudgeEntry(_Strict):
    """A judge; ``name`` is what its verdicts go by where it is not the run's first."""

    model: str = Field(min_length=1)
    name: str = ""
    served_by: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    sampling: SamplingSettings = SamplingSettings()
    price: Price | None = None


class OtherJudge(_Strict):
    """Another judge, or the study's first one asked otherwise.

    ``change`` is a perturbation of `mien judges check` by its name, such as ``order``.
    """

    model: str = ""
    sampling: SamplingSettings = SamplingSettings()
    change: str = ""
    price: Price | None = None


class PromptsEntry(_Strict):
    """Which prompts; members as the options of `mien measure`."""

    source: str
    language: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    category: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    max_chars: int | None = Field(default=None, ge=1)
    max_prompts: int | None = Field(default=None, ge=1)
    text_column: str = ""
    id_column: str = ""
    category_column: str = ""
    where: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()


class EndpointEntry(_Strict):
    """How fast an endpoint may be asked; members as the options of `mien measure`."""

    max_concurrency: int | None = Field(default=None, ge=1)
    rpm: float | None = Field(default=None, gt=0)
    tpm: float | None = Field(default=None, gt=0)


class Ablation(_Strict):
    """One thing done otherwise: what the model is asked, or who reads its responses.

    A judge reads the responses that are there; all else makes runs of their own.
    """

    name: str = Field(min_length=1)
    models: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    protocol: str = ""
    condition: Condition | None = None
    system: str = ""
    sampling: SamplingSettings = SamplingSettings()
    judge: Annotated[OtherJudge, BeforeValidator(_one_member("model"))] | None = None

    @property
    def asks_otherwise(self) -> bool:
        """Whether it makes runs of its own."""
        return bool(self.protocol or self.condition or self.system or self.sampling.model_fields_set)


class FigureEntry(_Strict):
    """A figure, of which runs, and what it is told; members as the options of `mien plot`."""

    figure: str
    of: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    name: str = ""
    top: int | None = Field(default=None, ge=1)
    bottom: int | None = Field(default=None, ge=1)
    components: tuple[int, int] | None = None
    target: float | None = Field(default=None, gt=0, lt=1)
    by: Literal["category", "language", "length", "phrasing"] | None = None


class EvaluationEntry(_Strict):
    """What is measured beside traits; members as the options of the command of its name.

    Attributes:
        evaluation: which.
        models: of which models; default: all.
        judge: who reads; default: the study's first judge, where somebody has to.
        test: of ``sycophancy``: which tests.
        items: of ``sycophancy``: so many of each test; of ``views``: so many questions.
        part: of ``views``: which parts.
        spec: of ``spec``: its file.
        samples: of ``diversity``: of each prompt; of ``spec``: of each item.
        trait: of ``breadth``: which of the study's traits are stretched; default: all of them, or
            ``classic-36`` where the study names none.
        max_prompts: of ``diversity`` and ``breadth``: so many of the study's prompts.
        temperature: at which the model is sampled.
        max_tokens: after which its answers are cut off.
    """

    evaluation: Literal["sycophancy", "diversity", "breadth", "spec", "views"]
    models: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    judge: str = ""
    test: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    items: int | None = Field(default=None, ge=2)
    part: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    spec: Path | None = None
    samples: int | None = Field(default=None, ge=1)
    trait: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    max_prompts: int | None = Field(default=None, ge=2)
    temperature: float | None = Field(default=None, ge=0)
    max_tokens: int | None = Field(default=None, ge=1)


class Pair(_Strict):
    """Two runs of a study, one against the other, by their traits or by what else is measured of them."""

    before: str
    after: str
    of: Literal["traits", "manner", "sycophancy", "diversity", "breadth", "spec", "views"] = "traits"

    @property
    def ends(self) -> tuple[str, str]:
        """Labels of both runs."""
        return self.before, self.after

    def said(self) -> dict[str, Any]:
        """What a registration holds of it; of traits as before there was anything else."""
        return self.model_dump(mode="json", exclude={"of"} if self.of == "traits" else None)

    def __str__(self) -> str:
        apart = "" if self.of == "traits" else f" ({self.of})"
        return f"{self.before} → {self.after}{apart}"


class GateEntry(Pair):
    """Bounds on what may change; members as the options of `mien diff`."""

    fail_on: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(min_length=1)
    fail_when: Literal["certain", "likely"] = "certain"
    margin: float | None = Field(default=None, gt=0)


class Hypothesis(Pair):
    """What is expected of a change, in the words of gates: ``warm > 0``."""

    expect: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(min_length=1)


class Document(_Strict):
    """A study's file.

    Attributes:
        name: what its runs' names begin with; default: the file's name without its ending.
        description: in a sentence.
        models: under test.
        judge: who reads; of several the first as responses come, the others afterwards.
        instruments: by which the models are measured.
        conditions: by what they are to choose; default: the protocol's.
        protocol: its name, or a file.
        options: of a trial; default: the protocol's.
        traits: a set's name, a file, or names; default: as `mien measure`.
        prompts: a set's name, a file, or what to take of it.
        endpoints: how fast each may be asked, by the provider's name or its address; the others as the
            command says.
        turns: of each conversation; the second and each later one makes a run of its own beside the first.
        pressure: what the user wants in the later turns.
        user: the model that writes what the user says in them; default: scripts do.
        seed: of all designs, so that all runs are paired.
        max_calls: requests to send at most, all runs together.
        max_cost: US dollars to spend at most, all runs together.
        batch: whether calls are made in providers' batches where there are any.
        ablations: what is done otherwise, of some models or all.
        soft: whether to rate by the judge's probabilities, calibrated on each model's ``instructed`` run.
        jury: whether all judges together are to rate each model's first run, too; ``soft``: by what they
            tell of their probabilities.
        evaluations: what is measured beside traits.
        prior: of the ratings in figures and tables; no change is ever told with one.
        confidence_level: of all intervals.
        fdr: false-discovery rate of all changes.
        figures: what is drawn; default: what `mien report` draws of so many runs.
        gates: what must not have changed.
        hypotheses: what is expected, for `mien study register`.
        traits_of_interest: what the study is about; changes of other traits are told apart.
    """

    name: str = ""
    description: str = ""
    models: Annotated[
        tuple[Annotated[ModelEntry, BeforeValidator(_one_member("model"))], ...], BeforeValidator(_listed)
    ] = Field(min_length=1)
    judge: Annotated[
        tuple[Annotated[JudgeEntry, BeforeValidator(_one_member("model"))], ...], BeforeValidator(_listed)
    ] = Field(min_length=1)
    instruments: Annotated[
        tuple[InstrumentName, ...], BeforeValidator(_listed), AfterValidator(_choosing_first)
    ] = Field(default=("revealed",), min_length=1)
    conditions: Annotated[tuple[Condition, ...], BeforeValidator(_listed)] = ()
    protocol: str = "default"
    options: int | None = Field(default=None, ge=2, le=8)
    traits: str | tuple[str, ...] | None = None
    prompts: Annotated[PromptsEntry, BeforeValidator(_one_member("source"))] = PromptsEntry(source="everyday")
    endpoints: dict[str, EndpointEntry] = {}
    rounds: int | None = Field(default=None, ge=1)
    trials: int | None = Field(default=None, ge=1)
    full: bool = False
    until_reliability: float | None = Field(default=None, gt=0, lt=1)
    until_stderr: float | None = Field(default=None, gt=0)
    max_trials: int | None = Field(default=None, ge=1)
    turns: int = Field(default=1, ge=1)
    pressure: Pressure = "none"
    user: str = ""
    seed: int = Field(default=0, ge=0, lt=2**32)
    max_calls: int | None = Field(default=None, ge=1)
    max_cost: float | None = Field(default=None, gt=0)
    batch: bool = False
    ablations: tuple[Ablation, ...] = ()
    soft: bool = False
    jury: bool | Literal["soft"] = False
    evaluations: Annotated[
        tuple[Annotated[EvaluationEntry, BeforeValidator(_one_member("evaluation"))], ...],
        BeforeValidator(_listed),
    ] = ()
    prior: Literal["flat", "pooled"] = "flat"
    confidence_level: float = Field(default=0.95, ge=0.5, le=0.9999)
    fdr: float = Field(default=0.05, gt=0, lt=1)
    figures: Annotated[
        tuple[Annotated[FigureEntry, BeforeValidator(_one_member("figure"))], ...], BeforeValidator(_listed)
    ] = ()
    gates: tuple[GateEntry, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    traits_of_interest: tuple[str, ...] = ()
