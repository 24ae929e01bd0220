"""What changed between two sets of estimates: differences, their size, what carries them, release gates."""

from __future__ import annotations

from mien.stats.diffs.change import Change, Relative
from mien.stats.diffs.difference import Diff, Omnibus, Prompts, diff

__all__ = ["Change", "Diff", "Omnibus", "Prompts", "Relative", "diff"]
