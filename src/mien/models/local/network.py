"""The forward pass over a batch of texts of different length."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


#: What models call their cache, as an argument and in their output: since transformers 5.24, and before.
_MEMORY = ("cache", "past_key_values")

# All of torch's kernels but cuDNN's, which it takes first on an H100. That one makes a plan for each shape of
# a batch, and an answer that grows, or leaves, gives the batch another at each step.
_ATTENTION = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]


class State(NamedTuple):
    """What a model remembers of the texts read so far.

    Attributes:
        cache: transformers' own.
        mask: (rows, tokens so far), 0 for padding.
    """

    cache: Any
    mask: Tensor


class Network:
    """A causal language model of transformers."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._takes = frozenset(inspect.signature(model.forward).parameters)
        self._memory = next((name for name in _MEMORY if name in self._takes), "")
        self.device: torch.device = model.device
        self.vocabulary: int = model.config.get_text_config(decoder=True).vocab_size
        #: Tokens that it can read: of these there may be more, to fill up, or fewer than its tokenizer has.
        self.embeddings: int = model.get_input_embeddings().weight.shape[0]
        # Sums over a vocabulary of 100,000 lose digits in float32; Apple's GPUs have nothing longer.
        self.precise = torch.float32 if self.device.type == "mps" else torch.float64

    @property
    def remembers(self) -> bool:
        """Whether the model keeps what it read in a way that `step` knows."""
        # Without attention there are no positions, and each such model steps by rules of its own.
        recurrent = getattr(self._model, "_is_stateful", False) and "position_ids" not in self._takes
        return bool(self._memory) and not recurrent

    def read(self, texts: Sequence[Sequence[int]], keep: int, *, remember: bool) -> tuple[Tensor, State]:
        """Read texts from their beginnings.

        Texts are padded on the left, so that all end in the same column. Padding is masked, and positions
        count from a text's own first token.

        Args:
            texts: of tokens, each at least one.
            keep: how many of the last columns are wanted.
            remember: whether `step` is to follow.

        Returns:
            Logits (rows, columns, vocabulary) for what follows each column, in the model's number format.
        """
        width = max(map(len, texts))
        # Any token will do for padding; not all models have one for it.
        ids = torch.tensor([[0] * (width - len(text)) + list(text) for text in texts], device=self.device)
        mask = torch.tensor(
            [[0] * (width - len(text)) + [1] * len(text) for text in texts], device=self.device
        )
        return self._forward(ids, mask, None, min(keep, width), remember=remember)

    def step(self, tokens: Tensor, state: State, rows: Tensor | None) -> tuple[Tensor, State]:
        """Read one more token of each text.

        Args:
            tokens: (rows kept,).
            state: after what was read before.
            rows: which rows to keep; None for all.
        """
        cache, mask = state
        if rows is not None:
            cache.reorder_cache(rows)
            mask = mask.index_select(0, rows)
        mask = torch.cat([mask, mask.new_ones(len(tokens), 1)], 1)
        return self._forward(tokens[:, None], mask, cache, 1, remember=True)

    def follow(self, texts: Sequence[Sequence[int]], state: State, rows: Sequence[int]) -> Tensor:
        """Read texts that each follow one that was read before, several of them the same.

        Args:
            texts: of tokens; shorter ones are padded on the right, where nothing comes after them.
            state: after what was read before.
            rows: for each text, the row of what it follows.

        Returns:
            Logits (texts, columns, vocabulary) for what follows each column.
        """
        width = max(1, *map(len, texts))
        index = torch.tensor(rows, device=self.device)
        ids = torch.tensor([list(text) + [0] * (width - len(text)) for text in texts], device=self.device)
        read = [[1] * len(text) + [0] * (width - len(text)) for text in texts]
        state.cache.reorder_cache(index)
        mask = torch.cat([state.mask.index_select(0, index), torch.tensor(read, device=self.device)], 1)
        return self._forward(ids, mask, state.cache, width, remember=True)[0]

    def _forward(
        self, ids: Tensor, mask: Tensor, cache: Any, keep: int, *, remember: bool
    ) -> tuple[Tensor, State]:
        arguments: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, "use_cache": remember}
        if cache is not None:
            arguments[self._memory] = cache
        if "position_ids" in self._takes:
            arguments["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        if "logits_to_keep" in self._takes:
            arguments["logits_to_keep"] = keep
        with sdpa_kernel(_ATTENTION):
            out = self._model(**arguments)
        return out.logits[:, -keep:], State(out[self._memory] if remember else None, mask)


def tell(log_p: Any, tokens: Any, most: int) -> tuple[list[float], list[list[tuple[int, float]]]]:
    """Read log-probabilities off their distributions.

    Args:
        log_p: (places, vocabulary), a tensor.
        tokens: (places,), a tensor.
        most: how many of the likeliest tokens to tell.

    Returns:
        The log-probability of each token, and the likeliest tokens at its place with theirs, likeliest first.
    """
    own: list[float] = log_p.gather(1, tokens[:, None])[:, 0].tolist()
    if not most:
        return own, [[] for _ in own]
    values, ids = log_p.topk(min(most, log_p.shape[1]), 1)
    return own, [list(zip(i, v, strict=True)) for i, v in zip(ids.tolist(), values.tolist(), strict=True)]
