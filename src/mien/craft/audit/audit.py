"""An audit of a folder: what can be counted, what a judge says, and what people say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.craft.audit.arena import put_sample
from mien.craft.audit.counts import SIDES, Audit, Part, Row, audit
from mien.craft.audit.judging import judge_pairs
from mien.craft.audit.length_matching import matched
from mien.craft.audit.second_judge import Agreement, agreement, draw, read_preferences
from mien.craft.data.dataset import CONSTITUTION, Dataset, check_folder, read_dataset, write_dataset
from mien.errors import InputError, UsageError
from mien.formatting import counted
from mien.instruments.judges import check_reads
from mien.materials.constitutions import load_constitution
from mien.measurement.session import Session
from mien.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mien.materials.constitutions import Constitution
    from mien.stats.proportions import Proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of an audit.

    Attributes:
        folder: the data.
        dataset: what it holds.
        constitution: the constitution in it.
        audit: what was counted.
        confidence_level: of all intervals.
        sample: pairs that the judge and people were to look at.
        judge: the judge's name; None where none was asked.
        arena: the sample's name in the store; None where it isn't there.
        judged: how often the judge found the chosen answer more in character.
        people: how often people did; None where nobody has looked.
        preferred: how often people liked the chosen answer better.
    """

    folder: Path
    dataset: Dataset
    constitution: Constitution
    audit: Audit
    confidence_level: float
    sample: int
    judge: str | None
    arena: str | None
    judged: Agreement | None
    people: Agreement | None
    preferred: Agreement | None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be seen to before anything is trained."""
        control = self.dataset.craft.get("recipe") == "control"
        found = [*self.audit.warnings]
        for who, seen in ((f"the judge {self.judge}", self.judged), ("people", self.people)):
            if seen:
                found += _doubts(who, seen.whole, control=control)
        if self.judge and self.judge == self.dataset.craft.get("judge"):
            found.append(f"{self.judge} ranked these pairs itself: that it agrees is no second opinion")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as the command prints it with ``--json``; see docs/data.md."""
        parts = [
            {"assertion": n, "text": assertion.text, **self._part(part, n)}
            for n, (part, assertion) in enumerate(
                zip(self.audit.assertions, self.constitution.assertions, strict=True)
            )
        ]
        return {
            "folder": str(self.folder),
            "confidence_level": self.confidence_level,
            "judge": self.judge,
            "arena": self.arena,
            "sample": self.sample if self.judge or self.arena else None,
            "all": self._part(self.audit.whole, "whole"),
            "assertions": parts,
            "ordinary": self._part(self.audit.ordinary, None),
            "found": [found for row in self.audit.rows for found in _found(row)],
            "warnings": list(self.warnings),
        }

    def _part(self, part: Part, which: int | str | None) -> dict[str, Any]:
        seen = {"judged": self.judged, "people": self.people, "preferred": self.preferred}
        lengths = part.lengths
        return {
            "train": part.train,
            "heldout": part.heldout,
            "length": lengths
            and {
                "chosen": lengths.chosen,
                "rejected": lengths.rejected,
                "ratio": round(lengths.ratio, 4),
                "chosen_longer": _share(lengths.longer),
            },
            **{key: getattr(part, key) for key in ("names", "copied", "refusals", "repeats")},
            "languages": part.languages,
            "foreign": part.foreign,
            "alike": part.alike,
            "seen": part.seen,
            **{key: _share(share_of(one, which)) for key, one in seen.items()},
        }


def share_of(seen: Agreement | None, which: int | str | None) -> Proportion | None:
    """The share over an assertion's rows, those of ordinary prompts (None), or all (``"whole"``)."""
    if seen is None or which == "whole":
        return seen and seen.whole
    return seen.assertions[which] if isinstance(which, int) else seen.ordinary


