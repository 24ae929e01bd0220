"""Protocols: every choice of a measurement, fixed in a YAML file and recorded with each run."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_serializer

from mien.errors import InputError, UnknownName
from mien.files import read_text, read_yaml
from mien.names import require_visible
from mien.types import Sampling, SystemRole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SHIPPED = resources.files("mien") / "data"

Condition = Literal["feel", "like", "random"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _without(members: dict[str, Any], **defaults: object) -> dict[str, Any]:
    """The members but for those that are as if they had not been said.

    A run finds its protocol and its judges again by their text, also one that is older than a member.
    """
    return {name: value for name, value in members.items() if name not in defaults or value != defaults[name]}


class SamplingSettings(_Strict):
    """How a model is sampled; what is absent is left to the endpoint.

    Attributes:
        system_role: ``merge`` puts what the system says before the user's first words, for models that take
            no system message; ``keep`` does so only where the endpoint says that it takes none.
    """

    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    reasoning_effort: str | None = None
    system_role: SystemRole = "keep"
    extra: dict[str, Any] = {}

    @model_serializer(mode="wrap")
    def _without_kept_role(self, write: Callable[[SamplingSettings], dict[str, Any]]) -> dict[str, Any]:
        return _without(write(self), system_role="keep")

    def sampling(self) -> Sampling:
        """The same as the plain record that models take."""
        return Sampling(**self.model_dump())


class JudgeSettings(_Strict):
    """How the judge is asked.

    Attributes:
        order: ``shuffled``: the judge sees the options in an order of its own; ``listed``: as the model saw
            them.
        forced: whether ``neither`` is left out of the answers allowed.
        attempts: how often an answer that cannot be read is asked for, in all.
        json_schema: whether the answer may be asked for under a JSON schema. False: it never is, and the
            judge answers in tags, as one does that is found to obey none.
    """

    sampling: SamplingSettings = SamplingSettings(temperature=0.1, top_p=0.95)
    order: Literal["shuffled", "listed"] = "shuffled"
    forced: bool = False
    attempts: int = Field(default=3, ge=1)
    json_schema: bool = True

    @model_serializer(mode="wrap")
    def _without_default_schema(self, write: Callable[[JudgeSettings], dict[str, Any]]) -> dict[str, Any]:
        return _without(write(self), json_schema=True)


class EloSettings(_Strict):
    """Sequential Elo, kept for comparison with published tables."""

    k: float = Field(default=32, gt=0)
    start: float = 1000


class InventoryPhrasing(_Strict):
    """In what words a trait is asked about by itself.

    Attributes:
        ask: the question; ``{trait}`` stands for the trait, and answers go from 1 to 5.
        reversed: whether a high answer says that the trait is not there.
    """

    ask: str
    reversed: bool = False


class Wording(_Strict):
    """What the model and the judge are told. Placeholders stand in braces.

    Attributes:
        stated: phrasings, at least two, of which of the options describes the model, by name; a run by
            another instrument has none.
        stated_in_context: what stands around the question where it is asked about a user's prompt.
        inventory: phrasings of how far one trait describes the model, by name, two or more straight and as
            many or more reversed; a run by another instrument has none.
    """

    revealed: str
    preference: dict[Condition, str]
    instructed: str
    judge: str
    neither: str
    forced: str
    question: str
    answer_json: str
    answer_tags: str
    stated: dict[str, str] = {}
    stated_in_context: str = ""
    inventory: dict[str, InventoryPhrasing] = {}

    @model_serializer(mode="wrap")
    def _without_what_is_not_stated(self, write: Callable[[Wording], dict[str, Any]]) -> dict[str, Any]:
        return _without(write(self), stated={}, stated_in_context="", inventory={})

    @field_validator("stated")
    @classmethod
    def _two_that_name_the_options(cls, phrasings: dict[str, str]) -> dict[str, str]:
        if len(phrasings) == 1:
            raise ValueError("one phrasing tells nothing of how far the answer hangs on it; give two or more")
        for name, text in phrasings.items():
            if "{options}" not in text:
                raise ValueError(f"the phrasing {name!r} does not say where the {{options}} stand")
        return phrasings

    @field_validator("inventory")
    @classmethod
    def _two_of_each_that_name_the_trait(
        cls, phrasings: dict[str, InventoryPhrasing]
    ) -> dict[str, InventoryPhrasing]:
        turned = sum(phrasing.reversed for phrasing in phrasings.values())
        if phrasings and not 2 <= turned <= len(phrasings) - 2:
            raise ValueError(
                "an inventory has two straight phrasings and two reversed ones, or more: fewer do not tell a "
                "claim from a leaning to say yes"
            )
        for name, phrasing in phrasings.items():
            if "{trait}" not in phrasing.ask:
                raise ValueError(f"the phrasing {name!r} does not say where the {{trait}} stands")
        return phrasings


class Protocol(_Strict):
    """A measurement's choices.

    Attributes:
        options: K, how many options a trial shows.
        order: how they are ordered within a trial.
        condition: by what the model is to choose; ``random`` is the null, under which a profile is flat.
        descriptions: whether the model and the judge see the traits' descriptions beside their names.
        preamble: what stands before the instrument's own system message, such as a system prompt whose
            effect is to be measured; the judge does not see it.
        trials_per_response: trials that one response serves where no trait is named to the model
            (``exhibited``): each sets other traits before the judge.
        in_context: whether the model is asked about a user's prompt which option describes it (``stated``),
            or about nothing.
    """

    name: str
    description: str = ""
    source: str = ""
    options: int = Field(default=2, ge=2, le=8)
    order: Literal["counterbalanced", "listed"] = "counterbalanced"
    condition: Condition = "feel"
    descriptions: bool = False
    preamble: str = ""
    trials_per_response: int = Field(default=5, ge=1, le=64)
    in_context: bool = False
    sampling: SamplingSettings = SamplingSettings()
    judge: JudgeSettings = JudgeSettings()
    elo: EloSettings = EloSettings()
    wording: Wording

    @model_serializer(mode="wrap")
    def _without_defaults(self, write: Callable[[Protocol], dict[str, Any]]) -> dict[str, Any]:
        return _without(write(self), preamble="", trials_per_response=5, in_context=False)

    def system(self, instruction: str) -> str:
        """An instrument's system message, with the preamble before it."""
        return f"{self.preamble.strip()}\n\n{instruction}" if self.preamble.strip() else instruction

    def prompted(self, system: str) -> Protocol:
        """A copy by which a system prompt stands before what an instrument says, after the preamble."""
        parts = (self.preamble.strip(), system.strip())
        return self.override(preamble="\n\n".join(part for part in parts if part))

    def override(self, **changes: Any) -> Protocol:
        """A copy with members replaced; None changes nothing.

        Members of ``sampling`` are merged, and so are those of ``judge_sampling``, the judge's.

        Raises:
            InputError: a value is out of range, or no such member exists.
        """
        given = {key: value for key, value in changes.items() if value is not None}
        if "sampling" in given:
            given["sampling"] = _laid_over(self.sampling, given["sampling"])
        if "judge_sampling" in given:
            sampling = _laid_over(self.judge.sampling, given.pop("judge_sampling"))
            given["judge"] = self.judge.model_dump() | given.get("judge", {}) | {"sampling": sampling}
        return _validated(self.model_dump() | given, self.name)


