"""Estimates of several kinds on the same clusters, as one; and a mean of some of them beside the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from mien.errors import UsageError
from mien.stats.estimates.jackknife import Jackknife

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.estimates.estimates import Estimates, Quantity
    from mien.types import Floats


def stacked(parts: Sequence[Estimates], *, label: str = "") -> Estimates:
    """All quantities of several estimates, with what they have in common by the clusters that they share.

    The estimating equations are stacked, as in `mien.stats.estimates.jackknife.cross_covariance`; within each
    part the covariance stays as it is, with corrections that are none of the clusters'.

    Args:
        parts: one or more, whose quantities have names of their own.
        label: whose they are.

    Raises:
        UsageError: a name is there twice.
    """
    names = [name for part in parts for name in part.names]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{twice!r} is there twice; give each quantity a name of its own")
    clusters = sorted({cluster for part in parts for cluster in part.jackknife.clusters})
    row = {cluster: i for i, cluster in enumerate(clusters)}
    jackknife = Jackknife(
        clusters=tuple(clusters),
        gradients=_side_by_side([_spread(part, part.jackknife.gradients, row) for part in parts]),
        bread=_blocks([part.jackknife.bread for part in parts]),
        correction=np.concatenate([part.jackknife.correction for part in parts]),
        unseen=_blocks([part.jackknife.unseen for part in parts]),
    )
    covariance = jackknife.covariance()
    begin = 0
    for part in parts:
        own = slice(begin, begin + len(part.values))
        covariance[own, own] = part.covariance
        begin = own.stop
    return replace(
        parts[0],
        label=label or parts[0].label,
        quantities=tuple(quantity for part in parts for quantity in part.quantities),
        values=np.concatenate([part.values for part in parts]),
        covariance=covariance,
        jackknife=jackknife,
        told=_side_by_side([_spread(part, part.told, row) for part in parts]),
        df=np.concatenate([part.df for part in parts]),
        working=_blocks([part.working for part in parts]),
        sample=parts[0].sample._replace(
            n=sum(part.sample.n for part in parts), length=max(part.sample.length for part in parts)
        ),
        expected=None,
    )


def with_mean(estimates: Estimates, names: Sequence[str], quantity: Quantity) -> Estimates:
    """The same, after the mean of some of the quantities as one more, the first.

    Its degrees of freedom are the fewest of theirs, and a cluster tells of it that tells of one of them.
    """
    n = len(estimates.values)
    weights: Floats = np.isin(estimates.names, names) / len(names)
    moves = np.column_stack([weights, np.eye(n)])
    counted = weights > 0
    jackknife = estimates.jackknife
    covariance = moves.T @ estimates.covariance @ moves
    told = sp.csr_array(estimates.told[:, counted].sum(axis=1, dtype=int)[:, None] > 0)
    return replace(
        estimates,
        quantities=(quantity, *estimates.quantities),
        values=moves.T @ estimates.values,
        covariance=covariance,
        jackknife=jackknife._replace(bread=jackknife.bread @ moves, unseen=jackknife.unseen @ moves),
        told=_side_by_side([told, estimates.told]),
        df=np.concatenate([[estimates.df[counted].min()], estimates.df]),
        working=scipy.linalg.block_diag(covariance[:1, :1], estimates.working),
    )


def _spread(part: Estimates, rows: sp.csr_array, row: dict[str, int]) -> sp.csr_array:
    """Rows of a part's clusters in their places among all."""
    n = len(part.jackknife.clusters)
    places = [row[cluster] for cluster in part.jackknife.clusters]
    where = sp.csr_array((np.ones(n, dtype=rows.dtype), (places, np.arange(n))), shape=(len(row), n))
    return sp.csr_array(where @ rows)


def _side_by_side(parts: Sequence[sp.csr_array]) -> sp.csr_array:
    return sp.csr_array(sp.hstack(parts, format="csr"))


def _blocks(parts: Sequence[Floats]) -> Floats:
    """Block diagonal; parts may have no rows."""
    return scipy.linalg.block_diag(*parts)
