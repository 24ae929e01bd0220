"""The tables of a report: one on its page, and all numbers as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypedDict

from mien.files.spreadsheet import quoted_cell
from mien.formatting import plural
from mien.report.changes import cells, columns
from mien.report.names import brief, shared
from mien.stats.profiles import common_traits, rows_in_common

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from mien.stats.diffs import Diff
    from mien.stats.profiles.profile import Profile, TraitRow

    Cell = tuple[str, Any]  # what is shown, and what the column is sorted by


class Shown(TypedDict):
    """A table as the page shows it; each column has a name, and whether it holds words."""

    title: str
    caption: str
    columns: list[tuple[str, bool]]
    rows: list[list[Cell]]


def shown(profiles: Sequence[Profile], diff: Diff | None) -> Shown:
    """The table of one profile, of a diff, or of many profiles side by side."""
    if diff is not None:
        return _changes(diff)
    level = f"{profiles[0].confidence_level:.0%} interval"
    return _ratings(profiles[0], level) if len(profiles) == 1 else _side_by_side(profiles, level)


def _changes(diff: Diff) -> Shown:
    """With p left out: what counts is q."""
    heads = columns(diff)
    without = heads.index("p")
    rows: list[list[Cell]] = []
    for change in diff.changes:
        levels = (change.before, change.after) if "before" in heads else ()
        by = (change.name, *levels, change.delta, change.low, change.p, change.q, str(change.changed))
        row = list(zip(cells(change), by, strict=True))
        rows.append([*row[:without], *row[without + 1 :]])
    named = [(head or "finding", head in {diff.noun, ""}) for head in heads if head != "p"]
    unit = "Elo points" if diff.before.centred else "each in its own unit"
    caption = f"From {diff.a} to {diff.b}, {unit}; q is adjusted for the number of {plural(diff.noun)}."
    return {"title": "All changes", "caption": caption, "columns": named, "rows": rows}


def _ratings(profile: Profile, level: str) -> Shown:
    rows = [
        [
            (row["trait"], row["trait"]),
            (str(row["rank"]), row["rank"]),
            (_ranks(row), row.get("rank_low")),
            (f"{row['rating']:.0f}", row["rating"]),
            (f"{row['low']:.0f} … {row['high']:.0f}", row["low"]),
            (str(row["shown"]), row["shown"]),
            (str(row["chosen"]), row["chosen"]),
        ]
        for row in profile.ranked_rows
    ]
    names = ("rank", "ranks", "rating", level, "shown", "chosen")
    caption = (
        "Elo points, 1000 the mean of all traits; the ranks that each may have; how often each was shown "
        "and chosen."
    )
    return {
        "title": "All ratings",
        "caption": caption,
        "columns": [("trait", True), *((n, False) for n in names)],
        "rows": rows,
    }


def _ranks(row: TraitRow) -> str:
    return f"{row['rank_low']} … {row['rank_high']}" if "rank_low" in row and "rank_high" in row else ""


def _side_by_side(profiles: Sequence[Profile], level: str) -> Shown:
    by_run = [{row["trait"]: row for row in rows} for rows in rows_in_common(profiles)]
    rows: list[list[Cell]] = []
    means: dict[str, float] = {}
    for trait in common_traits(profiles):
        own = [ratings[trait] for ratings in by_run]
        means[trait] = mean = sum(row["rating"] for row in own) / len(own)
        cells = [
            (f"{row['rating']:.0f} ± {(row['high'] - row['low']) / 2:.0f}", row["rating"]) for row in own
        ]
        rows.append([(trait, trait), (f"{mean:.0f}", mean), *cells])
    rows.sort(key=lambda row: -means[row[0][0]])
    runs = [profile.run for profile in profiles]
    columns = [("trait", True), ("mean", False), *((name, False) for name in brief(runs))]
    caption = f"Elo points, 1000 the mean of these traits; ± half the {level}."
    if head := shared(runs):
        caption += f" … stands for {head}"
    return {"title": "All ratings", "caption": caption, "columns": columns, "rows": rows}


_KINDS: Final = ("csv", "parquet", "json")


def files(diff: Diff | None) -> list[str]:
    """What `write` calls its files."""
    return [f"{name}.{kind}" for name in (("diff", "ratings") if diff else ("ratings",)) for kind in _KINDS]


def write(profiles: Sequence[Profile], diff: Diff | None, folder: Path) -> None:
    """Write ratings, and changes where there are some, as CSV, Parquet and JSON."""
    import pandas as pd

    ratings = [profile.table.assign(run=profile.run) for profile in profiles]
    _write_table(pd.concat(ratings, ignore_index=True), folder, "ratings")
    _write_json([profile.to_dict() for profile in profiles], folder / "ratings.json")
    if diff is not None:
        _write_table(diff.table, folder, "diff")
        _write_json(diff.to_dict(), folder / "diff.json")


def _write_table(table: pd.DataFrame, folder: Path, name: str) -> None:
    table.map(_cell).to_csv(folder / f"{name}.csv", index=False)
    table.to_parquet(folder / f"{name}.parquet", index=False)


def _cell(value: object) -> object:
    return quoted_cell(value) if isinstance(value, str) else value


def _write_json(value: Any, path: Path) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
