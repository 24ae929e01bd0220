"""How ``mien compare --by`` tells whether a character holds across kinds of prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.cli.output import console, counted, fraction, p_value, print_table

if TYPE_CHECKING:
    from mien.stats.consistency import Consistency


def print_consistency(found: Consistency, top: int) -> None:
    """Print the contexts, how much ratings vary between them, and the ``top`` traits that move most."""
    out, level = console(), f"{found.confidence_level:.0%} interval"
    out.print(
        f"{found.run} by {found.by}: {counted(len(found.contexts), 'context')}, "
        f"{counted(len(found.traits), 'trait')}",
        style="bold",
        markup=False,
    )
    print_table(
        ("context", "prompts", "verdicts", "ρ with the whole", level),
        (
            (
                row["context"],
                f"{row['prompts']:,}",
                f"{row['verdicts']:,}",
                fraction(row["correlation"]),
                f"{fraction(row['low'])} … {fraction(row['high'])}",
            )
            for row in found.context_rows
        ),
        left=("context",),
    )
    for line in (left_out(found), spread(found), verdict(found)):
        if line:
            out.print(line, markup=False, soft_wrap=True)
    rows = found.rows
    print_table(
        ("trait", "rating", "moves by", "least in", "most in", "q"),
        (
            (
                row["trait"],
                f"{row['rating']:.0f}",
                f"{row['range']:.0f}",
                row["lowest"],
                row["highest"],
                p_value(row["q"]),
            )
            for row in rows[:top]
        ),
        left=("trait", "least in", "most in"),
    )
    moving = sum(row["moves"] for row in rows)
    out.print(f"{counted(moving, 'trait')} of {len(rows)} with q < {found.fdr:g}")


def left_out(found: Consistency) -> str:
    """Which contexts have too few prompts, and how many prompts are of none."""
    few = [f"{name} ({counted(n, 'prompt')})" for name, n in found.left_out.items() if name]
    parts = [f"too few prompts: {', '.join(few)}"] if few else []
    if none := found.left_out.get("", 0):
        parts.append(f"without a {found.by}: {counted(none, 'prompt')}")
    return f"left out, {'; '.join(parts)}" if parts else ""


def spread(found: Consistency) -> str:
    """By how many points a rating varies between contexts."""
    points = found.spread
    return (
        f"between contexts a rating varies by τ = {points['tau']:.0f} points "
        f"({points['low']:.0f} … {points['high']:.0f})"
    )


def verdict(found: Consistency) -> str:
    """Whether that can be told from noise."""
    p = f"p {p_value(found.p)}" if found.p < 0.001 else f"p = {p_value(found.p)}"
    if found.p < 0.05:
        return f"the character depends on the {found.by} ({p})"
    return f"no sign that the character depends on the {found.by} ({p})"
