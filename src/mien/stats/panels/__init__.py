"""Several models' profiles, compared: how alike they are, along what they differ, what sets each apart."""

from __future__ import annotations

from mien.stats.panels.panel import Panel, compare

__all__ = ["Panel", "compare"]
