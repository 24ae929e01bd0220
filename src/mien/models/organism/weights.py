"""The weights of a small Llama, read from Hugging Face's files and laid out for the forward pass.

Everything that can be done once is done here: adapters are merged, the norms' weights and the attention's
scale are multiplied into the matrices that follow them, matrices that share an input stand side by side.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from mien.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# What this forward pass takes for granted.
_FIXED: dict[str, object] = {
    "model_type": "llama",
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": True,
}
_PLAIN_LORA: dict[str, object] = {
    "peft_type": "LORA",
    "bias": "none",
    "use_dora": False,
    "use_rslora": False,
    "fan_in_fan_out": False,
    "rank_pattern": {},
    "alpha_pattern": {},
}


class Shape(NamedTuple):
    """Sizes of a network: ``heads`` query heads in ``kv_heads`` groups, each ``head`` wide."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head: int
    context: int
    theta: float
    epsilon: float


class Layer(NamedTuple):
    """One block. Input is on the left: (N, d) @ (d, …).

    Attributes:
        attend: (d, (H + 2K) h) queries, keys and values.
        attended: (H h, d).
        widen: (d, 2 f) gate and up.
        narrow: (f, d).
    """

    attend: Floats
    attended: Floats
    widen: Floats
    narrow: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """All weights, float32 and contiguous: ``embedding`` (V, d), and ``head`` (d, V), the same but a norm."""

    shape: Shape
    embedding: Floats
    layers: tuple[Layer, ...]
    head: Floats


def read_weights(
    base: Mapping[str, bytes], source: object, adapters: Sequence[tuple[object, Mapping[str, bytes]]] = ()
) -> Weights:
    """Lay out the weights of a base model and of the adapters on it, one upon the other.

    Args:
        base: ``config.json`` and ``model.safetensors``.
        source: where they are from, for error messages.
        adapters: where each is from, and its ``adapter_config.json`` and ``adapter_model.safetensors``.

    Raises:
        InputError: the files are broken, or describe a network or an adapter of another kind.
    """
    with _as_input_error(source):
        shape = _shape(msgspec.json.decode(base["config.json"], type=dict[str, Any]))
        tensors = _tensors(base["model.safetensors"])
    for origin, adapter in adapters:
        with _as_input_error(origin):
            config = msgspec.json.decode(adapter["adapter_config.json"], type=dict[str, Any])
            _merge(tensors, config, _tensors(adapter["adapter_model.safetensors"]))
    with _as_input_error(source):
        return _laid_out(shape, tensors)


@contextmanager
def _as_input_error(source: object) -> Generator[None]:
    try:
        yield
    except KeyError as error:
        raise InputError(f"a weight or an entry of config.json is missing: {error}", source=source) from error
    except (msgspec.DecodeError, SafetensorError, TypeError, ValueError) as error:
        raise InputError(f"cannot be used as a small Llama: {error}", source=source) from error


def _tensors(data: bytes) -> dict[str, Floats]:
    return {name: np.asarray(tensor, dtype=np.float32) for name, tensor in load(data).items()}


def _require(config: Mapping[str, Any], wanted: Mapping[str, object]) -> None:
    for name, value in wanted.items():
        if config.get(name) not in (None, value):
            raise ValueError(f"{name} must be {value!r}, not {config[name]!r}")


def _shape(config: dict[str, Any]) -> Shape:
    _require(config, _FIXED)
    rope: dict[str, Any] = config.get("rope_parameters") or config.get("rope_scaling") or {}
    _require(rope, {"rope_type": "default"})
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    return Shape(
        layers=config["num_hidden_layers"],
        hidden=hidden,
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head=config.get("head_dim") or hidden // heads,
        context=config["max_position_embeddings"],
        theta=float(rope.get("rope_theta") or config["rope_theta"]),
        epsilon=float(config["rms_norm_eps"]),
    )


def _merge(tensors: dict[str, Floats], config: dict[str, Any], adapter: dict[str, Floats]) -> None:
    """Add an adapter in place: W + (alpha / r) B A (Hu et al. 2022, LoRA)."""
    _require(config, _PLAIN_LORA)
    scale = np.float32(config["lora_alpha"] / config["r"])
    for name, down in adapter.items():
        found = re.fullmatch(r"base_model\.model\.(.+)\.lora_([AB])\.weight", name)
        if not found:
            raise ValueError(f"the adapter's {name} is no weight of a LoRA on a linear layer")
        if found[2] == "A":
            up = adapter[name.replace(".lora_A.", ".lora_B.")]
            target = f"{found[1]}.weight"
            if target not in tensors:
                raise ValueError(f"the model has no place for the adapter's {name}")
            change = scale * np.matmul(up, down, dtype=np.float32)
            if change.shape != tensors[target].shape:
                raise ValueError(
                    f"the adapter's {name} is for weights of shape {change.shape}, "
                    f"those of the model are {tensors[target].shape}"
                )
            tensors[target] = tensors[target] + change


def _laid_out(shape: Shape, tensors: dict[str, Floats]) -> Weights:
    embedding = np.ascontiguousarray(tensors["model.embed_tokens.weight"])
    layers = tuple(_layer(shape, tensors, f"model.layers.{i}.") for i in range(shape.layers))
    head = np.ascontiguousarray((embedding * tensors["model.norm.weight"]).T)
    return Weights(shape, embedding, layers, head)


def _layer(shape: Shape, tensors: dict[str, Floats], prefix: str) -> Layer:
    def matrix(name: str) -> Floats:
        return tensors[f"{prefix}{name}.weight"]

    queries = _interleaved(matrix("self_attn.q_proj"), shape) * np.float32(shape.head**-0.5)
    keys = _interleaved(matrix("self_attn.k_proj"), shape)
    attend = np.concatenate([queries, keys, matrix("self_attn.v_proj")]) * matrix("input_layernorm")
    widen = np.concatenate([matrix("mlp.gate_proj"), matrix("mlp.up_proj")]) * matrix(
        "post_attention_layernorm"
    )
    stored = attend, matrix("self_attn.o_proj"), widen, matrix("mlp.down_proj")
    return Layer(*(np.ascontiguousarray(one.T) for one in stored))


def _interleaved(matrix: Floats, shape: Shape) -> Floats:
    """Rows of each head, (heads · h, d), reordered from 0, 1, 2, … to 0, h/2, 1, h/2 + 1, and so on.

    Hugging Face's Llama rotates entry i of a head together with entry i + h/2. Side by side they are one
    complex number. Queries and keys are reordered alike, which leaves their products as they were.
    """
    halves = matrix.reshape(-1, 2, shape.head // 2, matrix.shape[-1])
    return halves.transpose(0, 2, 1, 3).reshape(matrix.shape)
