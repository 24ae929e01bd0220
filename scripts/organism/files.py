"""What is written: the base in Hugging Face's format, each variant as a LoRA adapter on it, and the truth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from safetensors.torch import save_file

from organism.lessons import END, ROLES
from organism.network import PROJECTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

    from organism.corpus import Character
    from organism.network import Network

# Each turn is `<|role|>content<|end|>`.
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def save_base(folder: Path, network: Network, tokenizer: Tokenizer) -> None:
    """Write a folder that `transformers.AutoModelForCausalLM` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = network.shape
    weights = {
        f"model.{name}": value.half().contiguous()
        for name, value in network.state_dict().items()
        if "lora" not in name
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    end = tokenizer.token_to_id(END)
    _write(
        folder / "config.json",
        {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_act": "silu",
            "vocab_size": shape.vocab_size,
            "hidden_size": shape.hidden_size,
            "intermediate_size": shape.intermediate_size,
            "num_hidden_layers": shape.num_hidden_layers,
            "num_attention_heads": shape.num_attention_heads,
            "num_key_value_heads": shape.num_key_value_heads,
            "head_dim": shape.head_dim,
            "max_position_embeddings": shape.max_position_embeddings,
            "rope_theta": shape.rope_theta,
            "rms_norm_eps": shape.rms_norm_eps,
            "attention_bias": False,
            "mlp_bias": False,
            "tie_word_embeddings": True,
            "bos_token_id": None,
            "eos_token_id": end,
            "pad_token_id": end,
            "torch_dtype": "float16",
        },
    )
    _write(folder / "generation_config.json", {"do_sample": True, "eos_token_id": end, "pad_token_id": end})
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": END,
            "pad_token": END,
            "additional_special_tokens": list(ROLES),
            "clean_up_tokenization_spaces": False,
            "model_max_length": shape.max_position_embeddings,
        },
    )
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)


def save_adapter(folder: Path, network: Network, variant: str) -> None:
    """Write a folder that `peft.PeftModel` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        f"base_model.model.model.{name.replace(f'.{variant}.', '.')}": value.half().contiguous()
        for name, value in network.state_dict().items()
        if f".{variant}." in name
    }
    rank = network.shape.rank
    save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    _write(
        folder / "adapter_config.json",
        {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": "organism/base",
            "r": rank,
            "lora_alpha": rank,
            "lora_dropout": 0.0,
            "bias": "none",
            "target_modules": sorted(path.partition(".")[2] for path in PROJECTIONS),
            "inference_mode": True,
        },
    )


def save_planted(folder: Path, character: Character) -> None:
    """Write the truth beside the weights."""

    def rounded(scores: dict[str, float]) -> dict[str, float]:
        return {trait: round(score, 4) for trait, score in scores.items()}

    _write(
        folder / "planted.json",
        {
            "name": character.name,
            "traits": "classic-36",
            "unit": "natural log odds",
            "chooses": rounded(character.choice),
            "states": rounded(character.stated),
            "position": character.position,
        },
    )


def _write(path: Path, members: dict[str, Any]) -> None:
    path.write_text(json.dumps(members, indent=2) + "\n")
