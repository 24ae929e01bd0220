"""A panel: several models' profiles of the same traits, compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypedDict

import numpy as np

from mien.errors import UsageError, require_each_once
from mien.formatting import filled
from mien.stats.correlation import ranks
from mien.stats.distributions import t_half_width
from mien.stats.estimates.circumstances import unlike
from mien.stats.panels.clusters import Clusters, model_clusters, trait_clusters
from mien.stats.panels.components import Components, components
from mien.stats.panels.convergence import Tier, convergence
from mien.stats.panels.correlations import Correlations, PairRow
from mien.stats.panels.distinct import Distinct, distinct
from mien.stats.panels.noise import draws, members
from mien.stats.profiles import reliability
from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from mien.stats.profiles.profile import Profile
    from mien.types import Floats


MIN_TRAITS: Final = 3
MAX_RUNS: Final = 1_000
N_DRAWS_OF_TREES: Final = 100  # of the errors, for the stability of clusters: each draw builds two trees


class ConsensusRow(TypedDict):
    """A trait's mean rating over models; ``spread`` is the standard deviation over them, errors included."""

    trait: str
    rank: int
    rating: float
    low: float
    high: float
    spread: float
    mean_rank: float


class DistinctRow(TypedDict):
    """A trait of a model against the mean of the other models, points of rating."""

    run: str
    trait: str
    delta: float
    low: float
    high: float
    stderr: float
    p: float
    q: float
    distinct: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """R profiles compared. Arrays follow ``names`` and ``traits``.

    Attributes:
        profiles: of the runs, as given.
        names: the R runs' names.
        traits: the n traits that all runs rate, sorted.
        left_out: traits that some runs rate and others do not, by run.
        rating: (R, n), centred on the traits of the panel.
        stderr: (R, n) standard errors of ``rating``.
        alike: rank correlations of every two runs.
        concordance: Kendall's W of the rankings, 0 to 1.
        tiers: spread of ranks by tier.
        components: principal components, in points of rating.
        models: the models' tree.
        tree: the traits' tree; None for fewer than three models.
        distinct: model minus the mean of the others, points of rating.
        fdr: false-discovery rate at which a trait counts as distinct.
        confidence_level: of all intervals.
    """

    profiles: tuple[Profile, ...]
    names: tuple[str, ...]
    traits: tuple[str, ...]
    left_out: dict[str, tuple[str, ...]]
    rating: Floats
    stderr: Floats
    alike: Correlations
    concordance: float
    tiers: list[Tier]
    components: Components
    models: Clusters
    tree: Clusters | None
    distinct: Distinct
    fdr: float
    confidence_level: float

    @property
    def correlations(self) -> list[PairRow]:
        """A row for every two runs."""
        return list(self.alike.rows(self.names))

    @property
    def consensus(self) -> list[ConsensusRow]:
        """One row a trait, by mean rating; intervals take the models for a sample of models (Student's t)."""
        n_models = len(self.names)
        mean, spread = self.rating.mean(axis=0), self.rating.std(axis=0, ddof=1)
        mean_ranks = ranks(-self.rating).mean(axis=0)
        quantile = float(t_half_width(self.confidence_level, n_models - 1))
        half = quantile * spread / np.sqrt(n_models)
        order: list[int] = np.argsort(-mean, kind="stable").tolist()
        return [
            ConsensusRow(
                trait=self.traits[i],
                rank=rank,
                rating=float(mean[i]),
                low=float(mean[i] - half[i]),
                high=float(mean[i] + half[i]),
                spread=float(spread[i]),
                mean_rank=float(mean_ranks[i]),
            )
            for rank, i in enumerate(order, 1)
        ]

    def rows(self, run: str) -> list[DistinctRow]:
        """What sets one run apart, a row a trait, by |delta|.

        Raises:
            ValueError: the panel has no such run.
        """
        r, found = self.names.index(run), self.distinct
        half = t_half_width(self.confidence_level, found.df[r]) * found.stderr[r]
        order: list[int] = np.argsort(-np.abs(found.delta[r]), kind="stable").tolist()
        return [
            DistinctRow(
                run=run,
                trait=self.traits[i],
                delta=float(found.delta[r, i]),
                low=float(found.delta[r, i] - half[i]),
                high=float(found.delta[r, i] + half[i]),
                stderr=float(found.stderr[r, i]),
                p=float(found.p[r, i]),
                q=float(found.q[r, i]),
                distinct=bool(found.q[r, i] < self.fdr),
            )
            for i in order
        ]

    @property
    def table(self) -> pd.DataFrame:
        """Ratings, traits by runs, in the order of the consensus."""
        import pandas as pd

        table = pd.DataFrame(self.rating.T, index=list(self.traits), columns=list(self.names))
        return table.loc[[row["trait"] for row in self.consensus]]

    @property
    def warnings(self) -> list[str]:
        """What makes the runs less comparable than they look."""
        made = [profile.made for profile in self.profiles]
        lacking = (one.lacking(name) for one, name in zip(made, self.names, strict=True))
        found = [f"{told}: what is there need not stand for the rest" for told in lacking if told]
        found += unlike(made)
        if self.left_out:
            parts = (f"{run}: {_some(names)}" for run, names in list(self.left_out.items())[:5])
            found.append(
                f"only the {len(self.traits)} traits that all runs rate are compared; left out "
                + "; ".join(parts)
            )
        return found

    def to_dict(self) -> dict[str, Any]:
        """What ``mien compare --json`` prints: plain Python values, None where a value is not known."""
        told = self.told()
        return {**told, **{key: list(told[key]) for key in ("correlations", "distinct")}}

    def told(self) -> dict[str, Any]:
        """`to_dict`, but the rows of pairs and of what sets apart are iterators, which make them as asked.

        Of a thousand runs there are half a million pairs.
        """
        parts = self.components
        return {
            "runs": list(self.names),
            "models": [profile.model for profile in self.profiles],
            "trials": [profile.n_trials for profile in self.profiles],
            "traits": list(self.traits),
            "left_out": {run: list(names) for run, names in self.left_out.items()},
            "ratings": self.rating.tolist(),
            "stderr": self.stderr.tolist(),
            "correlations": self.alike.rows(self.names),
            "concordance": self.concordance,
            "convergence": [dict(tier) for tier in self.tiers],
            "components": {
                "shares": parts.shares.tolist(),
                "low": _nullable(parts.low),
                "high": _nullable(parts.high),
                "chance": parts.chance.tolist(),
                "kept": parts.n_kept,
                "noise": parts.noise,
                "loadings": parts.loadings.tolist(),
                "positions": parts.positions.tolist(),
            },
            "clusters": {
                "models": _tree_dict(self.models),
                "traits": None if self.tree is None else _tree_dict(self.tree),
            },
            "distinct": (row for run in self.names for row in self.rows(run)),
            "consensus": [dict(row) for row in self.consensus],
            "warnings": self.warnings,
            "fdr": self.fdr,
            "confidence_level": self.confidence_level,
        }

    def _repr_html_(self) -> str:
        from html import escape

        title = f"{len(self.names)} runs, {len(self.traits)} traits: {escape(', '.join(self.names[:6]))}"
        table = filled(self.table).to_html(na_rep="", float_format="{:.0f}".format, max_rows=20)
        return f"<p><b>{title}</b></p>{table}"


