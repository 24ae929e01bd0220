"""Texts that say the same once more."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UsageError
from mien.traits import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Jaccard similarity of character trigrams from which two texts count as near-duplicates; as in the check of
#: constitutions.
THRESHOLD: Final = 0.7

_PERMUTATIONS = 128


class Seen:
    """Texts seen so far.

    Candidates for near-duplicates come from MinHash with locality-sensitive hashing (Broder, 1997; the
    library `datasketch`), and are then compared exactly, so that there are no false alarms; a near-duplicate
    is missed with a small chance, the smaller the more alike the texts are.

    Args:
        threshold: Jaccard similarity of character trigrams.

    Raises:
        UsageError: the extra ``train`` is missing.
    """

    def __init__(self, texts: Iterable[str] = (), *, threshold: float = THRESHOLD) -> None:
        self._sketches = _library()
        self._threshold = threshold
        self._index: Any = self._sketches.MinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS)
        self._texts: dict[str, str] = {}
        self._trigrams: dict[str, frozenset[str]] = {}
        for text in texts:
            self.add(text)

    def add(self, text: str) -> str | None:
        """Remember a text, unless one like it was seen: then that one is returned."""
        folded = fold(text)
        if folded in self._texts:
            return self._texts[folded]
        trigrams = frozenset(folded[n : n + 3] for n in range(max(1, len(folded) - 2)))
        sketch = self._sketches.MinHash(num_perm=_PERMUTATIONS)
        sketch.update_batch([trigram.encode() for trigram in sorted(trigrams)])
        for other in sorted(self._index.query(sketch)):
            theirs = self._trigrams[other]
            if len(trigrams & theirs) >= self._threshold * len(trigrams | theirs):
                return self._texts[other]
        self._index.insert(folded, sketch)
        self._texts[folded] = text
        self._trigrams[folded] = trigrams
        return None


def _library() -> Any:
    try:
        return import_module("datasketch")  # untyped
    except ModuleNotFoundError as error:
        raise UsageError("making training data needs the extra `train`: pip install 'mien[train]'") from error
