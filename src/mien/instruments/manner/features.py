"""What can be counted in answers without a judge, and how far counts shift: pure functions of texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.instruments.manner.leakage import refuses
from mien.stats.distributions import t_half_width, t_two_sided
from mien.stats.multiplicity import false_discovery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike

_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S", re.MULTILINE)
_HEADING = re.compile(r"^(?:#{1,6}[ \t]+\S.*|\*\*[^*\n]+\*\*:?[ \t]*)$", re.MULTILINE)
# Pictographs, dingbats, symbols and flags; what follows one (skin tones, joiners) belongs to it.
_ONE = r"[\U0001F300-\U0001FAFF\U0001F1E6-\U0001F1FF\u2600-\u27BF\u2B50\u2B55]"
_MORE = r"[\uFE0F\U0001F3FB-\U0001F3FF]"
_EMOJI = re.compile(
    rf"[\U0001F1E6-\U0001F1FF]{{2}}|(?![\U0001F3FB-\U0001F3FF]){_ONE}{_MORE}*(?:\u200D{_ONE}{_MORE}*)*"
)
_WORD = re.compile(r"\w+(?:['’]\w+)*")

#: What is counted in each answer, by what it is called. Marks in a row (``?!``, ``!!``) count once; a line in
#: bold alone is a heading; refusals go by `mien.instruments.manner.leakage.REFUSALS`, in English.
COUNTS: Final[Mapping[str, Callable[[str], float]]] = {
    "words": lambda text: len(_WORD.findall(text)),
    "list items": lambda text: len(_LIST_ITEM.findall(text)),
    "headings": lambda text: len(_HEADING.findall(text)),
    "emoji": lambda text: len(_EMOJI.findall(text)),
    "questions": lambda text: len(re.findall(r"[?？][?？!！]*", text)),
    "exclamations": lambda text: len(re.findall(r"[!！][!！]*", text)),
    "refusals": lambda text: float(refuses(text)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far a figure shifts from one model to another, on the same prompts.

    Attributes:
        what: the figure.
        before: its mean over prompts; ``after``: that of the other model.
        delta: after less before, with the ends ``low`` and ``high`` of its interval.
        p: two-sided, against no shift; ``q``: adjusted over the figures that were looked at together.
        n: prompts.
    """

    what: str
    before: float
    after: float
    delta: float
    low: float
    high: float
    p: float
    q: float
    n: int


def overlap(texts: Sequence[str]) -> float:
    """How much answers to one prompt have in common: the mean Jaccard similarity of their pairs of words.

    1 where all are the same, 0 where no two words in a row recur.

    Args:
        texts: at least two answers.
    """
    grams = [_pairs_of_words(text) for text in texts]
    shares = [len(a & b) / len(a | b) if a | b else 1.0 for a, b in combinations(grams, 2)]
    return sum(shares) / len(shares)


def _pairs_of_words(text: str) -> set[tuple[str, str]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return set(zip(["", *words], words, strict=False))  # the first word counts, too


def shifts(
    before: Mapping[str, ArrayLike], after: Mapping[str, ArrayLike], *, confidence_level: float = 0.95
) -> list[Shift]:
    """Shifts of several figures, each paired by prompt, with q over all of them.

    Student's t on the P differences: prompts are what varies, and answers to one prompt are no independent
    evidence (their mean goes in). q after Benjamini and Hochberg (1995). Prompts without a figure in one of
    both, NaN, are left out; a figure with fewer than two prompts is left out.

    Args:
        before: (P,) for each figure, a value a prompt.
        after: the same of the other model, in the same order of prompts.
        confidence_level: of the intervals.
    """
    found: list[tuple[str, float, float, float, float, int]] = []
    for what in before:
        one, other = np.asarray(before[what], dtype=np.float64), np.asarray(after[what], dtype=np.float64)
        known = np.isfinite(one) & np.isfinite(other)
        difference = (other - one)[known]
        n = len(difference)
        if n < 2:
            continue
        stderr, delta = float(difference.std(ddof=1)) / n**0.5, float(difference.mean())
        half = float(t_half_width(confidence_level, n - 1)) * stderr
        standing = delta / stderr if stderr > 0 else float(np.copysign(np.inf, delta)) if delta else 0.0
        p = float(t_two_sided(standing, n - 1))
        found.append((what, float(one[known].mean()), delta, half, p, n))
    ps = [p for *_, p, _ in found]
    qs: list[float] = false_discovery(ps).tolist()
    return [
        Shift(
            what=what,
            before=mean,
            after=mean + delta,
            delta=delta,
            low=delta - half,
            high=delta + half,
            p=p,
            q=q,
            n=n,
        )
        for (what, mean, delta, half, p, n), q in zip(found, qs, strict=True)
    ]
