"""Texts as points: what an embedding model in a folder makes of them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
import transformers

from mien.errors import InputError
from mien.models.local.loading import load_tokenizer, quiet
from mien.models.local.places import find, first_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Floats

_POOLING: Final = Path("1_Pooling") / "config.json"  # of a folder as sentence-transformers writes it
_HERE: Final = "hf/"


class Embedding:
    """An embedding model: the states of its last layer, pooled over a text's tokens, of length 1.

    Pooled as the folder says (``1_Pooling/config.json``: the mean, or the first token); the mean where it
    says nothing. A text that is longer than the model can read is cut off there.

    Args:
        spec: ``hf/FOLDER``.

    Raises:
        InputError: it is no such folder, its files are broken, or it is pooled in some other way.
    """

    def __init__(self, spec: str) -> None:
        if not spec.startswith(_HERE):
            raise InputError("an embedding model is a folder on this machine: hf/FOLDER", source=spec)
        self.name = spec
        place, adapter = find(spec.removeprefix(_HERE))
        if adapter is not None or place.gguf:
            raise InputError("an embedding model is a folder of its own, without an adapter", source=spec)
        reader = load_tokenizer(place, None)
        self._tokenizer, self._context = reader.tokenizer, reader.context
        self._first = _pools_first(place.folder, spec)
        auto: Any = transformers.AutoModel
        with quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                model, info = auto.from_pretrained(
                    place.path,
                    dtype=torch.float32,
                    output_loading_info=True,
                    trust_remote_code=False,
                    **place.arguments,
                )
            except Exception as error:  # of no common kind, as where models are loaded
                raise InputError(f"cannot be loaded: {first_line(error)}", source=spec) from error
        # The pooler stands behind the last layer, and plays no part in its states.
        if missing := sorted(key for key in info["missing_keys"] if not key.startswith("pooler.")):
            raise InputError(
                f"not all of the model: {len(missing)} tensors are missing, the first is {missing[0]}",
                source=spec,
            )
        self._model = model.eval()

    @property
    def pooling(self) -> str:
        """How a text's states become one point."""
        return "first token" if self._first else "mean"

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> Floats:
        """(n, d) a point a text, of length 1; zeros for a text without tokens."""
        return np.array([self._point(text) for text in texts])

    def _point(self, text: str) -> Floats:
        read = self._tokenizer(text, truncation=True, max_length=self._context, return_tensors="pt")
        if not read["input_ids"].shape[1]:
            size: int = self._model.config.hidden_size
            return np.zeros(size)
        states = self._model(
            input_ids=read["input_ids"], attention_mask=read["attention_mask"]
        ).last_hidden_state[0]
        pooled: Any = states[0] if self._first else states.mean(dim=0)
        point: Floats = pooled.double().numpy()
        return point / max(float(np.linalg.norm(point)), 1e-12)


def _pools_first(folder: Path | None, spec: str) -> bool:
    """Whether the first token stands for the text; else the mean of all.

    Raises:
        InputError: neither does.
    """
    path = folder and folder / _POOLING
    if not path or not path.is_file():
        return False
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        modes = {name for name, value in told.items() if name.startswith("pooling_mode_") and value is True}
    except (ValueError, AttributeError) as error:
        raise InputError(f"cannot be read: {first_line(error)}", source=str(path)) from error
    if modes not in ({"pooling_mode_cls_token"}, {"pooling_mode_mean_tokens"}):
        raise InputError(
            f"pools by {', '.join(sorted(modes)) or 'nothing'}; the mean of all tokens or the first one is "
            "what can be taken",
            source=str(path),
        )
    return modes == {"pooling_mode_cls_token"}
