"""What is said of a study before its first call, so that nobody need take it on trust afterwards.

A registration is the hash of all that decides what can be found: hypotheses, gates and traits of interest,
who is asked what and how often, the stop rule, and the analysis. Figures and budget are not in it.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.errors import UsageError
from mien.files import read_text
from mien.formatting import enumerated
from mien.measurement.study.cells import conversation
from mien.measurement.study.standing import standings
from mien.store.registrations import put_registration, registration

if TYPE_CHECKING:
    from mien.measurement.rejudge import Opinion
    from mien.measurement.study.document import EvaluationEntry
    from mien.measurement.study.study import Study
    from mien.store.registrations import RegistrationRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What was registered of a study, beside what its file says now.

    Attributes:
        digest: of the content.
        content: what was said, part by part.
        created: when, Unix time.
        changed: parts that the file has otherwise by now.
    """

    digest: str
    content: dict[str, Any]
    created: float
    changed: tuple[str, ...]

    @property
    def exploratory(self) -> bool:
        """Whether nothing was expected: no hypothesis, no gate, no trait of interest."""
        return not any(self.content[part] for part in ("hypotheses", "gates", "traits_of_interest"))

    @property
    def date(self) -> str:
        """When, in UTC."""
        return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self.created))

    @property
    def difference(self) -> str:
        """In what the file has changed, in words; empty where it has not."""
        parts = enumerated([part.replace("_", " ") for part in self.changed])
        return f"changed since it was registered on {self.date}: {parts}" if self.changed else ""


def register(study: Study, store: Path) -> tuple[Registration, bool]:
    """Register a study before its first call; and whether it was registered just now.

    Raises:
        InputError: there is another registration of this name.
        UsageError: a run of it has been begun.
    """
    found = registered(study, store)
    if found is None:
        for one in standings(study, store):
            if one.outcome and one.outcome.asked:
                raise UsageError(
                    f"{study.name} cannot be registered any more: {one.outcome.asked:,} trials of "
                    f"{one.cell.planned.name} were asked already; give the study another name:"
                )
        now = content(study)
        record = put_registration(store, study.name, digest(now), _text(now))
        return _compared(study, record), True
    if found.changed:
        raise study.file.fault(
            f"{study.name} has {found.difference}; take the changes back, or give the study another name:",
            "name",
        )
    return found, False


def registered(study: Study, store: Path) -> Registration | None:
    """What was registered of a study; None where nothing was."""
    record = registration(store, study.name)
    return record and _compared(study, record)


def _evaluation(study: Study, entry: EvaluationEntry) -> dict[str, Any]:
    """What an entry says; of a spec, what its file holds."""
    said = entry.model_dump(mode="json", exclude_defaults=True)
    if entry.spec is None:
        return said
    text = read_text(Path(study.file.beside(entry.spec)))
    return said | {"spec": blake2b(text.encode(), digest_size=8).hexdigest()}


def _compared(study: Study, record: RegistrationRecord) -> Registration:
    then, now = json.loads(record.content), json.loads(_text(content(study)))
    parts = [*then, *(part for part in now if part not in then)]
    return Registration(
        digest=record.digest,
        content=then,
        created=record.created,
        changed=tuple(part for part in parts if then.get(part) != now.get(part)),
    )


def content(study: Study) -> dict[str, Any]:
    """All that decides what a study can find, part by part."""
    document = study.document
    planned = {cell.label: cell.planned for cell in study.cells}
    talk = conversation(document)
    evaluations = [_evaluation(study, one) for one in document.evaluations]
    return ({"evaluations": evaluations} if evaluations else {}) | {
        "hypotheses": [one.said() for one in document.hypotheses],
        "gates": [one.said() for one in document.gates],
        "traits_of_interest": list(document.traits_of_interest),
        "models": {label: [one.model, one.instrument] for label, one in planned.items()},
        "protocol": {label: one.protocol.model_dump(mode="json") for label, one in planned.items()},
        "judges": {
            cell.label: [
                cell.planned.judge,
                *(_reader(one) for one in cell.opinions),
            ]
            for cell in study.cells
        },
        "design": {label: one.design.content for label, one in planned.items()},
        "sample_size": {label: len(one.design) for label, one in planned.items()},
        "stop_rule": {label: str(one.until or "") for label, one in planned.items()},
        **({"conversation": asdict(talk)} if talk.turns > 1 else {}),
        "analysis": {
            "prior": document.prior,
            "confidence_level": document.confidence_level,
            "fdr": document.fdr,
            # As it ever was of a file that asks for neither.
            **({"soft": True} if document.soft else {}),
            **({"jury": document.jury} if document.jury else {}),
        },
    }


def digest(said: dict[str, Any]) -> str:
    """The hash of what was said: 32 hexadecimal digits."""
    return blake2b(_text(said).encode(), digest_size=16).hexdigest()


def _text(said: dict[str, Any]) -> str:
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _reader(opinion: Opinion) -> list[object]:
    """Who reads besides a run's own judge, and how; of a file without perturbations as it ever was."""
    changed = [opinion.perturbation.name] if opinion.perturbation else []
    return [opinion.label, opinion.judge, dict(opinion.sampling), *changed]
