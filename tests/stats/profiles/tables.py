"""Verdicts drawn from known scores, and verdicts written out."""

from __future__ import annotations

import numpy as np

from mien.stats.comparisons import Comparisons

NAMES = ("airy", "bold", "calm", "drab", "eager", "frank", "glum", "hasty")
SCORES = np.linspace(1.4, -1.4, 8)


def table(n_trials=400, *, k=2, scores=SCORES, first=0.4, seed=0, n_prompts=60, **changes):
    rng = np.random.default_rng(seed)
    options = np.argsort(rng.random((n_trials, len(scores))), axis=1)[:, :k]
    utilities = scores[options] + rng.gumbel(size=(n_trials, k))
    utilities[:, 0] += first
    fields = {
        "traits": NAMES[: len(scores)],
        "options": options.astype(np.int32),
        "chosen": utilities.argmax(axis=1).astype(np.int32),
        "cluster": rng.integers(n_prompts, size=n_trials).astype(np.int32),
        "clusters": tuple(f"p{i:02d}" for i in range(n_prompts)),
    }
    return Comparisons(**(fields | changes))


def games(*rows):
    """A table of [first, second, position chosen] with a prompt a row."""
    rows = np.array(rows, dtype=np.int32)
    return table(
        n_trials=len(rows),
        options=rows[:, :-1],
        chosen=rows[:, -1],
        cluster=np.arange(len(rows), dtype=np.int32),
        clusters=tuple(f"p{i}" for i in range(len(rows))),
    )
