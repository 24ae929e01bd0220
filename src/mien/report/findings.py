"""What a report says of its runs, written from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.formatting import counted, enumerated, fraction
from mien.report.changes import headline, summary
from mien.report.names import brief, shared
from mien.report.sides import claims
from mien.stats.correlation import rank_correlation
from mien.stats.profiles import left_out, rows_in_common
from mien.stats.profiles.elo import ELO_CENTRE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.report.measured import Measured
    from mien.stats.diffs import Diff
    from mien.stats.profiles.profile import Profile, TraitRow
    from mien.types import Floats

ENDS = 5  # traits to name from either end of a ranking
FEW = 3  # the same, where there are many rankings
LEFT_OUT = "Not set beside each other, since not every run was seen to show them"
RELIABLE = 0.8  # below this, a sentence of caution


def short(measured: Measured) -> list[str]:
    """What a reader is to know first: of one run who it is, of two what changed, of more what sets apart."""
    if measured.sides is not None:
        return claims(measured.sides)
    if measured.change is not None:
        return of_two(measured.change)[:2]
    if len(measured.profiles) == 1:
        return of_one(measured.profiles[0])
    return apart(measured.profiles)


def of_one(profile: Profile) -> list[str]:
    """What a single profile shows."""
    rows = profile.rows
    above = sum(row["low"] > ELO_CENTRE for row in rows)
    below = sum(row["high"] < ELO_CENTRE for row in rows)
    unclear = len(rows) - above - below
    level = f"{profile.confidence_level:.0%}"
    return [
        f"Most expressed: {_listed(rows[:ENDS])}.",
        f"Least expressed: {_listed(rows[: -ENDS - 1 : -1])}.",
        f"Of {counted(len(rows), 'trait')}, {above} lie above the mean of all with their whole {level} "
        f"interval, {below} below it, and {unclear} cannot be told from it.",
    ]


def of_two(diff: Diff) -> list[str]:
    """What changed between two profiles."""
    changed = [change for change in diff.changes if change.changed]
    largest = "; ".join(
        f"{change.name} {unit.change(change.delta)} ({unit.change(change.low)} … {unit.change(change.high)})"
        for change in changed[:ENDS]
        for unit in [change.quantity.unit]
    )
    level = f"{diff.confidence_level:.0%} intervals"
    said = [f"{headline(diff)}." if not largest else f"{headline(diff)}. The largest: {largest}; {level}."]
    said += [f"{label[0].upper()}{label[1:]}: {text}." for label, text in summary(diff)]
    return said + [f"{warning[0].upper()}{warning[1:]}." for warning in diff.warnings]


def of_many(profiles: Sequence[Profile]) -> list[str]:
    """What sets several profiles beside one another: each one's ends, and who is alike."""
    by_run = rows_in_common(profiles)
    said = [
        f"{profile.run}: most {_briefly(rows[:FEW])}; least {_briefly(rows[: -FEW - 1 : -1])}."
        for profile, rows in zip(profiles, by_run, strict=True)
    ]
    return [*said, *_alike(profiles, [profile.run for profile in profiles])]


def _alike(profiles: Sequence[Profile], names: Sequence[str]) -> list[str]:
    """Which two rank the traits most alike, and which least; nothing where that is not known."""
    scores = [_scores(rows) for rows in rows_in_common(profiles)]
    pairs = [
        (
            found["spearman"],
            f"{a} and {b}, {fraction(found['spearman'])}{_ends(found['low'], found['high'])}",
        )
        for i, a in enumerate(names)
        for j, b in enumerate(names[i + 1 :], i + 1)
        if (
            found := rank_correlation(
                scores[i], scores[j], (None, None), confidence_level=profiles[0].confidence_level
            )
        )["spearman"]
        is not None
    ]
    if not pairs:
        return []
    pairs.sort(key=lambda pair: pair[0] or 0.0)
    return [
        f"Most alike in their ranks (Spearman): {pairs[-1][1]}. Least alike: {pairs[0][1]}. "
        "Noise lowers these correlations."
    ]


