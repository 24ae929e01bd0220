"""Self-BLEU: how well each sample is foretold by the others, as sacrebleu has it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from mien.stats.estimates import Quantity, Share

if TYPE_CHECKING:
    from collections.abc import Sequence

SELF_BLEU: Final = Quantity("self_bleu", Share())

#: Samples of a prompt that are set against one another: the time grows with their square.
MOST: Final = 16

MISSING: Final = "it takes sacrebleu: pip install 'mien[diversity]'"


def installed() -> bool:
    """Whether sacrebleu is there."""
    return find_spec("sacrebleu") is not None


def _scorer() -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(effective_order=True, tokenize="none")  # of short samples, and words are told already


def signature() -> str:
    """With what settings: without them no figure can be compared."""
    scorer = _scorer()
    scorer.sentence_score("a", ["a"])
    return str(scorer.get_signature()).partition("|")[2]  # without the number of references


def self_bleu(samples: Sequence[Sequence[str]]) -> float:
    """The mean BLEU of each sample against all others, 0 to 1 (Zhu et al. 2018, SIGIR, 1097–1100).

    NaN where fewer than two samples have words.
    """
    told = [" ".join(words) for words in samples[:MOST] if words]
    if len(told) < 2:
        return float("nan")
    scorer = _scorer()
    scores = [scorer.sentence_score(one, told[:i] + told[i + 1 :]).score for i, one in enumerate(told)]
    return min(sum(scores) / len(scores) / 100, 1.0)
