"""How a model is trained: every choice, with the values that were published for character training."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mien.errors import InputError, UnknownName
from mien.files import read_text, read_yaml

Method = Literal["dpo", "sft", "dpo+sft"]


class TrainingConfig(BaseModel):
    """How a model is trained.

    The defaults are those of Open Character Training (Maiya et al. 2025, arXiv 2511.01689) as far as TRL
    knows them.

    Attributes:
        method: ``dpo``: on pairs (Rafailov et al. 2023). ``sft``: on the chosen answers and, where there are
            any, the introspections. ``dpo+sft``: first on pairs, then on the introspections.
        rank, alpha, dropout: of the LoRA adapter (Hu et al. 2022), which is put on all linear layers but the
            head; its change of a weight is alpha / rank · B A. By default, alpha is twice the rank.
        learning_rate: the highest; it rises to there over the share ``warmup`` of all steps, and falls
            along a cosine to a tenth.
        batch_size: examples of a step, over all devices and all accumulated passes.
        device_batch_size: the most of them on one device at once; halved where memory runs out.
        beta: of DPO, how strongly it holds to the model it starts from.
        nll: weight of the chosen answers' mean negative log-likelihood beside DPO's loss.
        system_share: share of the examples without a system message that are learnt under a neutral one,
            such as "You are a helpful assistant.", so that the character is not tied to there being none.
        max_length: tokens of prompt and answer together; what is longer is cut at the end.
        max_cut: the share of examples that may be cut.
        gradient_checkpointing: less memory for about a fifth more time; a CPU does without.
        save_share: share of the steps after which the state is kept on disk, to go on from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = "dpo"
    rank: int = Field(default=64, ge=1)
    alpha: float | None = Field(default=None, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    learning_rate: float = Field(default=5e-5, gt=0)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    adam_beta2: float = Field(default=0.98, gt=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    epochs: float = Field(default=1.0, gt=0)
    batch_size: int = Field(default=32, ge=1)
    device_batch_size: int = Field(default=8, ge=1)
    beta: float = Field(default=0.1, gt=0)
    nll: float = Field(default=0.1, ge=0)
    system_share: float = Field(default=0.0, ge=0, le=1)
    max_length: int = Field(default=1024, ge=8)
    max_cut: float = Field(default=0.02, ge=0, le=1)
    gradient_checkpointing: bool = True
    save_share: float = Field(default=0.1, gt=0, lt=1)
    seed: int = Field(default=0, ge=0, lt=1 << 32)

    @property
    def scale(self) -> float:
        """What the product B A is multiplied with, alpha / rank."""
        return (2 * self.rank if self.alpha is None else self.alpha) / self.rank


#: What differs from the defaults, by the names of the presets.
PRESETS: Final[dict[str, dict[str, Any]]] = {
    "oct": {},
    "small": {
        "learning_rate": 1e-3,
        "batch_size": 4,
        "system_share": 0.35,
        "nll": 1.0,
        "gradient_checkpointing": False,
    },
}


def load_config(source: str | Path | None = None, *, preset: str = "oct", **changes: Any) -> TrainingConfig:
    """A preset, overlaid with the keys of a YAML file, overlaid with ``changes``, of which None is no change.

    Raises:
        UnknownName: no such preset.
        InputError: the file or one of the values cannot be used.
    """
    if preset not in PRESETS:
        raise UnknownName("preset", preset, PRESETS)
    members = PRESETS[preset] | (_members(Path(source)) if source is not None else {})
    _validated(members, source or preset)
    given = {key: value for key, value in changes.items() if value is not None}
    return _validated(members | given, "the options")


def _members(path: Path) -> dict[str, Any]:
    _, document = read_yaml(read_text(path), path)
    if not isinstance(document, dict):
        raise InputError("a training's configuration is a mapping of keys to values", source=path)
    return cast("dict[str, Any]", document)


def _validated(members: dict[str, Any], source: object) -> TrainingConfig:
    try:
        return TrainingConfig.model_validate(members)
    except ValidationError as error:
        first = error.errors()[0]
        problem = "no such key" if first["type"] == "extra_forbidden" else first["msg"]
        raise InputError(problem, source=source, where=f"key {'.'.join(map(str, first['loc']))}") from error
