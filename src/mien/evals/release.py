"""A release laid out: all that the gates of a spec name, of the new models and of the one before them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import ValidationError

from mien.errors import GateError, InputError, UnknownName, UsageError
from mien.evals.kinds import KINDS
from mien.evals.spec.evaluate import load, needs_judge
from mien.evals.study import evaluated
from mien.files import line_of, part_of
from mien.materials.specs.spec import document
from mien.materials.structure import structure
from mien.materials.traits import fold
from mien.measurement.study.document import Document, ModelEntry
from mien.measurement.study.file import StudyFile
from mien.measurement.study.study import lay_out
from mien.stats.diffs.gates import parse, require_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.study import StudyEvaluation
    from mien.materials.specs import Spec
    from mien.materials.specs.spec import Gates
    from mien.measurement.study.study import Study

#: What gates of a spec are of, beside the kinds of evaluations. Its own clauses are an evaluation, too.
CLAUSES: Final = "clauses"
_OF_RUNS: Final = ("traits", "manner")
_OWN: Final = ("models", "judge", "gates", "hypotheses", "name")


@dataclass(frozen=True, kw_only=True, eq=False)
class Release:
    """Models that are held against the gates of a spec.

    Attributes:
        spec: whose gates.
        study: of the models, in which everything is measured alike; its runs are those that gates rest on.
        before: what the model before them is called in the study; empty for none.
    """

    spec: Spec
    study: Study
    before: str

    @property
    def models(self) -> tuple[str, ...]:
        """What the models under test are called in the study."""
        return tuple(one.label for one in self.study.document.models if one.label != self.before)

    @cached_property
    def evaluated(self) -> tuple[StudyEvaluation, ...]:
        """The evaluations: the spec's own first."""
        found = evaluated(self.study)
        return tuple(sorted(found, key=lambda one: one.planned.kind != "spec"))

    @property
    def runs(self) -> bool:
        """Whether gates rest on runs."""
        return bool(self.study.cells)


def kind_of(gates: Gates) -> str:
    """What gates are of, as a study calls it."""
    return "spec" if gates.of == CLAUSES else gates.of


def release(
    path: str | Path,
    models: Sequence[str],
    *,
    judge: str | None,
    before: str | None = None,
    settings: Mapping[str, Any] | None = None,
    system: str = "",
) -> Release:
    """Lay out what the gates of a spec name; nothing is called.

    Args:
        path: the spec's file. Its ``study:`` says how what is beside its clauses is measured, in the words of
            a study's file.
        models: under test.
        judge: who reads the answers.
        before: the model that changes are told from; None where no gate bounds one.
        settings: with which the spec itself is run: ``samples``, ``temperature``, ``max_tokens``.
        system: the system prompt of all models under test; empty for none.

    Raises:
        InputError: the file, or something that it names, cannot be used; with its line.
        UsageError: two of the models are of one name.
    """
    spec, (node, _) = load(path), document(path)
    for number, gates in enumerate(spec.gates):
        if (kind := kind_of(gates)) not in {*KINDS, *_OF_RUNS}:
            known = ", ".join((CLAUSES, *_OF_RUNS, *(one for one in KINDS if one != "spec")))
            raise _fault(path, node, f"there are no gates of {kind}; they are of {known}", "gates", number)
    if own := next((key for key in _OWN if key in spec.study), None):
        raise _fault(path, node, f"{own} is the command's to say, or the spec's own", "study", own)
    kinds = dict.fromkeys(["spec", *(kind_of(gates) for gates in spec.gates)])
    if judge is None and (needs_judge(spec) or len(kinds) > 1):
        raise UsageError("a model has to read the answers: give --judge")
    entries = [{**one, "system": system} for one in _named(models, before)]
    members = {
        "name": "-".join(filter(None, (spec.name, spec.version))),
        "models": entries,
        "judge": judge or models[0],  # which is then asked nothing
        **spec.study,
        "evaluations": [
            {"evaluation": "spec", "spec": Path(path).resolve(), **(settings or {})},
            *_evaluations(
                _listed(spec.study.get("evaluations", [])), [kind for kind in kinds if kind in KINDS]
            ),
        ],
    }
    try:
        found = Document.model_validate(members)
    except ValidationError as error:
        inner = part_of(node, "study") or node
        first = structure(inner, error, keyed="is to be a mapping of keys to values")[0]
        raise InputError(f"study: {first.problem}", source=path, where=f"line {first.line}") from error
    study = lay_out(StudyFile(source=str(path), folder=Path(path).parent, node=node, document=found))
    _require_told(spec, study, compared=before is not None)
    if not kinds.keys() & {*_OF_RUNS}:
        study = replace(study, cells=(), contrasts=())
    return Release(spec=spec, study=study, before=entries[-1]["name"] if before else "")


def _require_told(spec: Spec, study: Study, *, compared: bool) -> None:
    """Refuse gates that bound a change from nothing, or a trait that is not measured."""
    names = study.cells[0].planned.traits.names
    known = {fold(name) for name in names}
    for number, entry in enumerate(spec.gates):
        for n, text in enumerate(entry.fail_on):
            gate = parse(text)
            try:
                if not compared:
                    require_value(gate)
            except GateError as error:
                wrong = f"{text!r}: {error.problem}, or give the model before it by --against"
                raise study.file.fault(wrong, "gates", number, "fail_on", n) from error
            if entry.of == "traits" and gate.trait and fold(gate.trait) not in known:
                wrong = str(UnknownName("trait", gate.trait, names))
                raise study.file.fault(wrong, "gates", number, "fail_on", n)


def _evaluations(given: Sequence[str | dict[str, Any]], kinds: Sequence[str]) -> list[str | dict[str, Any]]:
    """Those that the file has, and those that its gates name besides."""
    there = {one if isinstance(one, str) else one.get("evaluation") for one in given}
    return [*given, *(kind for kind in kinds if kind != "spec" and kind not in there)]


def _listed(given: Any) -> list[str | dict[str, Any]]:
    return cast("list[str | dict[str, Any]]", given if isinstance(given, list) else [given])


def _named(models: Sequence[str], before: str | None) -> list[dict[str, str]]:
    """Each model with the name that it has in results: its own, and the one before them told apart."""
    entries = [{"model": one, "name": ModelEntry(model=one).label} for one in models]
    names = [entry["name"] for entry in entries]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two of the models are called {twice}; hold each against the spec by itself")
    if before is None:
        return entries
    name = ModelEntry(model=before).label
    return [*entries, {"model": before, "name": f"{name} before" if name in names else name}]


def _fault(path: str | Path, node: Any, wrong: str, *place: str | int) -> InputError:
    return InputError(wrong, source=path, where=f"line {line_of(node, *place)}")
