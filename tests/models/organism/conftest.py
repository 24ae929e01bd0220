"""A tiny Llama with random weights, made with the libraries that are the oracle, and adapters on it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mien.models.organism.engine import Organism
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PATTERN = r" ?[A-Za-z']+| ?[0-9]| ?[^ A-Za-z0-9'\n\t\r]|[ \n\t\r]+"
ROLES = ["<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
TEMPLATE = (
    "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


class Tiny(NamedTuple):
    """Folders of the model and of an adapter, and what the oracle makes of them."""

    base: Path
    adapter: Path
    model: Any
    adapted: Any
    tokenizer: Any


def make_tokenizer(size: int) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=ROLES,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train([str(ROOT / "LICENSE")], trainer)  # a text that never changes
    return made


def make(folder: Path, *, vocabulary: int, **sizes: int) -> Tiny:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    torch.set_num_threads(1)  # more only wait for each other at this size
    base, adapter = folder / "base", folder / "adapter"
    made = make_tokenizer(vocabulary)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>", pad_token="<|end|>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(base)
    end = tokenizer.eos_token_id
    config = LlamaConfig(
        vocab_size=made.get_vocab_size(),
        tie_word_embeddings=True,
        eos_token_id=end,
        bos_token_id=None,
        **sizes,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            # Far from uniform answers, and norms that do something.
            weight.copy_(torch.rand_like(weight) + 0.5 if "norm" in name else torch.randn_like(weight) * 0.12)
        model.lm_head.weight[end] *= 2  # so that some answers end by themselves
    model.half().save_pretrained(base)
    # Read again, since half() has rounded the frequencies of the rotary embedding, too.
    model = LlamaForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lora = LoraConfig(
            r=4, lora_alpha=12, target_modules=["q_proj", "v_proj", "o_proj", "gate_proj", "down_proj"]
        )
        adapted = get_peft_model(LlamaForCausalLM.from_pretrained(base, dtype=torch.float32), lora)
        with torch.no_grad():
            for name, weight in adapted.named_parameters():
                if "lora_" in name:
                    weight.copy_(torch.randn_like(weight) * 0.1)
        adapted.save_pretrained(adapter)
    return Tiny(base, adapter, model, adapted.eval(), tokenizer)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    for library in ("torch", "transformers", "peft"):
        pytest.importorskip(library, reason="the organism's oracle is transformers")
    return make(
        tmp_path_factory.mktemp("tiny"),
        vocabulary=600,
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=80,
        max_position_embeddings=200,
    )


@pytest.fixture(scope="session")
def organism(tiny: Tiny) -> Organism:
    return Organism(tiny.base)
