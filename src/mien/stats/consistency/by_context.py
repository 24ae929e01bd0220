"""A run's profile in each context of its prompts, and how far it holds from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypedDict

import numpy as np

from mien.formatting import filled
from mien.stats import choice
from mien.stats.consistency.influence import Pulls
from mien.stats.consistency.interaction import interaction
from mien.stats.consistency.pooling import pooling
from mien.stats.correlation import ranks
from mien.stats.distributions import t_half_width
from mien.stats.multiplicity import false_discovery
from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE

if TYPE_CHECKING:
    import pandas as pd

    from mien.stats.comparisons import Comparisons
    from mien.stats.consistency.contexts import Contexts
    from mien.types import Floats, Ints


N_RESAMPLES: Final = 4999


class ContextRow(TypedDict):
    """A context: its prompts and decided verdicts, and how its ranking correlates with that of the whole."""

    context: str
    prompts: int
    verdicts: int
    correlation: float
    low: float
    high: float


class MoveRow(TypedDict):
    """How far a trait's rating moves between contexts, on the Elo scale.

    ``rating`` is that over all contexts, ``range`` the way from the context ``lowest`` to ``highest``.
    """

    trait: str
    rating: float
    range: float
    lowest: str
    highest: str
    p: float
    q: float
    moves: bool


class RatingRow(TypedDict):
    """A trait's rating in a context, on the Elo scale."""

    trait: str
    context: str
    rating: float
    low: float
    high: float
    stderr: float


class Spread(TypedDict):
    """Standard deviation of a trait's rating between contexts, points, with its interval."""

    tau: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Consistency:
    """A run's profiles in M contexts. Arrays follow ``contexts`` and ``traits``; rows go by range.

    Attributes:
        run: the run's name.
        by: what the contexts are, such as ``"category"``.
        contexts: the M contexts' names.
        traits: the n trait names, sorted.
        prompts: (M,) prompts with a decided verdict.
        verdicts: (M,) decided verdicts.
        whole: (n,) ratings over all contexts.
        rating: (M, n) partially pooled.
        stderr: (M, n) of ``rating``.
        correlation: (M, 3) Spearman's ρ with the whole, without noise: estimate, low, high.
        spread: of ratings between contexts.
        p: of the test that no rating depends on the context.
        p_traits: (n,) of each trait.
        left_out: prompts of the contexts that have too few, by context; ``""``: prompts of no known context.
        n_resamples: of the tests.
        fdr: false-discovery rate at which a trait counts as moving.
        confidence_level: of all intervals.
    """

    run: str
    by: str
    contexts: tuple[str, ...]
    traits: tuple[str, ...]
    prompts: Ints
    verdicts: Ints
    whole: Floats
    rating: Floats
    stderr: Floats
    correlation: Floats
    spread: Spread
    p: float
    p_traits: Floats
    left_out: dict[str, int]
    n_resamples: int
    fdr: float
    confidence_level: float

    @property
    def rows(self) -> list[MoveRow]:
        """One row a trait, by how far its rating moves; q after Benjamini and Hochberg (1995)."""
        q = false_discovery(self.p_traits)
        lowest: list[int] = self.rating.argmin(axis=0).tolist()
        highest: list[int] = self.rating.argmax(axis=0).tolist()
        order: list[int] = np.argsort(-np.ptp(self.rating, axis=0), kind="stable").tolist()
        return [
            MoveRow(
                trait=self.traits[i],
                rating=float(self.whole[i]),
                range=float(np.ptp(self.rating[:, i])),
                lowest=self.contexts[lowest[i]],
                highest=self.contexts[highest[i]],
                p=float(self.p_traits[i]),
                q=float(q[i]),
                moves=bool(q[i] < self.fdr),
            )
            for i in order
        ]

    @property
    def context_rows(self) -> list[ContextRow]:
        """One row a context."""
        return [
            ContextRow(
                context=context,
                prompts=int(self.prompts[c]),
                verdicts=int(self.verdicts[c]),
                correlation=float(self.correlation[c, 0]),
                low=float(self.correlation[c, 1]),
                high=float(self.correlation[c, 2]),
            )
            for c, context in enumerate(self.contexts)
        ]

    @property
    def rating_rows(self) -> list[RatingRow]:
        """One row a trait and context, traits by how far they move."""
        half = t_half_width(self.confidence_level, float(self.prompts.sum()) - 1) * self.stderr
        place = {trait: i for i, trait in enumerate(self.traits)}
        return [
            RatingRow(
                trait=row["trait"],
                context=context,
                rating=float(self.rating[c, i]),
                low=float(self.rating[c, i] - half[c, i]),
                high=float(self.rating[c, i] + half[c, i]),
                stderr=float(self.stderr[c, i]),
            )
            for row in self.rows
            for i in [place[row["trait"]]]
            for c, context in enumerate(self.contexts)
        ]

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a table."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    @property
    def context_table(self) -> pd.DataFrame:
        """`context_rows` as a table."""
        import pandas as pd

        return pd.DataFrame(self.context_rows)

    @property
    def rating_table(self) -> pd.DataFrame:
        """`rating_rows` as a table."""
        import pandas as pd

        return pd.DataFrame(self.rating_rows)

    def to_dict(self) -> dict[str, Any]:
        """A run's part of what ``mien compare --by --json`` prints: plain Python values."""
        return {
            "run": self.run,
            "by": self.by,
            "contexts": [dict(row) for row in self.context_rows],
            "left_out": self.left_out,
            "spread": dict(self.spread),
            "interaction": {"p": self.p, "n_resamples": self.n_resamples},
            "traits": [dict(row) for row in self.rows],
            "ratings": [dict(row) for row in self.rating_rows],
            "fdr": self.fdr,
            "confidence_level": self.confidence_level,
        }

    def _repr_html_(self) -> str:
        from html import escape

        moving = sum(row["moves"] for row in self.rows)
        title = f"<b>{escape(self.run or 'consistency')}</b> by {escape(self.by)}"
        spread = "between contexts a rating varies by {tau:.0f} points ({low:.0f} … {high:.0f})"
        table = filled(self.table.set_index("trait")).to_html(
            na_rep="", float_format="{:.3g}".format, max_rows=20
        )
        return (
            f"<p>{title} · {spread.format(**self.spread)}, p = {self.p:.2g} · "
            f"{moving} of {len(self.traits)} traits move (q &lt; {self.fdr:g})</p>{table}"
        )


