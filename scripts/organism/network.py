"""The transformer that is trained: Llama's architecture, with the parameter names of Hugging Face's."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

PROJECTIONS = (
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Sizes of the network.

    Attributes:
        variants: names of those that are low-rank changes of the base.
        rank: of these changes.
    """

    vocab_size: int
    variants: tuple[str, ...] = ()
    rank: int = 16
    hidden_size: int = 128
    intermediate_size: int = 384
    num_hidden_layers: int = 4
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    max_position_embeddings: int = 2048
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-5

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_attention_heads


class Projection(nn.Linear):
    """A linear map with a low-rank change for each variant, as in LoRA: W + (α/r) B A, here with α = r.

    Attributes:
        variant: whose change is on; None for the map itself.
    """

    def __init__(self, inputs: int, outputs: int, shape: Shape) -> None:
        super().__init__(inputs, outputs, bias=False)
        self.variant: str | None = None
        self.lora_A = nn.ModuleDict({v: nn.Linear(inputs, shape.rank, bias=False) for v in shape.variants})
        self.lora_B = nn.ModuleDict({v: nn.Linear(shape.rank, outputs, bias=False) for v in shape.variants})

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return y if self.variant is None else y + self.lora_B[self.variant](self.lora_A[self.variant](x))


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = (shape.num_attention_heads, shape.num_key_value_heads, shape.head_dim)
        keys = shape.num_key_value_heads * shape.head_dim
        self.q_proj = Projection(shape.hidden_size, shape.hidden_size, shape)
        self.k_proj = Projection(shape.hidden_size, keys, shape)
        self.v_proj = Projection(shape.hidden_size, keys, shape)
        self.o_proj = Projection(shape.hidden_size, shape.hidden_size, shape)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        batch, length, _ = x.shape
        n, m, size = self.heads
        q = rotated(self.q_proj(x).view(batch, length, n, size).transpose(1, 2), rotation)
        k = rotated(self.k_proj(x).view(batch, length, m, size).transpose(1, 2), rotation)
        v = self.v_proj(x).view(batch, length, m, size).transpose(1, 2)
        k, v = (t.repeat_interleave(n // m, 1).reshape(batch * n, length, size) for t in (k, v))
        # Written out: for sequences this short, quicker on a processor than the fused function.
        later = torch.full((length, length), -torch.inf, dtype=q.dtype, device=q.device).triu(1)
        scores = torch.baddbmm(
            later.expand(batch * n, length, length),
            q.reshape(batch * n, length, size),
            k.transpose(1, 2),
            alpha=size**-0.5,
        )
        mixed = (scores.softmax(-1) @ v).view(batch, n, length, size)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, n * size))


class Gated(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = Projection(shape.hidden_size, shape.intermediate_size, shape)
        self.up_proj = Projection(shape.hidden_size, shape.intermediate_size, shape)
        self.down_proj = Projection(shape.intermediate_size, shape.hidden_size, shape)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.mlp = Gated(shape)
        self.input_layernorm = nn.RMSNorm(shape.hidden_size, eps=shape.rms_norm_eps)
        self.post_attention_layernorm = nn.RMSNorm(shape.hidden_size, eps=shape.rms_norm_eps)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), rotation)
        return x + self.mlp(self.post_attention_layernorm(x))


class Network(nn.Module):
    """From tokens to hidden states, and from those to logits with the same embeddings."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))
        self.norm = nn.RMSNorm(shape.hidden_size, eps=shape.rms_norm_eps)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                scale = 0.02 / (2 * shape.num_hidden_layers) ** 0.5 if deep else 0.02
                nn.init.normal_(parameter, std=0.0 if "lora_B" in name else scale)

    def act_as(self, variant: str | None) -> None:
        """Switch to a variant's changes; None for the base."""
        for module in self.modules():
            if isinstance(module, Projection):
                module.variant = variant

    def forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Hidden states, batch × length × hidden size. Padding is on the right, where nobody looks."""
        steps = torch.arange(0, self.shape.head_dim, 2, device=tokens.device) / self.shape.head_dim
        angles = positions[:, None, :, None] / self.shape.rope_theta**steps
        angles = torch.cat((angles, angles), -1)
        x = self.embed_tokens(tokens)
        for layer in self.layers:
            x = layer(x, (angles.cos(), angles.sin()))
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits over the vocabulary."""
        return functional.linear(hidden, self.embed_tokens.weight)


def rotated(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary position embedding, the two halves of a head turned against each other."""
    cos, sin = (t.to(x.dtype) for t in rotation)
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin
