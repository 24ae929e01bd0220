"""Texts as points, beside what transformers itself makes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import transformers

from mien.errors import InputError
from mien.models.local.embedding import Embedding
from tests.models.local.tiny import build_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = ("hello world", "the quick brown fox jumps over the lazy dog " * 9)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    tokenizer = build_tokenizer(folder)
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        initializer_range=0.3,
    )
    model: Any = transformers.BertModel(config, add_pooling_layer=False)
    model.save_pretrained(folder)
    return folder


def pooled(folder: Path, modes: dict[str, bool]) -> None:
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 16} | modes))


@pytest.mark.parametrize("first", [False, True])
def test_points_are_those_of_transformers(encoder: Path, first: bool) -> None:
    pooled(encoder, {"pooling_mode_cls_token": first, "pooling_mode_mean_tokens": not first})
    embed = Embedding(f"hf/{encoder}")
    assert embed.pooling == ("first token" if first else "mean")
    found = embed(TEXTS)
    auto: Any = transformers.AutoModel
    model, tokenizer = auto.from_pretrained(encoder), transformers.AutoTokenizer.from_pretrained(encoder)
    for text, point in zip(TEXTS, found, strict=True):
        read = tokenizer(text, return_tensors="pt")["input_ids"][:, :64]
        with torch.no_grad():
            states = model(input_ids=read).last_hidden_state[0]
        whole = (states[0] if first else states.mean(0)).numpy()
        assert point == pytest.approx(whole / np.linalg.norm(whole), abs=1e-6)
    assert not embed(("",)).any()


def test_what_cannot_be_taken_is_refused(encoder: Path, tmp_path: Path) -> None:
    pooled(encoder, {"pooling_mode_max_tokens": True})
    with pytest.raises(InputError, match="pools by pooling_mode_max_tokens"):
        Embedding(f"hf/{encoder}")
    pooled(encoder, {"pooling_mode_mean_tokens": True})
    with pytest.raises(InputError, match="hf/FOLDER"):
        Embedding("openai/text-embedding-3-small")
    with pytest.raises(InputError, match=r"no config\.json in this folder"):
        Embedding(f"hf/{tmp_path}")
