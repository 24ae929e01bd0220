"""Whether a character holds across kinds of prompts: profiles by context, and what varies between them."""

from __future__ import annotations

from mien.contexts.profiles import Consistency, consistency
from mien.contexts.thirds import thirds

__all__ = ["Consistency", "consistency", "thirds"]
