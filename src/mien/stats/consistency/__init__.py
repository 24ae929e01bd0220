"""Whether a character holds across kinds of prompts: profiles by context, and what varies between them.

contexts.py sorts a run's trials, influence.py and interaction.py ask whether ratings vary between contexts,
pooling.py rates within each, and by_context.py puts it together. Beside them: tertiles.py (contexts by
length), persistence.py (whether a character holds in later turns).
"""

from __future__ import annotations

from mien.stats.consistency.by_context import Consistency, consistency
from mien.stats.consistency.contexts import Contexts
from mien.stats.consistency.tertiles import thirds

__all__ = ["Consistency", "Contexts", "consistency", "thirds"]
