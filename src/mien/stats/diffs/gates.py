"""Whether a diff keeps release gates: bounds on what may change (`mien.stats.diffs.grammar`)."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypedDict, get_args

import numpy as np

from mien.errors import GateError, UsageError
from mien.formatting import percent, plural
from mien.stats.diffs import influence
from mien.stats.diffs.difference import Diff
from mien.stats.diffs.grammar import EXAMPLES, Gate, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mien.stats.estimates import Estimates, Quantity

__all__ = ["EXAMPLES", "Alone", "Gate", "Outcome", "check", "holds", "parse", "require_value", "undecided"]

Status = Literal["passed", "undecided", "failed"]
FailWhen = Literal["certain", "likely"]

# What gates call the value of a quantity itself, of which no diff is needed.
_LEVELS: Final = {"rate", "mean", "rating"}


class Without(TypedDict):
    """The prompt that pulls a gate's quantity most, and what the gate would be without it.

    ``flips`` says that the gate fails on account of this one prompt, or passes on account of it.
    """

    prompt: str
    estimate: float | None
    status: Status
    flips: bool


class _Measured(TypedDict):
    status: Status
    estimate: float | None
    low: float | None
    high: float | None
    reason: str


class Outcome(_Measured):
    """What became of a gate. For ``any`` the estimate counts what changed, without interval.

    ``incomplete`` says that it is undecided for want of observations, whatever those that are there say.
    There is no estimate of what cannot be told at all.
    """

    gate: str
    incomplete: bool
    without: Without


@dataclass(frozen=True, kw_only=True, eq=False)
class Alone:
    """Estimates that are compared with nothing: gates may bound their values and ranks, and no change.

    Attributes:
        after: the estimates.
        confidence_level: of the intervals on which gates are judged.
    """

    after: Estimates
    confidence_level: float = 0.95

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the quantities."""
        return self.after.names

    @property
    def noun(self) -> str:
        """What each is called."""
        return self.after.noun

    @property
    def unrated(self) -> list[str]:
        """What would be among them, too, had the observations told enough of it."""
        return sorted(self.after.unrated)

    @property
    def complete(self) -> bool:
        """Whether no observation is missing."""
        return not self.after.made.missing

    @property
    def lacking(self) -> str:
        """What is missing, in words; empty where nothing is."""
        return self.after.made.lacking(self.after.label)


def holds(outcomes: Sequence[Outcome]) -> bool:
    """Whether a release may go on: no gate failed, and none is undecided on account of what is missing."""
    return not any(outcome["status"] == "failed" or outcome["incomplete"] for outcome in outcomes)


def check(
    found: Diff | Alone,
    gates: Sequence[str | Gate],
    *,
    fail_when: FailWhen = "certain",
    allow_incomplete: bool = False,
) -> list[Outcome]:
    """Hold a diff, or one set of estimates, against gates, in their order.

    A gate is judged on the interval of its quantity: under ``certain`` it fails when the whole interval lies
    beyond the bound, and is undecided, which lets it pass, when the interval holds the bound. Under
    ``likely`` the estimate decides: beyond the bound, the quantity is more likely there than not. A size is
    estimated as 0 where it cannot be told from noise: one whose estimate is not beyond is undecided until the
    interval is not, either. ``any`` is
    judged by the false-discovery rate (and the margin) of the diff under both. Gates are judged one by one:
    more gates fail by chance more often.

    Where a side lacks observations that it was to have, every gate is undecided and none lets a release
    pass (`holds`): what is there need not stand for the rest. So is a gate of a quantity of which too few
    observations tell on either side.

    Args:
        found: the diff, or estimates by themselves.
        gates: as text, or read already.
        fail_when: ``certain`` or ``likely``.
        allow_incomplete: judge by what is there, however much is missing.

    Raises:
        GateError: a gate cannot be read, names no trait that is there, bounds a change where there is none,
            or can never be decided.
        UsageError: there is no such ``fail_when``.
    """
    if fail_when not in get_args(FailWhen):
        raise UsageError(f"gates fail when {' or '.join(get_args(FailWhen))}, not {fail_when!r}")
    read = [gate if isinstance(gate, Gate) else parse(gate) for gate in gates]
    untold = {_folded(name) for name in found.unrated}
    items = [None if _folded(gate.trait) in untold else _item(found, gate) for gate in read]
    outcomes = [
        undecided(gate.text, f"too few observations tell of this {found.noun}", stops=not allow_incomplete)
        if item is None
        else _outcome(found, gate, item, fail_when)
        for gate, item in zip(read, items, strict=True)
    ]
    if allow_incomplete or found.complete:
        return outcomes
    return [_undecided(found, outcome) for outcome in outcomes]


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def require_value(gate: Gate) -> None:
    """Hold a gate against what estimates that are compared with nothing have.

    Raises:
        GateError: it bounds a change.
    """
    if gate.quantity not in {*_LEVELS, "rank"}:
        problem = "this bounds a change, and there is nothing to compare with; bound a value: rate(NAME)"
        raise GateError(problem, gate.text, gate.place)


