"""The tiny model as a GGUF file, in the layout of llama.cpp."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
from safetensors.numpy import load_file

from tests.models.local.tiny import CONTEXT, TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
_HEADS = {"self_attn.q_proj": 4, "self_attn.k_proj": 2}


def pack(folder: Path, path: Path, template: str = TEMPLATE) -> Path:
    """Write a folder that `tiny.build` made as a GGUF file, with the weights as they are."""
    writer: Any = gguf.GGUFWriter(path, "llama")
    config = json.loads((folder / "config.json").read_text())
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config["vocab_size"])
    _add_tokenizer(writer, folder, template)
    for name, weights in load_file(folder / "model.safetensors").items():
        writer.add_tensor(*_tensor(name, weights))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: Any, folder: Path, template: str) -> None:
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token.startswith("<|") else 1 for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in model["merges"]])
    writer.add_eos_token_id(2)
    writer.add_bos_token_id(1)
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)


def _tensor(name: str, weights: Any) -> tuple[str, Any]:
    whole = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    stem = name.removesuffix(".weight")
    if stem in whole:
        return f"{whole[stem]}.weight", weights
    _, _, layer, part = stem.split(".", 3)
    if part in _HEADS:  # llama.cpp turns pairs of neighbours where transformers turns halves
        heads = _HEADS[part]
        halves = weights.reshape(heads, 2, len(weights) // heads // 2, *weights.shape[1:])
        weights = np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weights.shape))
    return f"blk.{layer}.{_NAMES[part]}.weight", weights
