"""Tokens to text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from mien.models.local.spelling import Spelling

if TYPE_CHECKING:
    from pathlib import Path


def test_pieces_add_up_to_the_text_also_within_characters(tokenizer: Any) -> None:
    spelling = Spelling(tokenizer)
    for text in ("hello world", "wörld 🙂 of 日本語, ok", "🙂", "a\ufffdb", "<|start|>hello<|end|> you"):
        ids = tokenizer(text)["input_ids"]
        assert "".join(spelling.pieces(ids)) == tokenizer.decode(ids, skip_special_tokens=True)
    broken = tokenizer("🙂")["input_ids"][:-1]
    assert "".join(spelling.pieces(broken)) == tokenizer.decode(broken)
    assert spelling.name(2, first=True) == "<|end|>"


def test_words_that_drop_their_first_space_keep_it_inside(tmp_path: Path) -> None:
    """As in tokenizers of the SentencePiece family."""
    inner = Tokenizer(models.BPE({"▁": 0, "a": 1, "b": 2, "▁a": 3, "▁b": 4}, [("▁", "a"), ("▁", "b")]))
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    inner.decoder = decoders.Metaspace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner)
    spelling = Spelling(tokenizer)
    assert spelling.pieces([3, 4, 1]) == ["a", " b", "a"]
    assert spelling.name(4, first=True) == "b"
    assert spelling.name(4, first=False) == " b"


def test_special_tokens_that_mark_reasoning_stay_in_the_text() -> None:
    marks = ["[THINK]", "[/THINK]"]
    words = ["a", "[END]", *marks, "hm", "yes"]
    inner = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="a"))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="[END]")
    tokenizer.add_special_tokens({"additional_special_tokens": marks})
    ids = [words.index(word) for word in ("[THINK]", "hm", "[/THINK]", "yes", "[END]")]
    assert "".join(Spelling(tokenizer).pieces(ids)).replace(" ", "") == "[THINK]hm[/THINK]yes"
