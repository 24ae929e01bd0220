"""A run's trials as its fit needs them, however many there are.

The likelihood of a trial depends on the options in the order shown and on the outcome. Pairs of 144 items
have 20,592 orders and three outcomes: of ten million trials no more than 61,776 differ. They are counted, and
the choice model is fitted to the counts; only the gradients by cluster take a look at each trial. Where
options are more, hardly two trials are alike: they are then sorted by cluster, and laid out in blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mien.stats.choice.members import Members
from mien.stats.choice.trials import FEWEST_RATERS, Trials, counting
from mien.stats.comparisons import TIE_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mien.stats.comparisons import Comparisons
    from mien.types import Ints, Ties

MANY: Final = 1 << 17  # trials: fewer are laid out as they are, which is as fast, and exact to the last digit
CHUNK: Final = 1 << 20  # trials that are coded at a time


def tally(comparisons: Comparisons, *, ties: Ties = "half") -> Trials:
    """The trials that count, as `Trials.decided` gives them, in what form is fitted with least memory.

    Args:
        comparisons: the run's verdicts.
        ties: what they count as.

    Raises:
        UsageError: as `Trials.decided`.
    """
    n_trials, n_options = comparisons.options.shape
    if n_trials >= MANY:
        if 2 * len(comparisons.traits) ** n_options * (n_options + 1) <= n_trials:
            return _counted(comparisons, ties)
        if n_options > 2 and len(comparisons.raters) < FEWEST_RATERS:
            return _sorted(comparisons, ties)
    return Trials.decided(comparisons, ties=ties)


def _counted(comparisons: Comparisons, ties: Ties) -> Trials:
    """Each kind of trial once, weighted by how many there are."""
    n, n_options = len(comparisons.traits), comparisons.options.shape[1]
    kept, n_kinds = counting(comparisons, ties), n**n_options * (n_options + 1)
    count = np.zeros(n_kinds, dtype=np.int64)
    for kinds in _kinds(comparisons, kept):
        count += np.bincount(kinds, minlength=n_kinds)
    known = np.flatnonzero(count)
    row_of = np.zeros(n_kinds, dtype=np.min_scalar_type(len(known)))
    row_of[known] = np.arange(len(known))
    row = np.concatenate([row_of[kinds] for kinds in _kinds(comparisons, kept)])
    shown, outcome = np.divmod(known, n_options + 1)
    trials = Trials.of(
        np.stack([shown // n**place % n for place in reversed(range(n_options))], axis=1),
        np.where(outcome == n_options, TIE_CODE, outcome),
        n,
        weights=count[known],
        names=comparisons.traits,
    )
    prompt = _narrow(comparisons.cluster, len(comparisons.clusters))[kept]
    return trials._replace(
        clusters=Members.of(prompt, row, len(known)),
        crossed=_crossed(comparisons, kept, row, len(known)),
        ties_apart=ties == "davidson",
    )


def _kinds(comparisons: Comparisons, kept: NDArray[np.bool_]) -> Iterator[Ints]:
    """The kinds of the trials that count, a chunk at a time: options and outcome as one number."""
    n, n_options = len(comparisons.traits), comparisons.options.shape[1]
    for begin in range(0, len(kept), CHUNK):
        here = np.flatnonzero(kept[begin : begin + CHUNK]) + begin
        kinds = np.zeros(len(here), dtype=np.int64)
        for shown in comparisons.options.T:
            options = shown[here].astype(np.int64)
            if len(options) and not 0 <= options.min() <= options.max() < n:
                raise ValueError("options must lie in 0 … n − 1")
            kinds = kinds * n + options
        chosen = comparisons.chosen[here].astype(np.int64)
        if len(chosen) and chosen.max() >= n_options:
            raise ValueError("chosen must lie in 0 … K − 1")
        yield kinds * (n_options + 1) + np.where(chosen == TIE_CODE, n_options, chosen)


def _crossed(
    comparisons: Comparisons, kept: NDArray[np.bool_], row: NDArray[np.integer[Any]], n_rows: int
) -> tuple[Members, Members] | None:
    """The same trials by who judged them, and by prompt and rater at once, if raters can stand for others."""
    if comparisons.rater is None or len(comparisons.raters) < FEWEST_RATERS:
        return None
    rater, n_raters = comparisons.rater[kept].astype(np.int64), len(comparisons.raters)
    by_rater = Members.of(rater, row, n_rows)
    if len(by_rater.labels) < FEWEST_RATERS:
        return None
    by_both = Members.of(comparisons.cluster[kept] * np.int64(n_raters) + rater, row, n_rows)
    people, prompts = np.array(comparisons.raters), np.array(comparisons.clusters)
    prompt, person = np.divmod(by_both.labels, n_raters)
    both = np.char.add(np.char.add(prompts[prompt], "\n"), people[person])
    return by_rater._replace(labels=people[by_rater.labels]), by_both._replace(labels=both)


def _sorted(comparisons: Comparisons, ties: Ties) -> Trials:
    """All trials, by cluster, not laid out."""
    kept = counting(comparisons, ties)
    order = np.argsort(_narrow(comparisons.cluster, len(comparisons.clusters)), kind="stable")
    order = order[kept[order]]
    options: NDArray[Any] = comparisons.options[order].T
    chosen: NDArray[Any] = comparisons.chosen[order]
    n = len(comparisons.traits)
    if options.size and not (0 <= options.min() <= options.max() < n and chosen.max() < len(options)):
        raise ValueError("options must lie in 0 … n − 1, and chosen in 0 … K − 1")
    return Trials(
        options=options,
        chosen=chosen,
        weights=np.broadcast_to(np.float64(1), len(chosen)),
        n_items=n,
        pairs=(),
        clusters=comparisons.cluster[order],
        names=comparisons.traits,
    )


def _narrow(codes: NDArray[np.integer[Any]], n: int) -> NDArray[np.integer[Any]]:
    """Codes 0 … n−1 in a type that NumPy sorts by digits, if it can hold them."""
    return codes.astype(np.uint16) if n <= 1 << 16 else codes
