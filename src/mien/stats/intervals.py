"""How many standard errors an interval reaches, where clusters are few."""

from __future__ import annotations

import scipy.stats


def quantile(confidence_level: float, n_clusters: float) -> float:
    """Two-sided quantile of Student's t with C − 1 degrees of freedom."""
    return float(scipy.stats.t.ppf((1 + confidence_level) / 2, n_clusters - 1))