def _laid_over(sampling: SamplingSettings, news: Mapping[str, Any]) -> dict[str, Any]:
    return sampling.model_dump() | {key: value for key, value in news.items() if value is not None}


def shipped_protocols() -> list[str]:
    """Names of the built-in protocols."""
    return sorted(entry.name.removesuffix(".yaml") for entry in (_SHIPPED / "protocols").iterdir())


def load_protocol(source: str | Path = "default") -> Protocol:
    """Load a built-in protocol by name, or a user's from a YAML file.

    ``wording`` is the name of a shipped wording, or a mapping that is laid over the default one, member by
    member.

    Raises:
        UnknownName: neither a built-in protocol nor a file.
        InputError: not YAML, a key that is unknown or missing, or a value out of range.
    """
    if str(source) in shipped_protocols():
        text = (_SHIPPED / "protocols" / f"{source}.yaml").read_text(encoding="utf-8")
    elif Path(source).is_file():
        text = read_text(Path(source))
    elif Path(source).suffix in {".yaml", ".yml"}:
        raise InputError("no such file", source=source)
    else:
        raise UnknownName("protocol", str(source), shipped_protocols())
    _, document = read_yaml(text, source)
    if not isinstance(document, dict):
        raise InputError("a protocol is a mapping of keys to values", source=source)
    members: dict[str, Any] = {"name": Path(source).stem, **document}
    members["wording"] = _wording(members.get("wording", "default"), source)
    return _validated(members, source)


def _wording(given: object, source: str | Path) -> dict[str, Any]:
    if not isinstance(given, str | dict):
        raise InputError(
            "is the name of a wording, or a mapping of its members", source=source, where="key wording"
        )
    shipped = {entry.name.removesuffix(".yaml"): entry for entry in (_SHIPPED / "wording").iterdir()}
    base = given if isinstance(given, str) else "default"
    if base not in shipped:
        raise UnknownName("wording", base, shipped)
    wording = yaml.safe_load(shipped[base].read_text(encoding="utf-8"))
    if isinstance(given, str):
        return wording
    own = cast("dict[str, Any]", given)
    if isinstance(preference := own.get("preference"), dict):
        own = own | {"preference": wording["preference"] | preference}
    return wording | own


def _validated(members: Mapping[str, Any], source: str | Path) -> Protocol:
    require_visible(str(members.get("name", "")), "protocol", source=source, where="key name")
    try:
        return Protocol.model_validate(members)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        problem = {"extra_forbidden": "no such key", "missing": "is missing"}.get(first["type"], first["msg"])
        raise InputError(problem, source=source, where=f"key {key}") from error