def undecided(gate: str, reason: str, *, stops: bool = True) -> Outcome:
    """What a gate is whose quantity cannot be told; ``stops``: whether it lets no release pass."""
    return Outcome(
        gate=gate,
        status="undecided",
        estimate=None,
        low=None,
        high=None,
        reason=reason,
        incomplete=stops,
        without=Without(prompt="", estimate=None, status="undecided", flips=False),
    )


def _undecided(found: Diff | Alone, outcome: Outcome) -> Outcome:
    """What a gate is where observations are missing, whatever those that are there say."""
    reason = f"not decided, for {found.lacking}; of what is there, {outcome['reason']}"
    without: Without = {**outcome["without"], "status": "undecided", "flips": False}
    return {**outcome, "status": "undecided", "reason": reason, "incomplete": True, "without": without}


def _outcome(found: Diff | Alone, gate: Gate, item: int, fail_when: FailWhen) -> Outcome:
    whole = _measure(found, gate, item, fail_when)
    pull = _pull(found, gate, item)
    grows = gate.above if gate.quantity != "any" else True
    back = (whole["status"] == "failed") == grows  # whether a smaller quantity would turn the gate
    prompt = _clusters(found)[int(np.argmax(pull) if back else np.argmin(pull))]
    less = _measure(_leave_out(found, prompt), gate, item, fail_when)
    without = Without(
        prompt=str(prompt),
        estimate=less["estimate"],
        status=less["status"],
        flips=(less["status"] == "failed") != (whole["status"] == "failed"),
    )
    return Outcome(gate=gate.text, **whole, incomplete=False, without=without)


def _clusters(found: Diff | Alone) -> Sequence[str]:
    return (found.after if isinstance(found, Alone) else found.joint).jackknife.clusters


def _leave_out(found: Diff | Alone, prompt: str) -> Diff | Alone:
    if isinstance(found, Alone):
        return Alone(after=found.after.leave_out(prompt), confidence_level=found.confidence_level)
    return influence.leave_out(found, prompt)


def _measure(found: Diff | Alone, gate: Gate, item: int, fail_when: FailWhen) -> _Measured:
    if gate.quantity == "any" and isinstance(found, Diff):
        names = [change.name for change in found.changes if change.changed]
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        return _Measured(
            status="failed" if names else "passed",
            estimate=float(len(names)),
            low=None,
            high=None,
            reason=f"changed: {', '.join(names[:8])}{more}" if names else f"no {found.noun} changed",
        )
    estimate, low, high = _interval(found, gate, item)
    certainly, likely, not_beyond = (
        (low > gate.bound, estimate > gate.bound, high <= gate.bound)
        if gate.above
        else (high < gate.bound, estimate < gate.bound, low >= gate.bound)
    )
    number = _number(found, gate, item)
    sign = "+" if gate.quantity == "change" else ""
    bound = f"{100 * gate.bound:{sign}g}%" if gate.percent else f"{gate.bound:{sign}g}"
    beyond = f"{'above' if gate.above else 'below'} {bound}"
    status: Status
    if fail_when == "likely" and (likely or not_beyond or gate.quantity != "rms"):
        status = "failed" if likely else "passed"
        verdict = f"the estimate {'lies' if likely else 'does not lie'} {beyond}"
    elif certainly:
        status, verdict = "failed", f"the whole interval lies {beyond}"
    elif not_beyond:
        status, verdict = "passed", f"no part of the interval lies {beyond}"
    else:
        status, verdict = "undecided", f"not certain, for the interval holds {bound}"
    figures = f"{number(estimate)} ({number(low)} … {number(high)})"
    return _Measured(status=status, estimate=estimate, low=low, high=high, reason=f"{figures}: {verdict}")


def _number(found: Diff | Alone, gate: Gate, item: int) -> Callable[[float], str]:
    """How the number that a gate bounds is written."""
    unit = found.after.quantities[item].unit
    if gate.percent and gate.quantity != "rate":
        return percent if gate.quantity == "change" else lambda value: percent(value).removeprefix("+")
    match gate.quantity:
        case "change":
            return unit.change
        case "rank" | "rating":
            return lambda value: f"{value:.0f}"
        case "rate" | "mean":
            return unit.shown
        case _:
            return unit.extent


def _interval(found: Diff | Alone, gate: Gate, item: int) -> tuple[float, float, float]:
    """Estimate and ends of the interval of what a gate bounds."""
    after = found.after
    if gate.quantity == "rank":
        taken = after.rank(item, confidence_level=found.confidence_level)
        return float(taken.rank), float(taken.low), float(taken.high)
    if gate.quantity in _LEVELS:
        ends = after.intervals(found.confidence_level)
        centre = after.quantities[item].unit.centre or 0.0
        value, low, high = (float(one[item]) + centre for one in (after.values, *ends))
        return value, low, high
    assert isinstance(found, Diff)  # `_item` refuses it else
    if gate.quantity == "rms" and (size := found.size) is not None:
        return size["rms"], size["low"], size["high"]
    return _change(found, gate, item)