def consistency(
    comparisons: Comparisons,
    contexts: Contexts,
    *,
    alpha: float = choice.DEFAULT_ALPHA,
    fdr: float = 0.05,
    confidence_level: float = 0.95,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Consistency:
    """Rate a run's traits in each context of its prompts, each context leaning on the others.

    Args:
        comparisons: the run's verdicts.
        contexts: what its prompts are told apart by; those of fewer than 5 prompts with a decided verdict
            are left out.
        alpha: ridge strength of the choice model.
        fdr: false-discovery rate at which a trait counts as moving.
        confidence_level: of all intervals.
        n_resamples: of the tests; p is never below 1/(n_resamples + 1).
        seed: of all that is drawn.

    Raises:
        UsageError: fewer than two contexts are left; the message names all.
        NotIdentified: the verdicts in them are too few to rate all traits.
    """
    parts = contexts.divide(comparisons)
    fit = choice.fit(parts.trials, alpha=alpha)
    found = interaction(
        Pulls.of(fit, parts), confidence_level=confidence_level, n_resamples=n_resamples, seed=seed
    )
    pooled = pooling(parts.each, fit, found.law, seed=seed)
    verdicts = np.bincount(parts.context[parts.prompt], minlength=len(parts.names)).astype(np.int64)
    return Consistency(
        run=contexts.run,
        by=contexts.by,
        contexts=parts.names,
        traits=comparisons.traits,
        prompts=np.bincount(parts.context, minlength=len(parts.names)).astype(np.int64),
        verdicts=verdicts,
        whole=ELO_CENTRE + ELO_SCALE * fit.scores,
        rating=ELO_CENTRE + ELO_SCALE * pooled.scores,
        stderr=ELO_SCALE * pooled.stderr,
        correlation=_correlations(pooled.draws, verdicts / verdicts.sum(), confidence_level),
        spread=Spread(tau=ELO_SCALE * found.tau, low=ELO_SCALE * found.low, high=ELO_SCALE * found.high),
        p=found.p,
        p_traits=found.p_items,
        left_out=parts.left_out,
        n_resamples=n_resamples,
        fdr=fdr,
        confidence_level=confidence_level,
    )


def _correlations(draws: Floats, share: Floats, confidence_level: float) -> Floats:
    """(M, 3) Spearman's ρ of each context with the whole: median and ends over (R, M, n) draws."""

    def standard(scores: Floats) -> Floats:
        places = ranks(scores)
        places -= places.mean(axis=-1, keepdims=True)
        return places / np.linalg.norm(places, axis=-1, keepdims=True)

    whole = standard(np.einsum("rmi,m->ri", draws, share))
    rho = np.einsum("rmi,ri->rm", standard(draws), whole)
    tail = (1 - confidence_level) / 2
    return np.clip(np.quantile(rho, [0.5, tail, 1 - tail], axis=0).T, -1, 1)