def compare(
    profiles: Sequence[Profile],
    *,
    fdr: float = 0.05,
    confidence_level: float = 0.95,
    n_resamples: int = 500,
    seed: int = 0,
) -> Panel:
    """Compare 2 to 1,000 profiles of one instrument on the traits that all of them rate.

    Args:
        profiles: of runs with different names.
        fdr: false-discovery rate at which a trait sets a model apart.
        confidence_level: of all intervals.
        n_resamples: of the models, and draws of the errors.
        seed: of both.

    Raises:
        UsageError: too few or too many profiles, two of one name, different instruments or conditions, one
            made with a prior, or fewer than three traits in common; the message names the runs.
    """
    names = _require_comparable(profiles)
    traits = _common_traits(names, profiles)
    left_out = {
        name: tuple(sorted(set(profile.traits) - set(traits)))
        for name, profile in zip(names, profiles, strict=True)
        if len(profile.traits) > len(traits)
    }
    kept = [[profile.traits.index(trait) for trait in traits] for profile in profiles]
    panel = members([profile.fit for profile in profiles], kept)
    scores = np.array([member.scores for member in panel])
    stderr = np.sqrt(np.array([np.diag(member.covariance) for member in panel]))
    noise = np.array([profile.fit.noise[some] for profile, some in zip(profiles, kept, strict=True)])
    errors = draws(panel, n_resamples, seed=seed)
    tiers = convergence(scores, errors)
    parts = components(scores, errors, confidence_level=confidence_level, n_resamples=n_resamples, seed=seed)
    errors = errors[:N_DRAWS_OF_TREES].copy()  # of many models the draws are most of what is held
    apart = distinct(panel)
    return Panel(
        profiles=tuple(profiles),
        names=names,
        traits=tuple(traits),
        left_out=left_out,
        rating=ELO_CENTRE + ELO_SCALE * scores,
        stderr=ELO_SCALE * stderr,
        alike=Correlations.of(
            scores,
            [reliability.model_based(*run) for run in zip(scores, noise, strict=True)],
            confidence_level,
        ),
        concordance=_concordance(scores),
        tiers=tiers,
        components=replace(parts, positions=ELO_SCALE * parts.positions),
        models=model_clusters(scores, errors, names),
        tree=trait_clusters(scores, errors, traits) if len(names) > 2 else None,
        distinct=apart._replace(delta=ELO_SCALE * apart.delta, stderr=ELO_SCALE * apart.stderr),
        fdr=fdr,
        confidence_level=confidence_level,
    )


