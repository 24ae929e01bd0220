"""Numbers as people read them."""

from __future__ import annotations


def p_value(p: float | None) -> str:
    """A p or q as papers print it."""
    if p is None:
        return "–"
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0") if p < 1 else "1"


def counted(n: int, noun: str) -> str:
    """``1 trial``, ``2,016 trials``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def fraction(value: float | None) -> str:
    """A number between −1 and 1 as papers print it: ``.87``."""
    return "–" if value is None else f"{value:.2f}".replace("0.", ".", 1)