def _change(found: Diff, gate: Gate, item: int) -> tuple[float, float, float]:
    """Of a change, or of its size."""
    relative = found.relative(item) if gate.percent else None
    if gate.percent and relative is None:
        name = found.names[item]
        raise GateError(
            f"the mean of {name} is 0, of which nothing is a part; bound its change without %",
            gate.text,
            gate.bound_place,
        )
    estimate, low, high = (
        (float(found.delta[item]), float(found.low[item]), float(found.high[item]))
        if relative is None
        else (relative.change, relative.low, relative.high)
    )
    if gate.quantity == "size of change":
        return abs(estimate), max(low, -high, 0.0), max(abs(low), abs(high))
    return estimate, low, high


def _pull(found: Diff | Alone, gate: Gate, item: int) -> NDArray[np.float64]:
    """(C,) how far each prompt pulls up what a gate bounds; its sign is what matters, and its order."""
    if gate.quantity == "rank":
        return -_aligned(found, found.after, item)
    if gate.quantity in _LEVELS:
        return _aligned(found, found.after, item)
    assert isinstance(found, Diff)
    jackknife = found.joint.jackknife
    if gate.quantity == "rms":
        pulls = ((d, jackknife.pull(i), jackknife.share(i)) for i, d in enumerate(found.delta.tolist()))
        return np.sum([2 * delta * pull - pull**2 - share for delta, pull, share in pulls], axis=0)
    pull = jackknife.pull(item)
    if gate.percent:
        before, after = float(found.before.values[item]), float(found.after.values[item])
        pull = _aligned(found, found.after, item) / after - _aligned(found, found.before, item) / before
    return pull * np.sign(found.delta[item]) if gate.quantity in {"any", "size of change"} else pull


def _aligned(found: Diff | Alone, one: Estimates, item: int) -> NDArray[np.float64]:
    """(C,) pulls on one of the two estimates, by the clusters of both."""
    pull = dict(zip(one.jackknife.clusters, one.jackknife.pull(item).tolist(), strict=True))
    return np.array([pull.get(prompt, 0.0) for prompt in _clusters(found)])


def _item(found: Diff | Alone, gate: Gate) -> int:
    """The quantity that a gate is about; of ``any``, the one that is hardest to call unchanged.

    Raises:
        GateError: the diff has no such quantity, its unit allows no such gate, or the bound decides nothing.
    """
    n = len(found.names)
    if isinstance(found, Alone):
        require_value(gate)
    if gate.quantity == "any" and isinstance(found, Diff):
        open_ = ~found.unchanged if (~found.unchanged).any() else np.ones(n, dtype=np.bool_)
        return int(np.argmin(np.where(open_, found.p, np.inf)))
    if gate.quantity == "rank" and not 1 <= gate.bound <= n:
        raise GateError(f"ranks go from 1 to {n} here", gate.text, gate.bound_place)
    if gate.quantity in {"rms", "size of change"} and gate.bound < 0:
        raise GateError("a size is never below 0", gate.text, gate.bound_place)
    if gate.quantity in {"rms", "rank"} and found.after.unit is None:
        raise GateError(
            f"these {plural(found.noun)} are on several scales, which have no {gate.quantity} together",
            gate.text,
            gate.place,
        )
    if gate.quantity == "rms":
        return 0
    folded = {_folded(name): i for i, name in enumerate(found.names)}
    item = folded.get(_folded(gate.trait))
    if item is None:
        near = difflib.get_close_matches(gate.trait, found.names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(found.names[:8])} …"
        raise GateError(f"no {found.noun} named {gate.trait!r}; {hint}", gate.text, gate.place)
    _require_allowed(gate, found.after.quantities[item])
    return item


def _require_allowed(gate: Gate, quantity: Quantity) -> None:
    """Hold a gate against what the unit of its quantity allows."""
    unit, name = quantity.unit, quantity.name
    level, relative = gate.quantity in _LEVELS, gate.percent and gate.quantity != "rate"
    instead = f"write {unit.forms(name)}"
    if level and gate.quantity != unit.level:
        raise GateError(f"{name} has no {gate.quantity}; {instead}", gate.text, gate.place)
    if relative and not unit.relative:
        problem = f"a change of {name} is {unit.told_in}, not one in per cent; {instead}"
        raise GateError(problem, gate.text, gate.bound_place)
    if gate.quantity != "rank" and not relative and (problem := unit.beyond(gate.bound, level=level)):
        raise GateError(f"{problem}; {instead}", gate.text, gate.bound_place)
