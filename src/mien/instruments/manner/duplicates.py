"""Texts that say the same once more."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UsageError
from mien.materials.traits import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Jaccard similarity of character trigrams from which two texts count as near-duplicates; as in the check of
#: constitutions.
THRESHOLD: Final = 0.7

_PERMUTATIONS = 128


def alike(one: str, other: str) -> bool:
    """Whether two texts are duplicates or near-duplicates of each other; case and white space don't count."""
    return fold(one) == fold(other) or _near(_trigrams(fold(one)), _trigrams(fold(other)), THRESHOLD)


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
        for text in texts:
            self.add(text)

    def add(self, text: str) -> str | None:
        """Remember a text, unless one like it was seen: then that one is returned."""
        folded = fold(text)
        found, sketch = self._look(folded)
        if found is None:
            self._index.insert(folded, sketch)
            self._texts[folded] = text
        return found

    def find(self, text: str) -> str | None:
        """The text like this one that was seen, if there is one."""
        return self._look(fold(text))[0]

    def _look(self, folded: str) -> tuple[str | None, Any]:
        if folded in self._texts:
            return self._texts[folded], None
        trigrams = _trigrams(folded)
        sketch = self._sketches.MinHash(num_perm=_PERMUTATIONS)
        sketch.update_batch([trigram.encode() for trigram in sorted(trigrams)])
        for other in sorted(self._index.query(sketch)):
            if _near(trigrams, _trigrams(other), self._threshold):
                return self._texts[other], sketch
        return None, sketch


def _trigrams(folded: str) -> frozenset[str]:
    return frozenset(folded[n : n + 3] for n in range(max(1, len(folded) - 2)))


def _near(one: frozenset[str], other: frozenset[str], threshold: float) -> bool:
    return len(one & other) >= threshold * len(one | other)


def _library() -> Any:
    try:
        return import_module("datasketch")  # untyped
    except ModuleNotFoundError as error:
        raise UsageError("making training data needs the extra `train`: pip install 'mien[train]'") from error
