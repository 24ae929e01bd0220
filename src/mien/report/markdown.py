"""A diff as Markdown, fit for a comment on a pull request: gates first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mien.report.changes import cells, columns, headline, summary, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mien.stats.diffs import Diff
    from mien.stats.diffs.gates import Outcome

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")


def markdown(
    diff: Diff, outcomes: Sequence[Outcome] = (), warnings: Sequence[str] = (), *, top: int | None = None
) -> str:
    """Write a diff as GitHub-flavoured Markdown, with a line break at its end.

    Args:
        diff: what to write.
        outcomes: of its gates (`mien.stats.diffs.gates.check`).
        warnings: sentences (`mien.report.changes.warnings`).
        top: the largest changes to list; None lists all.
    """
    parts = [f"## {plain(diff.b)} against {plain(diff.a)}"]
    if outcomes:
        rows = ((_status(o), _code(o["gate"]), plain(o["reason"])) for o in outcomes)
        parts += [f"### Gates\n\n**{verdict(outcomes)}**", table(("", "gate", "why"), rows)]
    parts.append(f"### Changes\n\n**{plain(headline(diff))}**")
    parts.append("\n".join(f"- {label}: {plain(said)}" for label, said in summary(diff)))
    if warnings:
        parts.append("\n>\n".join(f"> **Warning**: {plain(warning)}" for warning in warnings))
    heads = [head for head in columns(diff) if head != "p"]
    shown = [[plain(cell) for cell in cells(change)] for change in diff.changes[:top]]
    for row in shown:
        del row[columns(diff).index("p")]
    parts.append(table(heads, shown, right=range(1, len(heads) - 1)))
    if top is not None and top < len(diff.names):
        parts.append(f"The {top} largest changes of {len(diff.names)}.")
    return "\n\n".join(parts) + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """A table; the columns in ``right`` hold numbers."""
    rule = ("---:" if i in right else "---" for i in range(len(columns)))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, tuple(rule), *rows))


def _status(outcome: Outcome) -> str:
    return "**failed**" if outcome["status"] == "failed" else outcome["status"]


def plain(text: str) -> str:
    """Text that is to be read as it stands."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """A code span in a table's cell, where a pipe needs a backslash even so."""
    return "`" + " ".join(text.split()).replace("`", "'").replace("|", "\\|") + "`"
