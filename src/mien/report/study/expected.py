"""What was expected of a study, what was found of it, and what was looked for afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from mien.errors import GateError, InputError
from mien.materials.traits import fold
from mien.measurement.study.document import Hypothesis, Pair
from mien.stats.diffs import gates
from mien.stats.multiplicity import false_discovery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.measurement.study.registration import Registration
    from mien.report.study.results import Results
    from mien.stats.diffs import Change, Diff
    from mien.stats.diffs.gates import Status

Found = Literal["borne out", "not borne out", "undecided"]
_FOUND: Final[dict[Status, Found]] = {
    "failed": "borne out",
    "passed": "not borne out",
    "undecided": "undecided",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One thing that was expected, in the words of gates, and whether it was borne out.

    Attributes:
        pair: of which two runs.
        said: what was expected.
        registered: whether it was registered before the first call.
        found: borne out where the whole interval lies beyond the bound, not where none of it does.
        reason: in words.
    """

    pair: Pair
    said: str
    registered: bool
    found: Found
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """What a study's JSON holds of it."""
        return {
            "before": self.pair.before,
            "after": self.pair.after,
            "of": self.pair.of,
            "expect": self.said,
            "registered": self.registered,
            "found": self.found,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfInterest:
    """What became of the traits of interest from one run to another.

    Attributes:
        pair: of which two runs.
        changes: of these traits.
        q: of these changes, adjusted among the traits of interest alone.
        registered: whether these traits were registered as such.
        others: how many other traits changed, adjusted over all traits: what was found in looking.
        of: how many other traits there are.
    """

    pair: Pair
    changes: tuple[Change, ...]
    q: tuple[float, ...]
    registered: bool
    others: int
    of: int

    def to_dict(self) -> dict[str, Any]:
        """What a study's JSON holds of it."""
        return {
            "before": self.pair.before,
            "after": self.pair.after,
            "registered": self.registered,
            "traits": [
                {"trait": one.name, "delta": one.delta, "low": one.low, "high": one.high, "p": one.p, "q": q}
                for one, q in zip(self.changes, self.q, strict=True)
            ],
            "other_traits_changed": self.others,
            "other_traits": self.of,
        }


def expected(results: Results) -> list[Expected]:
    """The hypotheses that were registered, and those that the file has besides.

    Raises:
        InputError: one of them names no trait of the study, or can never be decided; with its line.
    """
    found: list[Expected] = []
    for n, (hypothesis, registered) in enumerate(_hypotheses(results)):
        lacking = _lacking(results, hypothesis)
        if lacking:
            found += [
                Expected(pair=hypothesis, said=said, registered=registered, found="undecided", reason=lacking)
                for said in hypothesis.expect
            ]
            continue
        try:
            outcomes = gates.check(results.pair(hypothesis, hypothesis.expect), hypothesis.expect)
        except GateError as error:
            raise _fault(results, error, n) from error
        found += [
            Expected(
                pair=hypothesis,
                said=outcome["gate"],
                registered=registered,
                found=_FOUND[outcome["status"]],
                reason=outcome["reason"],
            )
            for outcome in outcomes
        ]
    return found


def of_interest(results: Results) -> list[OfInterest]:
    """The traits of interest in each pair of runs of which something was expected or ruled out."""
    then = _content(results.registration)
    now = list(results.study.document.traits_of_interest)
    wanted = list(dict.fromkeys([*then.get("traits_of_interest", []), *now]))
    if not wanted:
        return []
    registered = {fold(name) for name in then.get("traits_of_interest", [])}
    of_all = {fold(name) for name in wanted} <= registered
    named = (*_pairs(results), *results.study.document.gates)
    pairs = dict.fromkeys((one.before, one.after) for one in named)
    folded = {fold(name) for name in wanted}
    return [
        _traits(pair, results.pair(pair), folded, registered=of_all)
        for pair in (Pair(before=before, after=after) for before, after in pairs)
        if not _lacking(results, pair)
    ]


def _traits(pair: Pair, diff: Diff, wanted: set[str], *, registered: bool) -> OfInterest:
    changes = tuple(change for change in diff.changes if fold(change.name) in wanted)
    others = [change for change in diff.changes if fold(change.name) not in wanted]
    return OfInterest(
        pair=pair,
        changes=changes,
        q=tuple(false_discovery(np.array([change.p for change in changes])).tolist()),
        registered=registered,
        others=sum(change.changed for change in others),
        of=len(others),
    )


def _pairs(results: Results) -> Iterator[Pair]:
    return (hypothesis for hypothesis, _ in _hypotheses(results))


def _hypotheses(results: Results) -> list[tuple[Hypothesis, bool]]:
    """Those that were registered, whether the file still has them or not, then the others."""
    then = [Hypothesis.model_validate(one) for one in _content(results.registration).get("hypotheses", [])]
    now = results.study.document.hypotheses
    return [*((one, True) for one in then), *((one, False) for one in now if one not in then)]


def _content(registration: Registration | None) -> dict[str, Any]:
    return registration.content if registration else {}


def _lacking(results: Results, pair: Pair) -> str:
    """Why two runs cannot be compared; a changed file need not have a run that was registered."""
    for label in (pair.before, pair.after):
        if label not in results.runs:
            return f"the study has no run {label} any more"
        if why := results.unrated(label):
            return why
    return ""


def _fault(results: Results, error: GateError, n: int) -> InputError:
    return results.study.file.fault(f"{error.text!r}: {error.problem}", "hypotheses", n, "expect")
