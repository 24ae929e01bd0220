"""What moves the profile that a judge makes of a model, from readings that the store holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mien.instruments.judges import kind_of
from mien.instruments.judges.perturbed import perturbation
from mien.materials.protocols import Protocol
from mien.models.prefixes import bare
from mien.runs.rereadings import pair
from mien.stats.diffs.rereading import Rereading, partiality, rereading
from mien.stats.multiplicity import false_discovery

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

    from mien.runs.run import Run

#: The readings of a judge beside that one's which are no perturbations.
AGAIN, INSTEAD, OWN = "again", "judge", "own"

Finding = Literal["moves", "no sign", "undecided", "noise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A judge's reading of a run beside another reading of the same responses, one thing changed.

    Attributes:
        run: the run's name; model: whose it is.
        judge: by whom it was read first.
        change: what was changed: a perturbation's name, ``again`` (nothing: the noise floor), or ``judge``
            (another judge read), or ``own`` (the judge reads its own family's model, told by how it reads
            another's; both set beside how a second judge reads them).
        told: the same in words.
        label: what the other reading's verdicts go by; of `OWN` the judge's.
        found: what it moves.
        q: ``found.p``, adjusted over all that is tested; None where nothing is.
        alone: trials on which one of the two readings alone has a verdict.
        fdr: false-discovery rate at which it counts as moving the profile.
    """

    run: str
    model: str
    judge: str
    change: str
    told: str
    label: str
    found: Rereading
    q: float | None = None
    alone: int = 0
    fdr: float = 0.05

    @property
    def finding(self) -> Finding:
        """Whether it moves the profile; of the noise floor nothing is asked."""
        if self.change == AGAIN:
            return "noise"
        if self.q is None:
            return "undecided"
        return "moves" if self.q < self.fdr else "no sign"

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON holds it."""
        names = ("run", "model", "judge", "change", "told", "label", "finding", "q", "alone")
        return {name: getattr(self, name) for name in names} | self.found.to_dict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A perturbation that changes nothing for a judge, and why."""

    judge: str
    change: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAblation:
    """What moves the profiles that judges make of models.

    Attributes:
        rows: by run, judge and what was changed.
        unfit: what was not tried, and why.
        temperatures: at which each judge was asked first, by its name; None where its endpoint's default
            holds, or it is asked at none.
        fdr: false-discovery rate over all rows.
    """

    rows: tuple[Changed, ...]
    unfit: tuple[Unfit, ...]
    temperatures: dict[str, float | None]
    fdr: float = 0.05
    confidence_level: float = 0.95

    @property
    def moving(self) -> list[Changed]:
        """The rows in which the profile moves."""
        return [row for row in self.rows if row.finding == "moves"]

    def row(self, change: str, judge: str | None = None, run: str | None = None) -> Changed | None:
        """The first row of a change, of a judge and a run where these are given; None where there is none."""
        return next(
            (
                row
                for row in self.rows
                if row.change == change and judge in (None, row.judge) and run in (None, row.run)
            ),
            None,
        )

    @property
    def table(self) -> pd.DataFrame:
        """A row for each change."""
        import pandas as pd

        def line(row: Changed) -> dict[str, Any]:
            found = row.found.diff
            ranks = None if found is None else found.correlation
            size = None if found is None else found.size
            return {
                "run": row.run,
                "judge": row.judge,
                "change": row.change,
                "differing": row.found.differing / max(row.found.n, 1),
                "spearman": None if ranks is None else ranks["spearman"],
                "rms": None if size is None else size["rms"],
                "traits": 0 if found is None else int(found.changed.sum()),
                "q": row.q,
                "finding": row.finding,
            }

        return pd.DataFrame([line(row) for row in self.rows])

    def to_dict(self) -> dict[str, Any]:
        """What ``mien judges check --json`` prints."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "unfit": [{"judge": one.judge, "change": one.change, "reason": one.reason} for one in self.unfit],
            "temperatures": self.temperatures,
            "fdr": self.fdr,
            "confidence_level": self.confidence_level,
        }


def ablation(
    runs: Sequence[Run],
    judges: Sequence[str],
    changes: Sequence[str],
    *,
    families: Sequence[Collection[str]] = (),
    fdr: float = 0.05,
    confidence_level: float = 0.95,
) -> JudgeAblation:
    """Compare the readings of runs that the store holds.

    Args:
        runs: each read by all judges.
        judges: names of the judges; the others are set beside the first, too.
        changes: names of perturbations.
        families: models and judges of one maker each; a judge that is the model itself is of its family
            anyway.
        fdr: false-discovery rate, over all rows that are tested, and over the traits of each.
        confidence_level: of all intervals.

    Raises:
        UnknownName: there is no such run or perturbation.
        UsageError: two readings have no trial in common.
    """
    level = Level(fdr, confidence_level)
    rows: list[Changed] = []
    unfit: dict[Unfit, None] = {}
    temperatures: dict[str, float | None] = {}
    for run in runs:
        record = run.record
        protocol = Protocol.model_validate_json(record.protocol)
        for judge in judges:
            kind = kind_of(judge)
            temperatures[judge] = protocol.judge.sampling.temperature if kind.varies else None
            others = [Other(AGAIN, f"{judge}#1", "asked again")]
            for one in map(perturbation, changes):
                if reason := one.unfit(kind, protocol, record.traits):
                    unfit[Unfit(judge=judge, change=one.name, reason=reason)] = None
                else:
                    others.append(Other(one.name, f"{judge}@{one.name}", one.told))
            if judge == judges[0]:
                others += [Other(INSTEAD, another, f"another judge: {another}") for another in judges[1:]]
            rows += _beside(run, judge, others, level)
    rows += _partialities(runs, judges, families, level)
    place = {(run.name, judge): i for i, (run, judge) in enumerate(product(runs, judges))}
    rows.sort(key=lambda row: place[row.run, row.judge])
    return JudgeAblation(
        rows=tuple(_adjusted(rows)),
        unfit=tuple(unfit),
        temperatures=temperatures,
        fdr=fdr,
        confidence_level=confidence_level,
    )


class Level(NamedTuple):
    """The false-discovery rate, and the level of all intervals."""

    fdr: float
    confidence_level: float


class Other(NamedTuple):
    """A reading to be set beside a judge's first: what was changed, what it goes by, and in words."""

    change: str
    label: str
    told: str


