"""How far those who read a run agree, and how often each could read it: pure functions of their labels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mien.stats.agreement.kappa import cohen_kappa
from mien.stats.proportions import Proportion, proportion
from mien.types import NON_CHOICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Rater:
    """Who read T responses, and how.

    Attributes:
        name: of the judge or person.
        labels: (T,) the place of the chosen option, or a non-choice; empty where none was given.
        identity: equal for a judge and its repeats; None for one that has no repeat.
    """

    name: str
    labels: ArrayLike
    identity: object = None

    @property
    def given(self) -> NDArray[np.bool_]:
        """(T,) where there is a label."""
        return np.asarray(self.labels, dtype=np.str_) != ""


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """T responses that were read.

    Attributes:
        clusters: (T,) labels of the prompts: shares are clustered by them, and α resamples them.
        categories: (T,) of the prompts; an empty one makes no group.
        lengths: (T,) of the responses; those of equal length share a third.
    """

    clusters: ArrayLike
    categories: ArrayLike
    lengths: ArrayLike


class Alpha(NamedTuple):
    """Krippendorff's α with its interval, the raters, and the n trials that two or more of them read."""

    alpha: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two raters on the trials that both have read; κ is None where all labels are one and the same.

    Its ends are None where either rater always gives one label: κ is then 0 by construction. ``itself`` marks
    a judge and a repeat of its reading.
    """

    a: str
    b: str
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    agreement: float
    agreement_low: float
    agreement_high: float
    n: int
    itself: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a rater gave a kind of verdict in a group of trials.

    Attributes:
        by: ``"all"``, ``"category"`` of the prompt, or ``"length"`` of the response.
        group: the category; ``"short"``, ``"middle"`` or ``"long"``.
        verdict: ``"chosen"`` or one of `mien.types.NON_CHOICES`.
    """

    rater: str
    by: str
    group: str
    verdict: str
    share: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pairs of raters, α over all of them but for repeats, and the rates of each."""

    raters: tuple[str, ...]
    repeats: tuple[str, ...]
    pairs: tuple[Pair, ...]
    alpha: Alpha | None
    rates: tuple[Rate, ...]

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON holds it."""
        found = asdict(self)
        found["alpha"] = self.alpha and self.alpha._asdict()
        return found


