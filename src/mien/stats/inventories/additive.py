"""Ratings as the sum of a trait's and a phrasing's part, fitted by least squares."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse as sp

from mien.errors import NotIdentified
from mien.stats.estimates.jackknife import Jackknife
from mien.stats.inventories.answers import HIGHEST, MIDDLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.types import Floats, Ints


class Additive(NamedTuple):
    """What y_tp = μ_t + b_p + e_tp comes to, for n traits and P phrasings.

    Attributes:
        values: (n,) μ.
        trait: (C,) of each question that has a rating; ``phrasing``: in which words it is put.
        x: (C, n + P) the model's matrix.
        residual: (C,) e.
        leverage: (C,) of each question, below 1.
        inverse: (n + P, n + P) of the normal equations.
    """

    values: Floats
    trait: NDArray[np.intp]
    phrasing: NDArray[np.intp]
    x: Floats
    residual: Floats
    leverage: Floats
    inverse: Floats

    @property
    def told(self) -> sp.csr_array:
        """(C, n) True where a question is about a trait."""
        n, c = len(self.values), len(self.trait)
        return sp.csr_array((np.ones(c, dtype=np.bool_), (np.arange(c), self.trait)), shape=(c, n))

    @property
    def questions(self) -> Ints:
        """(n,) how many rate each trait."""
        return np.bincount(self.trait, minlength=len(self.values))

    def jackknife(self, questions: Sequence[str]) -> Jackknife:
        """How far each question, of these names, pulls the ratings: exactly what leaving it out takes away.

        The variance Σ (G x e)²/(1 − h) is MacKinnon and White's HC2 (1985, Journal of Econometrics 29,
        305–325) where all leverages are alike, as they are when all answers can be read.
        """
        n = len(self.values)
        pulls = self.x * (self.residual / (1 - self.leverage))[:, None]
        away = np.abs(self.values - MIDDLE) / (HIGHEST - MIDDLE)
        return Jackknife(
            clusters=tuple(questions),
            gradients=sp.csr_array(pulls),
            bread=self.inverse[:, :n],
            correction=np.full(len(self.inverse), np.sqrt(1 - self.leverage.mean())),
            unseen=(away / self.questions)[None, :],
        )


def additive(keyed: Floats, turned: NDArray[np.bool_], label: str) -> Additive:
    """Fit it by least squares, Σ w_p b_p = 0 with half of the weight on the reversed phrasings.

    Args:
        keyed: (n, P) ratings, NaN where there is none.
        turned: (P,) whether a phrasing is reversed.
        label: whose they are.

    Raises:
        NotIdentified: some traits are rated in no phrasing that rates the others.
    """
    n, k = keyed.shape
    trait, phrasing = np.nonzero(~np.isnan(keyed))
    c = len(trait)
    x = np.zeros((c, n + k))
    x[np.arange(c), trait] = x[np.arange(c), n + phrasing] = 1
    constraint = np.zeros(n + k)
    for which in (turned, ~turned):
        constraint[n:][which] = 0.5 / np.count_nonzero(which)
    gram = x.T @ x + np.outer(constraint, constraint)
    if np.linalg.matrix_rank(gram, hermitian=True) < n + k:
        raise NotIdentified(
            f"{label or 'the inventory'} holds traits that no phrasing rates together with the others: too "
            "few answers could be read"
        )
    inverse: Floats = np.asarray(np.linalg.inv(gram), dtype=np.float64)
    y = keyed[trait, phrasing]
    beta = inverse @ (x.T @ y)
    return Additive(
        values=beta[:n],
        trait=trait,
        phrasing=phrasing,
        x=x,
        residual=y - x @ beta,
        # A question without which nothing would tie its trait to the rest has a leverage of 1.
        leverage=np.minimum(np.einsum("cp,pq,cq->c", x, inverse, x, optimize=True), 1 - 1e-9),
        inverse=inverse,
    )