def _beside(run: Run, judge: str, others: Sequence[Other], level: Level) -> list[Changed]:
    """A row for each of the other readings that the store holds."""
    read, model = {known.name for known in run.judges}, run.record.model
    rows: list[Changed] = []
    for other in others:
        if other.label not in read:
            continue
        both = pair(run, judge, other.label)
        found = rereading(
            both.before,
            both.after,
            turned=both.ends if other.change == "order" else None,
            fdr=level.fdr,
            confidence_level=level.confidence_level,
        )
        rows.append(
            Changed(
                run=run.name,
                model=model,
                judge=judge,
                **other._asdict(),
                found=found,
                alone=both.alone,
                fdr=level.fdr,
            )
        )
    return rows


def _partialities(
    runs: Sequence[Run],
    judges: Sequence[str],
    families: Sequence[Collection[str]],
    level: Level,
) -> list[Changed]:
    """Whether each judge reads its family's models otherwise than others'; none where it has none."""

    def kin(judge: str, model: str) -> bool:
        own = bare(judge)
        return own == model or any({own, judge} & {*family} and model in family for family in families)

    models = {run.name: run.record.model for run in runs}
    rows: list[Changed] = []
    for judge in judges:
        for run in (one for one in runs if kin(judge, models[one.name])):
            yardsticks = [one for one in judges if not kin(one, models[run.name])]
            others = [one for one in runs if not kin(judge, models[one.name])]
            # Best a second judge that is of neither's family.
            pairs = [(reader, other) for reader in yardsticks for other in others]
            pairs.sort(key=lambda one: kin(one[0], models[one[1].name]))
            if not pairs:
                continue
            reader, other = pairs[0]
            own, its = pair(run, reader, judge), pair(other, reader, judge)
            both = (
                ", which is of that judge's family: the two add up" if kin(reader, models[other.name]) else ""
            )
            rows.append(
                Changed(
                    run=run.name,
                    model=models[run.name],
                    judge=judge,
                    change=OWN,
                    told=f"its own model, told by {reader} and {models[other.name]}{both}",
                    label=judge,
                    found=partiality(
                        (own.before, own.after),
                        (its.before, its.after),
                        fdr=level.fdr,
                        confidence_level=level.confidence_level,
                    ),
                    alone=own.alone + its.alone,
                    fdr=level.fdr,
                )
            )
    return rows


def _adjusted(rows: Sequence[Changed]) -> list[Changed]:
    """With q, over all rows that are tested."""
    tested = [i for i, row in enumerate(rows) if row.change != AGAIN and row.found.p is not None]
    if not tested:
        return list(rows)
    q = false_discovery([rows[i].found.p or 0.0 for i in tested])
    by_row = {i: float(q[place]) for place, i in enumerate(tested)}
    return [replace(row, q=by_row.get(i)) for i, row in enumerate(rows)]