def krippendorff_alpha(
    labels: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Alpha:
    """Agreement of any number of raters beyond chance, with gaps (Krippendorff 2018, "Content Analysis").

    For nominal labels, α = 1 − D_o/D_e with m_u labels on trial u, n_uk of them k, and n in all,

        D_o = (1/n) Σ_u (m_u² − Σ_k n_uk²)/(m_u − 1),   D_e = (n² − Σ_k n_k²)/(n (n − 1)).

    The interval is the percentile bootstrap over whole clusters. α is None where no trial has two labels, or
    all labels are one and the same; the ends are None with a single cluster. Resamples with one label alone,
    whose α is 0/0, are left out.

    Args:
        labels: (R, T) labels of R raters on T trials, as words; empty where a rater gave none.
        clusters: (T,) labels of what is resampled; None resamples trials.
        confidence_level: of the interval.
        n_resamples: of the bootstrap.
        seed: of the bootstrap.
    """
    given = np.asarray(labels, dtype=np.str_)
    kept = np.count_nonzero(given != "", axis=0) > 1
    n = int(kept.sum())
    if n == 0:
        return Alpha(None, None, None, 0)
    given = given[:, kept]
    counts = np.stack([np.sum(given == k, axis=0) for k in np.unique(given[given != ""])], axis=1)
    m = counts.sum(axis=1)
    apart = (m**2 - np.sum(counts**2, axis=1)) / (m - 1)
    units = np.arange(n) if clusters is None else np.asarray(clusters)[kept]
    codes = np.unique(units, return_inverse=True)[1]
    n_clusters = int(codes.max()) + 1
    terms = np.zeros((n_clusters, counts.shape[1] + 1))
    np.add.at(terms, codes, np.column_stack([apart, counts]))
    whole = float(_alpha(terms.sum(axis=0)))
    if not np.isfinite(whole):
        return Alpha(None, None, None, n)
    if n_clusters == 1:
        return Alpha(whole, None, None, n)
    rng = np.random.default_rng(seed)
    even = np.full(n_clusters, 1 / n_clusters)
    drawn = _alpha(np.stack([rng.multinomial(n_clusters, even) @ terms for _ in range(n_resamples)]))
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(drawn[np.isfinite(drawn)], [tail, 1 - tail])
    return Alpha(whole, float(low), float(high), n)


def _alpha(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """α from (…, 1 + labels) sums over trials: disagreement, then the count of each label."""
    counts = sums[..., 1:]
    n = counts.sum(axis=-1)
    expected = n**2 - np.sum(counts**2, axis=-1)
    one_label = expected == 0
    return np.where(one_label, np.nan, 1 - sums[..., 0] * (n - 1) / np.where(one_label, 1, expected))


def agreement(
    raters: Sequence[Rater], responses: Responses, *, confidence_level: float = 0.95, seed: int = 0
) -> Agreement:
    """Compare every two raters, take α over all, and count kinds of verdict by category and length.

    Args:
        raters: who read the responses. A repeat agrees with its judge more than others do: α leaves it out.
        responses: what they read.
        confidence_level: of the intervals.
        seed: of the bootstrap.
    """
    prompts = np.asarray(responses.clusters)
    kinds = [rater.name if rater.identity is None else rater.identity for rater in raters]
    firsts = [rater for r, rater in enumerate(raters) if kinds[r] not in kinds[:r]]
    pairs = [
        _pair(raters[a], raters[b], prompts, confidence_level, itself=kinds[a] == kinds[b])
        for a, b in combinations(range(len(raters)), 2)
        if np.any(raters[a].given & raters[b].given)
    ]
    alpha = None
    if len(firsts) > 1:
        labels = [np.asarray(rater.labels, dtype=np.str_) for rater in firsts]
        alpha = krippendorff_alpha(labels, clusters=prompts, confidence_level=confidence_level, seed=seed)
    groups = _groups(np.asarray(responses.categories, dtype=np.str_), np.asarray(responses.lengths))
    rates = [
        Rate(rater.name, by, group, verdict, found.share, found.low, found.high, found.n)
        for rater in raters
        for by, group, members in groups
        for verdict, found in _rates(rater, members, prompts, confidence_level)
    ]
    repeats = tuple(rater.name for rater in raters if rater not in firsts)
    return Agreement(tuple(rater.name for rater in raters), repeats, tuple(pairs), alpha, tuple(rates))


def _pair(a: Rater, b: Rater, prompts: NDArray[Any], confidence_level: float, *, itself: bool) -> Pair:
    both = a.given & b.given
    first, second = (np.asarray(rater.labels, dtype=np.str_)[both] for rater in (a, b))
    kappa = cohen_kappa(first, second, confidence_level=confidence_level)
    alike = proportion(first == second, clusters=prompts[both], confidence_level=confidence_level)
    beyond, low, high = (float(x) if np.isfinite(x) else None for x in (kappa.kappa, kappa.low, kappa.high))
    if np.all(first == first[0]) or np.all(second == second[0]):
        low = high = None  # κ is 0 whatever the other says, and so is its standard error
    ends = (alike.low, alike.high, alike.n)
    return Pair(a.name, b.name, beyond, low, high, alike.share, *ends, itself=itself)


def _groups(categories: NDArray[np.str_], lengths: NDArray[Any]) -> list[tuple[str, str, NDArray[np.bool_]]]:
    groups = [("all", "", np.ones(len(lengths), dtype=bool))]
    groups += [("category", str(name), categories == name) for name in np.unique(categories) if name]
    if len(lengths) and np.ptp(lengths):
        third = np.searchsorted(np.quantile(lengths, [1 / 3, 2 / 3]), lengths)
        groups += [("length", name, third == i) for i, name in enumerate(("short", "middle", "long"))]
    return groups


def _rates(
    rater: Rater, members: NDArray[np.bool_], clusters: NDArray[Any], confidence_level: float
) -> list[tuple[str, Proportion]]:
    own, read = np.asarray(rater.labels, dtype=np.str_), members & rater.given
    if not read.any():
        return []
    kinds = np.where(np.isin(own[read], NON_CHOICES), own[read], "chosen")
    return [
        (kind, proportion(kinds == kind, clusters=clusters[read], confidence_level=confidence_level))
        for kind in ("chosen", *NON_CHOICES)
    ]
