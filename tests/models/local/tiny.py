"""A model with small random weights, its tokenizer and adapters, and what to ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from mien.errors import UsageError
from mien.models.engine import Job, Output
from mien.models.local import Local
from mien.types import Message, Sampling

if TYPE_CHECKING:
    from pathlib import Path


TEMPLATE = (
    "{% for m in messages %}<|start|>{{ m.role }}\n{{ m.content | trim }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
TEXT = "hello world, how are you? I am well, thank you. the quick brown fox jumps over the lazy dog"
CONTEXT = 96


def build_tokenizer(folder: Path, template: str | None = TEMPLATE) -> Any:
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=310,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|pad|>", "<|start|>", "<|end|>", "<|stop|>"],
        show_progress=False,
    )
    inner.train_from_iterator([TEXT] * 3, trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|end|>")
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return tokenizer


def build(folder: Path, *, seed: int = 0, spread: float = 0.3, template: str | None = TEMPLATE) -> Path:
    tokenizer = build_tokenizer(folder, template)
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        initializer_range=spread,
        bos_token_id=None,
        eos_token_id=[2, 3],
    )
    # Greedy on purpose: the model's own defaults must not count.
    model = transformers.LlamaForCausalLM(config)
    model.generation_config.update(do_sample=True, top_k=1)
    model.save_pretrained(folder)
    return folder


def build_adapter(base: Path, folder: Path, **settings: Any) -> Any:
    """Put a random LoRA on a model and save it; returns the merged model."""
    import peft

    torch.manual_seed(5)
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    settings = {"r": 4, "target_modules": ["q_proj", "down_proj"], "init_lora_weights": False, **settings}
    adapted: Any = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **settings))
    adapted.save_pretrained(folder)
    return adapted.merge_and_unload()


def say(text: str, system: str = "") -> tuple[Message, ...]:
    user = Message(role="user", content=text)
    return (Message(role="system", content=system), user) if system else (user,)


def prompt_ids(tokenizer: Any, messages: tuple[Message, ...]) -> list[int]:
    return tokenizer.apply_chat_template(list(messages), add_generation_prompt=True)["input_ids"]


def log_p(oracle: Any, ids: list[int]) -> Any:
    with torch.inference_mode():
        return oracle(torch.tensor([ids])).logits[0].float().log_softmax(-1)


def jobs(count: int = 12, **sampling: Any) -> list[Job]:
    """Jobs of different length and seed."""
    words = TEXT.split()
    return [
        Job(
            prompt=say(" ".join(words[: 1 + i]), "be brief" * (i % 2)),
            sampling=Sampling(**{"max_tokens": 3 + i, **sampling}),
            seed=i,
        )
        for i in range(count)
    ]


def close(one: Output, other: Output) -> bool:
    return (one.text, one.finish_reason, one.failure, one.tokens_in) == (
        other.text,
        other.finish_reason,
        other.failure,
        other.tokens_in,
    ) and np.allclose([t.logprob for t in one.tokens], [t.logprob for t in other.tokens], atol=1e-4)


def refusal(spec: object, **settings: Any) -> str:
    with pytest.raises(UsageError) as caught:
        Local(str(spec), **{"device": "cpu", **settings})
    message = str(caught.value)
    assert "\n" not in message
    return message