def _common_traits(names: Sequence[str], profiles: Sequence[Profile]) -> list[str]:
    traits = [name for name in profiles[0].traits if all(name in profile.traits for profile in profiles)]
    if len(traits) < MIN_TRAITS:
        raise UsageError(
            f"the runs have {len(traits)} traits in common, and {MIN_TRAITS} are needed: "
            + "; ".join(f"{name}: {_some(p.traits)}" for name, p in zip(names, profiles, strict=True))
        )
    return traits


def _concordance(scores: Floats) -> float:
    """Kendall's W (Kendall and Babington Smith 1939, Annals of Mathematical Statistics 10, 275–287)."""
    n_models, n = scores.shape
    return float(12 * np.var(ranks(scores).sum(axis=0)) * n / (n_models**2 * (n**3 - n)))


def _require_comparable(profiles: Sequence[Profile]) -> tuple[str, ...]:
    if not 2 <= len(profiles) <= MAX_RUNS:
        raise UsageError(f"compare takes 2 to {MAX_RUNS:,} runs, not {len(profiles)}")
    names = tuple(p.run or p.model or f"run {i}" for i, p in enumerate(profiles, 1))
    require_each_once(names)
    for what, values in (
        ("instruments", [p.instrument for p in profiles]),
        ("conditions", [p.condition for p in profiles]),
    ):
        # An imported table need not tell.
        known = {value: name for value, name in zip(values, names, strict=True) if value}
        if len(known) > 1:
            told = ", ".join(f"{name}: {value}" for value, name in sorted(known.items()))
            raise UsageError(f"the runs have different {what} ({told}); compare runs of one")
    for profile, name in zip(profiles, names, strict=True):
        if profile.fit.prior is not None:
            raise UsageError(
                f"the profile of {name} was made with a prior, which pulls it towards other models; "
                "profile it with the flat prior"
            )
        if profile.judge_correction is not None:
            raise UsageError(
                f"the profile of {name} was corrected for its judge's errors, which the joint noise of a "
                "panel does not hold; profile it without a correction"
            )
        if profile.fit.n_clusters < 2:
            raise UsageError(f"run {name!r} has verdicts on one prompt alone, which give no standard errors")
    return names


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:6]) + (f" and {len(found) - 6} more" if len(found) > 6 else "")


def _nullable(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def _tree_dict(tree: Clusters) -> dict[str, Any]:
    return {
        "names": list(tree.names),
        "linkage": tree.linkage.tolist(),
        "stability": tree.stability.tolist(),
        "groups": [{"names": list(names), "stability": stable} for names, stable in tree.groups()],
    }
