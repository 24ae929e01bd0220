"""Whether models keep what the gates of a spec ask of a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mien.errors import GateError, InputError, NotIdentified, UsageError
from mien.evals.release import kind_of
from mien.report.study.results import Results
from mien.stats import diffs
from mien.stats.diffs import gates
from mien.stats.estimates import Estimates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mien.evals.release import Release
    from mien.materials.specs import Gates
    from mien.stats.diffs import Diff
    from mien.stats.diffs.gates import Outcome


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """What became of some gates for one model.

    Attributes:
        model: what it is called in the study.
        of: what the gates are of, as the spec calls it.
        outcomes: of each gate.
        diff: what changed; None where nothing is, or could be, compared.
    """

    model: str
    of: str
    outcomes: Sequence[Outcome]
    diff: Diff | None

    @property
    def holds(self) -> bool:
        """Whether a release may go on, as far as these gates say."""
        return gates.holds(self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """What JSON holds of it."""
        told = {"model": self.model, "of": self.of, "holds": self.holds}
        return told | {"gates": [dict(outcome) for outcome in self.outcomes]}


def kept(release: Release, store: Path) -> list[Kept]:
    """Hold each model against each of the gates, by what a store holds.

    Raises:
        InputError: a gate names nothing that is there, bounds a change where no model was before, or can
            never be decided; with its line.
    """
    results = Results(release.study, store)
    return [
        _kept(release, results, model, number)
        for model in release.models
        for number in range(len(release.spec.gates))
    ]


def _kept(release: Release, results: Results, model: str, number: int) -> Kept:
    entry = release.spec.gates[number]
    models = [release.before, model] if release.before else [model]
    try:
        outcomes, diff = _outcomes(release, results, entry, models)
    except GateError as error:
        wrong = f"{error.text!r}: {error.problem}"
        raise release.study.file.fault(wrong, "gates", number, "fail_on") from error
    except InputError:
        raise
    except (UsageError, NotIdentified) as error:
        untold = [gates.undecided(gate, str(error)) for gate in entry.fail_on]
        return Kept(model=model, of=entry.of, outcomes=untold, diff=None)
    return Kept(model=model, of=entry.of, outcomes=outcomes, diff=diff)


def _outcomes(
    release: Release, results: Results, entry: Gates, models: Sequence[str]
) -> tuple[Sequence[Outcome], Diff | None]:
    main = {cell.model: cell.label for cell in release.study.main}
    labels = [main.get(model, "") for model in models]
    found = results.found(kind_of(entry), labels, models, entry.fail_on)
    document = release.study.document
    if not release.before:
        (only,) = (one if isinstance(one, Estimates) else one.estimates for one in found)
        alone = gates.Alone(after=only, confidence_level=document.confidence_level)
        return gates.check(alone, entry.fail_on), None
    diff = diffs.diff(*found, fdr=document.fdr, confidence_level=document.confidence_level)
    return gates.check(diff, entry.fail_on), diff