def apart(profiles: Sequence[Profile]) -> list[str]:
    """What sets several profiles apart: where two of them lie furthest from each other, and who is alike."""
    runs = brief([profile.run for profile in profiles])
    by_trait: dict[str, list[tuple[TraitRow, str]]] = {}
    for run, rows in zip(runs, rows_in_common(profiles), strict=True):
        for row in rows:
            by_trait.setdefault(row["trait"], []).append((row, run))
    ends = {
        trait: (max(own, key=lambda of: of[0]["rating"]), min(own, key=lambda of: of[0]["rating"]))
        for trait, own in by_trait.items()
    }

    def gap(trait: str) -> float:
        (high, _), (low, _) = ends[trait]
        return (high["rating"] - low["rating"]) / max(1e-9, np.hypot(high["stderr"], low["stderr"]))

    furthest = sorted(ends, key=gap, reverse=True)[:ENDS]
    level = f"{profiles[0].confidence_level:.0%} intervals"
    told = "; ".join(
        f"{trait}, {_rated(high)} in {a} and {_rated(low)} in {b}"
        for trait in furthest
        for (high, a), (low, b) in [ends[trait]]
    )
    head = shared([profile.run for profile in profiles])
    return [
        f"Furthest apart, for the precision of both ({level}): {told}.",
        *_alike(profiles, runs),
        *([f"… stands for {head}"] if head else []),
    ]


def limits(profiles: Sequence[Profile]) -> list[str]:
    """What the measurements cannot show, and what weakens these."""
    said = [
        "A rating is relative to this set of traits: 1000 is their mean, and 100 points are odds of 1.8 to 1 "
        "between two of them.",
        "Intervals cover the draw of prompts and answers. They don't cover the choice of the judge, of the "
        "wording, or of the traits.",
    ]
    if any(profile.instrument == "revealed" for profile in profiles):
        said.append(
            "Under revealed, the model is told to take one of the traits shown, and a judge reads which. "
            "That is preference among what is offered, which is not how strongly a trait shows unasked."
        )
    if all(profile.accuracy is None for profile in profiles):
        said.append(
            "How often the judge reads rightly is not known from these runs; one with --instrument "
            "instructed and the same judge would tell."
        )
    if absent := left_out(profiles):
        said.append(f"{LEFT_OUT}: {enumerated(absent, 8)}. They have no rank there.")
    lacking = (profile.made.lacking(profile.run) for profile in profiles)
    said += [f"{told}: what is there need not stand for the rest." for told in lacking if told]
    weak = [
        f"{profile.run} ({fraction(profile.reliability['model_based'])})"
        for profile in profiles
        if (profile.reliability["model_based"] or 0.0) < RELIABLE
    ]
    if weak:
        said.append(
            f"Reliability is below {fraction(RELIABLE)}: {', '.join(weak)}. More rounds would raise it."
        )
    for profile in profiles:
        share = 1 - profile.verdicts["chosen"] / profile.n_trials
        if share > 0.1:
            said.append(f"{profile.run}: {share:.0%} of the trials ended without a choice, and don't count.")
    if len({profile.judge for profile in profiles}) > 1:
        said.append("The runs were read by different judges: what differs may be the judges.")
    if len({(profile.protocol, profile.instrument) for profile in profiles}) > 1:
        said.append("The runs differ in protocol or instrument: what differs may be how they were asked.")
    return said


def _listed(rows: Sequence[TraitRow]) -> str:
    return "; ".join(
        f"{row['trait']} {row['rating']:.0f} ({row['low']:.0f} … {row['high']:.0f})" for row in rows
    )


def _briefly(rows: Sequence[TraitRow]) -> str:
    return ", ".join(f"{row['trait']} {_rated(row)}" for row in rows)


def _rated(row: TraitRow) -> str:
    return f"{row['rating']:.0f} ± {(row['high'] - row['low']) / 2:.0f}"


def _scores(rows: Sequence[TraitRow]) -> Floats:
    """In the order of the traits."""
    return np.array([row["score"] for row in sorted(rows, key=lambda row: row["trait"])])


def _ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({fraction(low)} … {fraction(high)})"
