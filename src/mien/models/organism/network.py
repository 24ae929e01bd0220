"""The forward pass of a Llama in numpy (Touvron et al. 2023), with a memory of keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.models.organism.weights import Layer, Weights
    from mien.types import Ints

    Floats = NDArray[np.float32]


class Network:
    """A network that reads tokens row by row and remembers them.

    Rows of a batch may differ in length. A token's place in memory is its position, and a query sees the
    places up to its own: what stands behind a row's last token, be it padding or a former row's, is never
    seen, and is overwritten when the row grows.
    """

    def __init__(self, weights: Weights) -> None:
        self.shape = shape = weights.shape
        self._weights = weights
        # Rotary embedding (Su et al. 2021): pair j of a head turns by θ^(−2j/h) for each position.
        turns = shape.theta ** (-np.arange(0, shape.head, 2) / shape.head)
        angles = np.outer(np.arange(shape.context), turns)
        phases = np.exp(1j * angles).astype(np.complex64)
        self._phases = np.tile(phases, shape.heads + shape.kv_heads)  # queries and keys at once

    def memory(self, rows: int, places: int) -> Floats:
        """Room for keys and values, (layers, 2, rows, K, places, h).

        It is finite everywhere, since places that are not seen enter sums, with weight 0.
        """
        shape = self.shape
        return np.zeros((shape.layers, 2, rows, shape.kv_heads, places, shape.head), np.float32)

    def read(self, tokens: Ints, starts: Ints, memory: Floats) -> Floats:
        """Read further tokens of each row and remember them.

        Args:
            tokens: (B, T), padded at the end.
            starts: (B,) tokens of each row that are in memory.
            memory: (layers, 2, B, K, at least max(starts) + T, h), written in place.

        Returns:
            (B, T, d) states after the last layer, for `logits`.
        """
        rows, width = tokens.shape
        positions = starts[:, None] + np.arange(width, dtype=np.int64)
        seen = int(starts.max()) + width
        hidden = np.where(
            np.arange(seen, dtype=np.int64) > positions[..., None], np.float32(-np.inf), np.float32(0)
        )
        phases = self._phases[np.minimum(positions, self.shape.context - 1).ravel()]
        states = self._weights.embedding[tokens.ravel()]
        queries = self.shape.heads * self.shape.head
        row = np.arange(rows, dtype=np.int64)[:, None]
        for layer, places in zip(self._weights.layers, memory, strict=True):
            mixed = self._normed(states) @ layer.attend
            turned = mixed[:, : 2 * phases.shape[1]].view(np.complex64)
            turned *= phases
            own = mixed[:, queries:].reshape(rows, width, 2, self.shape.kv_heads, -1)
            keys, values = places
            keys[row, :, positions] = own[:, :, 0]
            values[row, :, positions] = own[:, :, 1]
            states += self._attention(mixed, places[..., :seen, :], hidden) @ layer.attended
            states += self._feed_forward(states, layer)
        return states.reshape(rows, width, -1)

    def logits(self, states: Floats) -> Floats:
        """(N, V) of (N, d) states."""
        return self._normed(states) @ self._weights.head

    def _normed(self, states: Floats) -> Floats:
        """RMSNorm (Zhang and Sennrich 2019) without its weights, which are in the matrices that follow."""
        squares: Floats = np.vecdot(states, states)
        squares /= states.shape[1]
        squares += np.float32(self.shape.epsilon)
        np.sqrt(squares, out=squares)
        return np.divide(states, squares[:, None], dtype=np.float32)

    def _attention(self, mixed: Floats, places: Floats, hidden: Floats) -> Floats:
        """(B · T, H h) values that each query attends to.

        Args:
            mixed: (B · T, …) whose first H h columns are the queries, scaled and turned.
            places: (2, B, K, S, h) keys and values.
            hidden: (B, T, S) 0 where a query sees a place, else −∞.
        """
        rows, width, seen = hidden.shape
        heads, groups, size = self.shape.heads, self.shape.kv_heads, self.shape.head
        per_group = heads // groups
        queries = mixed[:, : heads * size].reshape(rows, width, groups, per_group, size)
        # Queries that share keys are rows of one matrix: (B, K, G · T, h) @ (B, K, h, S).
        queries = queries.transpose(0, 2, 3, 1, 4).reshape(rows, groups, -1, size)
        scores = queries @ places[0].swapaxes(2, 3)
        scores.reshape(rows, groups, per_group, width, seen)[:] += hidden[:, None, None]
        scores -= scores.max(-1, keepdims=True)
        np.exp(scores, out=scores)
        found = scores @ places[1]
        found /= scores.sum(-1, keepdims=True)
        found = found.reshape(rows, groups, per_group, width, size).transpose(0, 3, 1, 2, 4)
        return found.reshape(rows * width, heads * size)

    def _feed_forward(self, states: Floats, layer: Layer) -> Floats:
        """SwiGLU (Shazeer 2020): (silu(x W_gate) ∘ x W_up) W_down with silu(g) = g / (1 + exp(−g))."""
        wide = self._normed(states) @ layer.widen
        gate, up = wide[:, : wide.shape[1] // 2], wide[:, wide.shape[1] // 2 :]
        up *= gate
        np.negative(gate, out=gate)
        with np.errstate(over="ignore"):  # exp(−g) = ∞ gives silu its limit, 0
            np.exp(gate, out=gate)
        gate += 1
        up /= gate
        return np.matmul(up, layer.narrow, dtype=np.float32)
