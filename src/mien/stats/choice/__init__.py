"""The choice model of Bradley-Terry and Plackett-Luce, its priors, and judges that misread."""

from __future__ import annotations

from mien.stats.choice.likelihood import Trials
from mien.stats.choice.plackett_luce import (
    DEFAULT_ALPHA,
    ChoiceFit,
    Resamples,
    WaldTest,
    bootstrap,
    cross_covariance,
    first_order_bias,
    fit,
    leave_out,
    sandwich,
    shared_clusters,
    wald_test,
)

__all__ = [
    "DEFAULT_ALPHA",
    "ChoiceFit",
    "Resamples",
    "Trials",
    "WaldTest",
    "bootstrap",
    "cross_covariance",
    "first_order_bias",
    "fit",
    "leave_out",
    "sandwich",
    "shared_clusters",
    "wald_test",
]
