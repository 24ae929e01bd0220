"""Models that run in this process, in torch: ``hf/FOLDER``, ``hf/HUB-ID``, ``+ADAPTER``, ``hf/FILE.gguf``.

Reading order: `engine` (does jobs in batches), `places` (where the files are), `soundness` (whether they are
whole), `loading` (files to a model), `fingerprint` (what tells it from all others), `template` (the form in
which its chat template hands on conversations), `dialogue` (conversations to tokens), `network` (the forward
pass), `generation` and `scoring` (the two kinds of job), `sampling` (draws), `spelling` (tokens to text).

Raises:
    UsageError: torch or transformers are not installed.
"""

from __future__ import annotations

from mien.errors import UsageError

try:
    import torch as _torch  # noqa: F401  # pyright: ignore[reportUnusedImport]
    import transformers as _transformers  # noqa: F401  # pyright: ignore[reportUnusedImport]
except ImportError as error:
    raise UsageError(
        f"models of the kind hf/… need torch and transformers ({error}); pip install 'mien[local]'"
    ) from error

from mien.models.local.engine import Local

__all__ = ["Local"]