def audit_folder(
    folder: str | Path,
    session: Session | None = None,
    *,
    judge: str | None = None,
    arena: str | None = None,
    sample: int = 100,
    seed: int = 0,
    confidence_level: float = 0.95,
) -> Report:
    """Audit what `mien craft data` wrote.

    Args:
        folder: the data.
        session: through which the judge is called; default: one without limits on the usual store.
        judge: a model that is asked about a sample which answer is more in character.
        arena: name under which the sample goes into the store, for people to compare in `mien view`; what
            they said by now is read.
        sample: pairs in it, at most.
        seed: of the sample.
        confidence_level: of the intervals.

    Raises:
        UsageError: the folder or an argument cannot be used.
        BudgetReached: a limit was reached; what was answered is kept.
        Unfinished: too many of the judge's calls failed; what was answered is kept.
    """
    folder = Path(folder)
    dataset, constitution = _read(folder)
    through = session or Session()
    found = audit(dataset, constitution, confidence_level=confidence_level)
    drawn = draw((*dataset.train, *dataset.heldout), sample, seed=seed)

    def agree(opinions: list[tuple[Any, float]]) -> Agreement | None:
        return agreement(opinions, len(constitution.assertions), confidence_level=confidence_level)

    judged = people = preferred = None
    if judge:
        check_reads(judge, *_writers(dataset.craft))
        judged = agree(judge_pairs(drawn, constitution, judge, through, seed=seed))
    if arena:
        with Store(through.path) as opened:
            choices = put_sample(opened, arena, drawn, constitution)
        people, preferred = map(agree, read_preferences(choices, drawn))
    return Report(
        folder=folder,
        dataset=dataset,
        constitution=constitution,
        audit=found,
        confidence_level=confidence_level,
        sample=len(drawn),
        judge=judge,
        arena=arena,
        judged=judged,
        people=people,
        preferred=preferred,
    )


def write_matched(folder: str | Path, into: str | Path, *, seed: int = 0) -> None:
    """Write a selection of the pairs to another folder, in which lengths tell nothing.

    Args:
        folder: what `mien craft data` wrote.
        into: where the selection goes.
        seed: of the selection.

    Raises:
        UsageError: one of the folders cannot be used.
    """
    folder, into = Path(folder), Path(into)
    dataset, constitution = _read(folder)
    if into.resolve() == folder.resolve():
        raise UsageError("the selection needs a folder of its own; give --match-lengths another")
    selection = matched(dataset, constitution, seed=seed)
    check_folder(into, selection.craft)
    write_dataset(into, selection)


def _writers(craft: Mapping[str, Any]) -> list[str]:
    """The models that wrote the answers of the pairs."""
    ranked = "ranked" in (craft.get("recipe"), craft.get("of"))
    return [str(craft.get(role, "")) for role in (("student",) if ranked else ("student", "teacher"))]


def _read(folder: Path) -> tuple[Dataset, Constitution]:
    dataset = read_dataset(folder)
    if not dataset.train and not dataset.heldout:
        raise InputError("holds no pair, so there is nothing to audit", source=folder)
    constitution = load_constitution(folder / CONSTITUTION)
    for pair in (*dataset.train, *dataset.heldout):
        index = pair.query.assertion
        if index is not None and not 0 <= index < len(constitution.assertions):
            raise InputError(
                f"query {pair.query.id} is about assertion {index}, and {CONSTITUTION} has "
                f"{len(constitution.assertions)} (from 0): they are not of one making",
                source=folder,
            )
    return dataset, constitution


def _doubts(who: str, share: Proportion, *, control: bool) -> Iterator[str]:
    told = (
        f"{who}: the chosen answer is the one more in character in {share.share:.0%} of "
        f"{counted(share.n, 'choice')} ({share.low:.0%} to {share.high:.0%})"
    )
    if control:
        if not share.low <= 0.5 <= share.high:
            yield f"{told}, and a control should have no direction"
    elif share.low <= 0.5:
        yield f"{told}, which may be chance"


def _share(share: Proportion | None) -> dict[str, float] | None:
    return share and {
        "share": round(share.share, 4),
        "low": round(share.low, 4),
        "high": round(share.high, 4),
        "n": share.n,
    }


def _found(row: Row) -> Iterator[dict[str, Any]]:
    """The answers of a row that hold something that they should not, with what it is."""
    for side in SIDES:
        answer = getattr(row, side)
        if answer.names or answer.copied or answer.refuses:
            yield {
                "id": row.pair.query.id,
                "side": side,
                "names": sorted(answer.names),
                "copied": answer.copied,
                "refuses": answer.refuses,
            }
