"""From verdicts to a profile: ratings with their uncertainty, position effects, reliability."""

from __future__ import annotations

from mien.stats.profiles.profile import Profile, rate

__all__ = ["Profile", "rate"]
