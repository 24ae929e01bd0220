"""A profile as a section of a model card, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.report.diagnostics import diagnostics
from mien.report.findings import limits, of_one
from mien.report.markdown import plain, table
from mien.version import __version__

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile

SHOWN = 10  # traits from either end


def model_card(profile: Profile) -> str:
    """Write the section: how it was measured, the instrument's health, the ends of the ranking, limits."""
    rows = profile.rows
    kept = rows if len(rows) <= 2 * SHOWN else [*rows[:SHOWN], *rows[-SHOWN:]]
    cells = (
        (
            str(row["rank"]),
            plain(row["trait"]),
            f"{row['rating']:.0f}",
            f"{row['low']:.0f} … {row['high']:.0f}",
        )
        for row in kept
    )
    interval = f"{profile.confidence_level:.0%} interval"
    how = (
        f"Measured with [mien](https://pypi.org/project/mien/) {__version__}: instrument "
        f"{profile.instrument}, protocol {plain(profile.protocol)}, {profile.n_trials:,} trials on "
        f"{profile.fit.n_clusters:,} prompts, {len(rows)} traits."
    )
    parts = [
        "## Character",
        how,
        "\n".join(f"- {label}: {plain(said)}" for label, said in _labelled(diagnostics(profile))),
        "\n".join(f"- {plain(said)}" for said in of_one(profile)),
        table(("rank", "trait", "rating", interval), cells, right=(0, 2, 3)),
        *([] if kept is rows else [f"The first and the last {SHOWN} of {len(rows)}."]),
        "### Limits of this measurement",
        "\n".join(f"- {plain(said)}" for said in limits([profile])),
    ]
    return "\n\n".join(parts) + "\n"


def _labelled(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each line with its label: that of the line before where it goes on."""
    labelled: list[tuple[str, str]] = []
    for label, said in lines:
        labelled.append((label or labelled[-1][0], said))
    return labelled
