"""What came of a study: its profiles, ablations, gates; worked out of the store, once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mien.errors import GateError, NotIdentified, UnknownName, UsageError
from mien.evals import kinds
from mien.evals.study import evaluated
from mien.measurement.study.document import FigureEntry
from mien.measurement.study.file import SEPARATOR
from mien.measurement.study.registration import registered
from mien.measurement.study.standing import standings
from mien.report.figure import Settings
from mien.report.folder import FIGURES as USUAL
from mien.report.measured import Measured
from mien.report.registry import FIGURES, drawing
from mien.report.study.expected import expected, of_interest
from mien.runs.jury import jury
from mien.runs.manner import manner
from mien.runs.soft_jury import SoftJury, soft_jury
from mien.stats import diffs
from mien.stats.diffs import gates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mien.evals.evaluation import Evaluation
    from mien.measurement.study.cells import Cell, Contrast
    from mien.measurement.study.document import GateEntry, Pair
    from mien.measurement.study.registration import Registration
    from mien.measurement.study.study import Study
    from mien.report.figures.theme import Chart
    from mien.report.study.expected import Expected, OfInterest
    from mien.runs.jury import JuryProfile
    from mien.stats.consistency.persistence import Persistence
    from mien.stats.diffs import Diff
    from mien.stats.diffs.gates import Outcome
    from mien.stats.estimates import Estimates
    from mien.stats.inventories import Inventory
    from mien.stats.panels import Panel
    from mien.stats.profiles.profile import Profile
    from mien.stats.sides import Sides

_MEMBERS: Final = ("top", "bottom", "components", "target", "by")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ablated:
    """What an ablation changed of one model; ``diff`` is None where one side cannot be rated yet."""

    contrast: Contrast
    diff: Diff | None
    lacking: str = ""

    def to_dict(self) -> dict[str, Any]:
        """What a study's JSON holds of it."""
        told: dict[str, Any] = {
            "ablation": self.contrast.ablation,
            "model": self.contrast.model,
            "usual": self.contrast.usual,
            "other": self.contrast.other,
            "judge": self.contrast.judge,
        }
        if self.diff is None:
            return told | {"lacking": self.lacking}
        correlation, size = self.diff.correlation, self.diff.size
        return told | {
            "correlation": None if correlation is None else dict(correlation),
            "size": None if size is None else dict(size),
            "changed": int(self.diff.changed.sum()),
            "traits": len(self.diff.names),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gated:
    """What became of the gates between two runs; without a diff they are all undecided."""

    entry: GateEntry
    outcomes: Sequence[Outcome]
    diff: Diff | None
    lacking: str = ""

    @property
    def holds(self) -> bool:
        """Whether a release may go on."""
        return self.diff is not None and gates.holds(self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """What a study's JSON holds of it."""
        return {
            "before": self.entry.before,
            "after": self.entry.after,
            "of": self.entry.of,
            "fail_when": self.entry.fail_when,
            "holds": self.holds,
            "gates": [dict(outcome) for outcome in self.outcomes],
            "lacking": self.lacking,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sat:
    """A run as a jury of the study's judges reads it; ``found`` is None where it cannot yet."""

    label: str
    found: JuryProfile | SoftJury | None
    lacking: str = ""

    @property
    def traits(self) -> list[dict[str, Any]]:
        """One row a trait, by rank; none yet where there is no jury."""
        if isinstance(self.found, SoftJury):
            return [dict(row) for row in self.found.profile.ranked_rows]
        return self.found.rows if self.found else []

    def to_dict(self) -> dict[str, Any]:
        """What a study's JSON holds of it."""
        if self.found is None:
            return {"label": self.label, "lacking": self.lacking}
        return {"label": self.label, **self.found.to_dict()}


class Results:
    """What came of a study. Everything is worked out when it is first asked for.

    Attributes:
        study: laid out.
        store: the store's file.
        standings: how far its runs have come.
        runs: by label.
        evaluations: what is measured beside traits, and how far that has come.
    """

    def __init__(self, study: Study, store: Path) -> None:
        self.study, self.store = study, store
        self.standings = standings(study, store)
        self.runs = {cell.label: study.run(cell, store) for cell in study.cells}
        self.evaluations = [one.standing(store) for one in evaluated(study)]
        document = study.document
        self._measured = Measured(
            list(self.runs.values()),
            confidence_level=document.confidence_level,
            fdr=document.fdr,
            prior=document.prior,
            labels={run.name: label for label, run in self.runs.items()},
            soft={self.runs[label].name: self.runs[told] for label, told in self.soft.items()},
        )
        self._lacking: dict[str, str] = {}

    @cached_property
    def soft(self) -> dict[str, str]:
        """Runs that are rated by the judge's probabilities, by label, and those that calibrate them."""
        return self._controls(self.study.cells) if self.study.document.soft else {}

    def _controls(self, cells: Sequence[Cell]) -> dict[str, str]:
        found = ((cell.label, self.study.control(cell)) for cell in cells)
        return {label: told.label for label, told in found if told is not None}

    @cached_property
    def juries(self) -> list[Sat]:
        """The first run of each model as all judges together read it, where that is wanted."""
        if not self.study.document.jury:
            return []
        controls = self._controls(self.study.cells)
        first = {cell.model: cell for cell in reversed(self.study.cells) if cell.label in controls}
        return [self._sat(cell, controls[cell.label]) for cell in reversed(first.values())]

    def _sat(self, cell: Cell, told: str) -> Sat:
        judges = [cell.planned.judge, *(one.name or one.model for one in self.study.document.judge[1:])]
        level = self.study.document.confidence_level
        try:
            read = soft_jury if self.study.document.jury == "soft" else jury
            found = read(self.runs[cell.label], judges, self.runs[told], confidence_level=level)
        except (UsageError, NotIdentified) as error:
            return Sat(label=cell.label, found=None, lacking=str(error))
        return Sat(label=cell.label, found=found)

    @property
    def complete(self) -> bool:
        """Whether every run has all its trials, read by all its judges, and every evaluation its answers."""
        return all(one.complete for one in (*self.standings, *self.evaluations))

    def lacking(self, label: str) -> str:
        """Why a run cannot be rated; empty where it can."""
        if label not in self._lacking:
            try:
                self._measured.profile(self.runs[label])
            except (UsageError, NotIdentified) as error:
                self._lacking[label] = str(error)
            else:
                self._lacking[label] = ""
        return self._lacking[label]

    def unrated(self, label: str) -> str:
        """Why a run has no ratings, chosen or of itself; empty where it has."""
        return "" if label in self.inventories else self.lacking(label)

    @property
    def main(self) -> tuple[Cell, ...]:
        """The first run of each model, of those that can be rated."""
        return tuple(cell for cell in self.study.main if not self.lacking(cell.label))

    @cached_property
    def left_out(self) -> dict[str, str]:
        """Runs that cannot be rated, by label, and why."""
        labels = [cell.label for cell in self.study.cells if cell.label not in self.inventories]
        return {label: why for label in labels if (why := self.lacking(label))}

    @cached_property
    def inventories(self) -> dict[str, Inventory]:
        """How models rate themselves, by the label of the run, of those runs of which that can be told."""
        found: dict[str, Inventory] = {}
        for cell in self.study.cells:
            if cell.planned.instrument == "inventory":
                try:
                    (found[cell.label],) = self.measured([cell.label]).inventories
                except (UsageError, NotIdentified) as error:
                    self._lacking[cell.label] = str(error)
        return found

    def measured(self, labels: Sequence[str]) -> Measured:
        """Some of the runs, with their results."""
        return self._measured.only(*(self.runs[label] for label in labels))

    @cached_property
    def shown(self) -> Measured:
        """The first run of each model, of those that can be rated."""
        return self.measured([cell.label for cell in self.main])

    @property
    def panel(self) -> Panel:
        """The first run of each model, side by side.

        Raises:
            UsageError: fewer than two can be rated.
        """
        return self.shown.panel

    @cached_property
    def sides(self) -> list[Sides]:
        """The sides of each model that several instruments measured, of those runs that can be rated."""
        found: list[Sides] = []
        for model in dict.fromkeys(cell.model for cell in self.study.cells):
            by_instrument: dict[str, str] = {}
            for cell in self.study.cells:
                usual = cell.main or cell.label == f"{model}{SEPARATOR}{cell.planned.instrument}"
                rated = cell.label in self.inventories or not self.lacking(cell.label)
                if cell.model == model and usual and rated:
                    by_instrument.setdefault(cell.planned.instrument, cell.label)
            sides = self.measured(list(by_instrument.values())).sides if len(by_instrument) > 1 else None
            found += [] if sides is None else [sides]
        return found

    @cached_property
    def persistence(self) -> dict[str, Persistence | str]:
        """How far characters hold in later turns, by the run's label; or why that cannot be told."""
        found: dict[str, Persistence | str] = {}
        for cell in self.study.cells:
            talk = cell.planned.conversation
            if talk.turns == 1:
                continue
            try:
                found[cell.label] = self.runs[cell.label].persistence(
                    talk.wish, confidence_level=self.study.document.confidence_level
                )
            except UsageError as error:
                found[cell.label] = str(error)
        return found

    @cached_property
    def ablated(self) -> list[Ablated]:
        """What each ablation changed."""
        return [self._ablated(contrast) for contrast in self.study.contrasts]

    def _ablated(self, contrast: Contrast) -> Ablated:
        if why := self.lacking(contrast.usual) or self.lacking(contrast.other):
            return Ablated(contrast=contrast, diff=None, lacking=why)
        try:
            # Another judge of the same responses: nobody knows what its probabilities are worth.
            soft = not contrast.judge
            before = self._flat(contrast.usual, soft=soft)
            after = self._flat(contrast.other, contrast.judge or None, soft=soft)
            return Ablated(contrast=contrast, diff=self._diff(before, after))
        except (UsageError, NotIdentified) as error:
            return Ablated(contrast=contrast, diff=None, lacking=str(error))

    @cached_property
    def gated(self) -> list[Gated]:
        """What became of the gates.

        Raises:
            InputError: one of them names no trait of the study, or can never be decided; with its line.
        """
        return [self._gated(n, entry) for n, entry in enumerate(self.study.document.gates)]

    def _gated(self, n: int, entry: GateEntry) -> Gated:
        if why := self.unrated(entry.before) or self.unrated(entry.after):
            return Gated(entry=entry, outcomes=(), diff=None, lacking=why)
        try:
            diff = self.pair(entry, entry.fail_on, margin=entry.margin)
            outcomes = gates.check(diff, entry.fail_on, fail_when=entry.fail_when)
        except GateError as error:
            raise self.study.file.fault(f"{error.text!r}: {error.problem}", "gates", n, "fail_on") from error
        except (UsageError, NotIdentified) as error:
            return Gated(entry=entry, outcomes=(), diff=None, lacking=str(error))
        return Gated(entry=entry, outcomes=outcomes, diff=diff)

    @cached_property
    def registration(self) -> Registration | None:
        """What was said of the study before its first call; None where nothing was registered."""
        return registered(self.study, self.store)

    @cached_property
    def expected(self) -> list[Expected]:
        """What was expected, and whether it was borne out.

        Raises:
            InputError: as `gated`.
        """
        return expected(self)

    @cached_property
    def of_interest(self) -> list[OfInterest]:
        """What became of the traits of interest, and how many others changed."""
        return of_interest(self)

    def pair(self, pair: Pair, bounds: Sequence[str] = (), *, margin: float | None = None) -> Diff:
        """What changed between two runs of the study that can be rated.

        Args:
            pair: of which, and by what.
            bounds: gates that are to be held against it.
            margin: within which a change is none.

        Raises:
            UsageError: their responses are asked for, and there are none.
            NotIdentified: there are too few.
        """
        models = [next(cell.model for cell in self.study.cells if cell.label == end) for end in pair.ends]
        return self._diff(*self.found(pair.of, pair.ends, models, bounds), margin=margin)

    def found(
        self, of: str, labels: Sequence[str], models: Sequence[str], bounds: Sequence[str] = ()
    ) -> Sequence[Profile | Estimates]:
        """What was found of runs: their ``traits``, their ``manner``, or an evaluation of their models.

        Args:
            of: which.
            labels: of the runs; ``models``, theirs.
            bounds: gates: what they name is among it.

        Raises:
            UsageError: it is not begun, or what it rests on is not there.
            NotIdentified: there is too little of it.
        """
        if of == "traits":
            rated = self.inventories
            return [rated[label].estimates if label in rated else self._flat(label) for label in labels]
        if of == "manner":
            return [one.estimates for one in manner([self.runs[label] for label in labels])]
        named = [gates.parse(bound).trait for bound in bounds]
        return [one.compared(*named) for one in self._evaluated(of, models)]

    def estimated(self, kind: str, models: Sequence[str]) -> list[Estimates]:
        """What an evaluation found of models, of what is told of all of them.

        Raises:
            UsageError: it is not begun of one of them, or the study does not have it.
            NotIdentified: there are too few answers.
        """
        return [one.estimates for one in self._evaluated(kind, models)]

    def _evaluated(self, kind: str, models: Sequence[str]) -> Sequence[kinds.Found]:
        by_model = {one.laid_out.model: one.found for one in self.evaluations if one.kind == kind}
        found: list[Evaluation] = []
        for model in models:
            if (one := by_model.get(model)) is None:
                raise UsageError(
                    f"{kind} of {model} is not begun"
                    if model in by_model
                    else f"the study has no {kind} of {model}; name it under evaluations:"
                )
            found.append(one)
        return kinds.found(found, confidence_level=self.study.document.confidence_level)

    @property
    def holds(self) -> bool:
        """Whether all gates hold."""
        return all(gated.holds for gated in self.gated)

    def _flat(self, label: str, judge: str | None = None, *, soft: bool = True) -> Profile:
        level, told = self.study.document.confidence_level, self.soft.get(label) if soft else None
        return self.runs[label].profile(
            judge, soft=None if told is None else self.runs[told], confidence_level=level
        )

    def _diff(
        self, before: Profile | Estimates, after: Profile | Estimates, *, margin: float | None = None
    ) -> Diff:
        document = self.study.document
        return diffs.diff(
            before, after, fdr=document.fdr, confidence_level=document.confidence_level, margin=margin
        )

    def figures(self) -> tuple[list[tuple[str, Callable[[], Chart]]], list[str]]:
        """What draws the figures, by the name of their file; and why others are not drawn."""
        drawings: list[tuple[str, Callable[[], Chart]]] = []
        notes: list[str] = []
        for name, entry in self._figures():
            labels = entry.of or [cell.label for cell in self.study.main]
            there = [label for label in labels if not self.lacking(label)]
            figure = FIGURES[entry.figure]
            if not figure.fewest <= len(there) <= figure.most:
                why = f"it takes {figure.takes}, and {len(there)} of {len(labels)} can be rated"
                notes.append(not_drawn(name, why))
                continue
            settings = Settings(**{member: getattr(entry, member) for member in _MEMBERS})
            try:
                drawings.append((name, drawing(entry.figure, self.measured(there), settings)))
            except (UsageError, NotIdentified) as error:
                notes.append(not_drawn(name, str(error)))
        return drawings, notes

    def _figures(self) -> list[tuple[str, FigureEntry]]:
        entries = self.study.document.figures
        if not entries:
            usual = USUAL[min(len(self.study.main), 3)]
            entries = tuple(FigureEntry(figure=name) for name in usual)
        return [*zip(figure_names(entries), entries, strict=True)]


def not_drawn(name: str, why: str) -> str:
    """What is said of a figure that is left out."""
    return f"The figure {name} is not drawn: {why}."


def figure_names(entries: Sequence[FigureEntry]) -> list[str]:
    """What the files of figures are called: as they say, else as the figure; numbered where names recur."""
    names: list[str] = []
    for entry in entries:
        name = wanted = entry.name or entry.figure
        number = 1
        while name in names:
            number += 1
            name = f"{wanted}-{number}"
        names.append(name)
    return names


def require_drawable(study: Study) -> None:
    """Refuse before the first call a figure that cannot be drawn of a study's runs.

    Raises:
        InputError: with the figure's line.
    """
    for n, entry in enumerate(study.document.figures):
        count = len(entry.of) or len(study.main)
        if problem := _undrawable(entry, count):
            raise study.file.fault(problem, "figures", n)


def _undrawable(entry: FigureEntry, count: int) -> str:
    if entry.figure not in FIGURES:
        return str(UnknownName("figure", entry.figure, FIGURES))
    figure = FIGURES[entry.figure]
    if not figure.fewest <= count <= figure.most:
        return f"{entry.figure} takes {figure.takes}, not {count}; say which with of:"
    given = [name for name in _MEMBERS if getattr(entry, name) is not None]
    if refused := [name for name in given if name not in figure.settings]:
        return f"{entry.figure} takes no {refused[0]}:"
    if "/" in entry.name or "\\" in entry.name:
        return "the name of a figure's file holds no folder"
    return ""
