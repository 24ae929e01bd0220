"""Means and rates of numbers that responses have, clustered by prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import scipy.sparse as sp

from mien.errors import NotIdentified, UsageError
from mien.stats.estimates.estimates import Estimates, Sample
from mien.stats.estimates.jackknife import Jackknife
from mien.stats.estimates.units import Lean, Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.stats.estimates.estimates import Quantity
    from mien.types import Floats


class Columns(Protocol):
    """A table by columns: a data frame, or a mapping of names to sequences of one length."""

    def __getitem__(self, name: str, /) -> Any: ...


def means(
    table: Columns, quantities: Sequence[Quantity], *, prompt: str = "prompt_id", label: str = ""
) -> Estimates:
    """The mean of each quantity over prompts, of a table with one row a response.

    θ̂ is the mean over C prompts of the prompts' own means m_c. So each prompt counts once, however many
    responses it has: runs with unequal numbers of responses to the same prompts compare the same thing, and
    what a prompt does to both cancels. The variance Σ (m_c − θ̂)²/(C (C − 1)) is without bias however
    responses to a prompt hang together and however many there are. A prompt pulls the mean by exactly
    (m_c − θ̂)/(C − 1).

    Of a share that is nearly 0 or 1 the data hold few hits, or none, and its variance is known as badly: to
    it is added what one hit more would add (`unseen`). A difference of shares gets a hit on either side.

    Args:
        table: one row a response; NaN where a response has no number.
        quantities: the columns to take, by name.
        prompt: the column of the prompts' ids.
        label: whose responses they are.

    Raises:
        UsageError: there is no such column, columns differ in length, or a number is none of its unit.
        NotIdentified: fewer than two prompts have a number.
    """
    prompts = _column(table, prompt, None)
    if not quantities or not len(prompts):
        raise UsageError(f"a table of {len(prompts)} responses and {len(quantities)} quantities has no means")
    labels, codes = np.unique(prompts.astype(str), return_inverse=True)
    sums = [_sums(_column(table, one.name, len(prompts)), codes, len(labels), one) for one in quantities]
    return means_of_sums(labels.tolist(), sums, quantities, n=len(prompts), label=label)


class Sums(NamedTuple):
    """(C,) how many responses to each prompt have a number, and the sum of these."""

    counts: NDArray[np.int64]
    sums: Floats


def means_of_sums(
    labels: Sequence[str], sums: Sequence[Sums], quantities: Sequence[Quantity], *, n: int, label: str = ""
) -> Estimates:
    """`means`, of a table that was summed up before.

    Args:
        labels: (C,) ids of the prompts.
        sums: of each quantity.
        quantities: what was summed up.
        n: responses.
        label: whose responses they are.

    Raises:
        NotIdentified: fewer than two prompts have a number.
    """
    found = [mean_of(*of_one, one) for of_one, one in zip(sums, quantities, strict=True)]
    return pulled(labels, found, quantities, n=n, label=label)


class Pulled(NamedTuple):
    """A value, and how far each of C clusters is from it.

    Attributes:
        value: a mean over clusters, or a smooth function of some.
        deviations: (C,) of the clusters' own values from it, to first order; they add up to 0. NaN where a
            cluster tells nothing.
        unseen: how far a cluster of a kind that was not drawn would pull it.
    """

    value: float
    deviations: Floats
    unseen: float = 0.0


def pulled(
    labels: Sequence[str], found: Sequence[Pulled], quantities: Sequence[Quantity], *, n: int, label: str = ""
) -> Estimates:
    """Estimates of values that clusters pull by their deviations over one less than their number.

    Args:
        labels: (C,) of the clusters, which are prompts.
        found: of each quantity.
        quantities: what was estimated.
        n: responses.
        label: whose responses they are.
    """
    told = np.array([np.isfinite(one.deviations) for one in found]).T
    counts = told.sum(axis=0)
    rows, columns = np.nonzero(told)
    deviations = np.array([one.deviations for one in found]).T
    jackknife = Jackknife(
        clusters=tuple(labels),
        gradients=sp.csr_array((deviations[rows, columns], (rows, columns)), shape=told.shape),
        bread=np.diag(1 / (counts - 1)),
        correction=np.sqrt((counts - 1) / counts),
        unseen=np.array([[one.unseen for one in found]]),
    )
    covariance = jackknife.covariance()
    # A few prompts carry the variance of skewed numbers, such as lengths, which is then known less well; that
    # of a share follows from the share, and that of a leaning has its unseen pairs.
    shares = np.array([isinstance(one.unit, Share | Lean) for one in quantities])
    return Estimates(
        label=label,
        quantities=tuple(quantities),
        values=np.array([one.value for one in found]),
        covariance=covariance,
        jackknife=jackknife,
        told=sp.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=told.shape),
        df=np.where(shares, counts - 1.0, np.minimum(counts - 1.0, jackknife.degrees_of_freedom())),
        working=np.diag(np.diag(covariance)),
        sample=Sample(n=n, each="response", length=float(len(labels)), by="prompt"),
    )


def prompt_means(table: Columns, name: str, *, prompt: str = "prompt_id") -> dict[str, float]:
    """The mean of one column over each prompt's responses, of the prompts that have a number.

    Raises:
        UsageError: there is no such column, or it holds something that is no number.
    """
    prompts = _column(table, prompt, None)
    numbers = _column(table, name, len(prompts))
    known = ~np.isnan(numbers)
    labels, codes = np.unique(prompts[known].astype(str), return_inverse=True)
    own = np.bincount(codes, numbers[known]) / np.bincount(codes)
    return dict(zip(labels.tolist(), own.tolist(), strict=True))


def _sums(numbers: Floats, codes: NDArray[np.int64], n_prompts: int, quantity: Quantity) -> Sums:
    known = ~np.isnan(numbers)
    if problem := quantity.unit.require(numbers[known]):
        raise UsageError(f"column {quantity.name!r}: {problem}")
    counts = np.bincount(codes[known], minlength=n_prompts)
    return Sums(counts, np.bincount(codes[known], numbers[known], minlength=n_prompts).astype(np.float64))


def mean_of(counts: NDArray[np.int64], sums: Floats, quantity: Quantity) -> Pulled:
    """The mean of one quantity over the prompts that have a number.

    Raises:
        NotIdentified: these are fewer than two.
    """
    n_prompts = len(counts)
    own = np.divide(sums, counts, out=np.full(n_prompts, np.nan), where=counts > 0)
    told = counts > 0
    n = int(np.count_nonzero(told))
    if n < 2:
        raise NotIdentified(
            f"column {quantity.name!r} has numbers for {n} of {n_prompts} prompts, which says nothing about "
            "how they vary between prompts; two are the fewest"
        )
    value = float(own[told].mean())
    deviations = own - value
    match quantity.unit:
        case Share():
            rare = unseen(deviations[told], value, counts[told])
        case Lean():
            rare = _unseen_on_either_side(deviations[told])
        case _:
            rare = 0.0
    return Pulled(value, deviations, rare)


def ratio_of(above: Floats, below: Floats) -> Pulled:
    """The ratio of two means over the same prompts, R = Σa/Σb, to first order in both.

    A prompt's own value differs from R by (a − R b)/b̄ (the linearised ratio of survey sampling: Cochran 1977,
    "Sampling Techniques", § 6.4).

    Args:
        above: (C,) of each prompt; NaN where it has no number.
        below: (C,) likewise; together above 0.

    Raises:
        NotIdentified: fewer than two prompts have both numbers, or what stands below adds up to 0.
    """
    told = np.isfinite(above) & np.isfinite(below)
    n, total = int(np.count_nonzero(told)), float(below[told].sum())
    if n < 2 or total <= 0:
        raise NotIdentified(
            f"a ratio has numbers for {n} prompts, which together have {total:g} to divide by; two prompts, "
            "and more than 0, are the fewest"
        )
    value = float(above[told].sum()) / total
    return Pulled(value, (above - value * below) * n / total)


def unseen(deviations: Floats, share: float, counts: NDArray[np.int64]) -> float:
    """How far one hit more would pull a share.

    With x hits that pull by s each, the variance is x s² from the data, while (x + 1) s² makes tests and
    intervals of small shares hold (after Agresti and Caffo 2000, The American Statistician 54, 280–288, who
    add a hit to each sample). s is the ratio of the third moment of the pulls to the second, which is 0 for
    shares near ½. Where no prompt has a hit, how responses to a prompt hang together cannot be seen; s is
    then halfway, on a scale of logarithms, between that of independent responses and that of prompts which
    are hit as a whole.
    """
    second, n = float(deviations @ deviations), len(deviations)
    if second > 0:
        return abs(float(np.sum(deviations**3))) / second / n
    return 1 / (n * float(np.sqrt(counts.mean()))) if share in {0.0, 1.0} else 0.0


def _unseen_on_either_side(deviations: Floats) -> float:
    """How far one hit more on either side of a difference would pull it.

    Of pairs of yes and no the data may hold few that differ, or none. A pair that differs is added in each
    direction (Bonett and Price 2012, Journal of Educational and Behavioral Statistics 37, 479–488), of the
    size that the pulls have: 1 where none is seen.
    """
    second, n = float(deviations @ deviations), len(deviations)
    size = float(np.sum(np.abs(deviations) ** 3)) / second if second > 0 else 1.0
    return float(np.sqrt(2)) * size / n


def _column(table: Columns, name: str, length: int | None) -> NDArray[Any]:
    """A column; of numbers where it must have a length."""
    try:
        column = np.asarray(table[name])
    except KeyError as error:
        raise UsageError(f"the table has no column {name!r}") from error
    if length is None:
        missing = [
            i
            for i, value in enumerate(column.tolist(), start=1)
            if value is None or str(value) in {"", "nan"}
        ]
        if missing:
            raise UsageError(f"row {missing[0]} has no {name!r}")
        return column
    if column.shape != (length,):
        raise UsageError(f"column {name!r} has {len(column)} rows, and the prompts {length}")
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"column {name!r} holds something that is no number: {error}") from error
