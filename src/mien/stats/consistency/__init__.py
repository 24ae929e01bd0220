"""Whether a character holds across kinds of prompts: profiles by context, and what varies between them."""

from __future__ import annotations

from mien.stats.consistency.contexts import Consistency, consistency
from mien.stats.consistency.tertiles import thirds

__all__ = ["Consistency", "consistency", "thirds"]
