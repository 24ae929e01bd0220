"""A study laid out: its file, its runs, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mien.errors import UnknownName, UsageError
from mien.instruments.judges import kind_of
from mien.materials.traits import fold
from mien.measurement.study.cells import cells
from mien.measurement.study.file import read_study
from mien.models.prefixes import bare
from mien.runs.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mien.measurement.study.cells import Cell, Contrast
    from mien.measurement.study.document import Document
    from mien.measurement.study.file import StudyFile
    from mien.stats.design.shards import Shard


# Instruments whose readings an instructed run tells the errors of.
_READ: Final = frozenset(("revealed", "exhibited"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """All that a study's file asks for, laid out before a call is made.

    Attributes:
        file: what was read.
        cells: its runs, those of one model together.
        contrasts: its ablations.
    """

    file: StudyFile
    cells: tuple[Cell, ...]
    contrasts: tuple[Contrast, ...]

    @property
    def name(self) -> str:
        """What the study is called."""
        return self.file.name

    @property
    def document(self) -> Document:
        """What the file says."""
        return self.file.document

    @cached_property
    def main(self) -> tuple[Cell, ...]:
        """The first run of each model."""
        return tuple(cell for cell in self.cells if cell.main)

    @property
    def specs(self) -> tuple[str, ...]:
        """All models that are asked, each once: those under test and the judges."""
        asked = (
            spec
            for cell in self.cells
            for spec in (*cell.planned.models, *(one.judge for one in cell.opinions))
        )
        return tuple(dict.fromkeys(asked))

    def cell(self, label: str, *path: str | int) -> Cell:
        """The run of a label.

        Args:
            label: as the file has it.
            path: of the part of the file that names it.

        Raises:
            InputError: there is none; with the line, and the nearest.
        """
        for cell in self.cells:
            if cell.label == label:
                return cell
        unknown = UnknownName("run of the study", label, [cell.label for cell in self.cells])
        raise self.file.fault(str(unknown), *path)

    def control(self, cell: Cell) -> Cell | None:
        """The model's run that tells how judges err in this one; None where none is needed or there."""
        if cell.planned.instrument not in _READ:
            return None
        told = (one for one in self.cells if one.planned.instrument == "instructed")
        return next((one for one in told if one.model == cell.model), None)

    def at(self, rounds: Mapping[str, int]) -> Study:
        """Those of its runs that are named, of so many rounds each, whatever their targets."""

        def cut(cell: Cell) -> Cell:
            planned = cell.planned
            return replace(
                cell, planned=replace(planned, until=None, design=planned.design.first(rounds[cell.label]))
            )

        return replace(self, cells=tuple(cut(cell) for cell in self.cells if cell.label in rounds))

    def part(self, shard: Shard) -> Study:
        """The study with one shard of each of its runs, others being made elsewhere.

        Raises:
            UsageError: its runs stop at a target, which no shard sees, or have fewer trials than shards.
        """
        if any(cell.planned.until for cell in self.cells):
            raise UsageError(
                f"{self.name} stops at a target, and no shard sees what the others found: give it a number "
                "of rounds or trials, have all shards made by --on, which looks at them together, or let one "
                "process carry it out"
            )

        def parted(cell: Cell) -> Cell:
            planned = cell.planned
            return replace(cell, planned=replace(planned, design=planned.design.part(shard)))

        return replace(self, cells=tuple(map(parted, self.cells)))

    def run(self, cell: Cell, store: Path) -> Run:
        """A run of the study, in a store."""
        return Run(cell.planned.name, store)

    @property
    def warnings(self) -> list[str]:
        """What to know of the study before a call is made."""
        others = [one.judge.model for one in self.document.ablations if one.judge]
        judges = {bare(one) for one in (*others, *(judge.model for judge in self.document.judge))}
        return [
            f"{model.label} is read by itself: {model.model} is both under test and a judge, and may take "
            "its own answers for better than they are"
            for model in self.document.models
            if model.model in judges
        ]


def load_study(source: str | Path) -> Study:
    """Read a study's file, or a shipped one, and lay it out; nothing is called.

    Raises:
        UsageError: the file, or something that it names, cannot be used; with the line.
    """
    return lay_out(read_study(source))


def lay_out(file: StudyFile) -> Study:
    """Lay a study out; nothing is called.

    Raises:
        UsageError: something that the file names cannot be used; with the line.
    """
    made, contrasts = cells(file)
    study = Study(file=file, cells=made, contrasts=contrasts)
    for key in ("gates", "hypotheses"):
        for n, pair in enumerate(getattr(file.document, key)):
            study.cell(pair.before, key, n, "before")
            study.cell(pair.after, key, n, "after")
    for n, figure in enumerate(file.document.figures):
        for i, label in enumerate(figure.of):
            study.cell(label, "figures", n, "of", i)
    _require_judged(file)
    known = {fold(name) for name in made[0].planned.traits.names}
    for n, trait in enumerate(file.document.traits_of_interest):
        if fold(trait) not in known:
            raise file.fault(
                str(UnknownName("trait", trait, made[0].planned.traits.names)), "traits_of_interest", n
            )
    return study


def _require_judged(file: StudyFile) -> None:
    """Refuse probabilities or a jury where the study cannot tell what they are worth.

    Raises:
        InputError: with the line.
    """
    document, by = file.document, {*file.document.instruments}
    for member in ("soft", "jury"):
        if getattr(document, member) and not ("instructed" in by and by & _READ):
            raise file.fault(
                f"{member} takes what it knows of judges from each model's instructed run: add instructed to "
                "instruments:, beside revealed or exhibited",
                member,
            )
    if document.soft and not kind_of(judge := document.judge[0].model).tells:
        raise file.fault(
            f"soft needs a judge that tells its probabilities, and {judge} is asked for verdicts: take "
            f"logprobs:{judge} where its endpoint tells them, a base model (base:SPEC), or one on this "
            "machine",
            "soft",
        )
    if document.soft and document.prior != "flat":
        raise file.fault("probabilities are read under the flat prior alone: leave out prior:", "soft")
    if document.jury and len(document.judge) < 2:
        raise file.fault("a jury has two judges or more: name them under judge:", "jury")
    silent = [one.model for one in document.judge if not kind_of(one.model).tells]
    if document.jury == "soft" and silent:
        raise file.fault(
            f"a jury of probabilities: {silent[0]} tells none, and is asked for verdicts", "jury"
        )
    if document.jury is True and (document.options or 2) > 2:
        raise file.fault("a jury reads trials of two options: leave out options:", "jury")
