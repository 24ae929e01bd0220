"""What changed between two profiles: the difference itself, its size, what carries it, and release gates."""

from __future__ import annotations

from mien.stats.diffs.difference import DeltaRow, Diff, Omnibus, Prompts, diff

__all__ = ["DeltaRow", "Diff", "Omnibus", "Prompts", "diff"]
