from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import GateError, UsageError
from mien.stats.comparisons import Comparisons
from mien.stats.diffs import Diff, diff
from mien.stats.diffs.gates import check, parse
from mien.stats.profiles import Provenance, rate

TRAITS = ("any", "dry wit", "formal", "sycophantic", "warm", "wry|sly")
SCORES = np.array([0.0, 0.3, -0.4, -0.2, 0.1, 0.2])


def profile(scores, *, seed, n_trials=1500, prefix="p", run=""):
    n, shared, rng = len(scores), np.random.default_rng(0), np.random.default_rng([seed, 1])
    options = np.argsort(shared.random((n_trials, n)), axis=1)[:, :2]
    table = Comparisons(
        traits=TRAITS,
        options=options.astype(np.int32),
        chosen=(scores[options] + rng.gumbel(size=(n_trials, 2))).argmax(axis=1).astype(np.int32),
        cluster=shared.integers(60, size=n_trials).astype(np.int32),
        clusters=tuple(f"{prefix}{i:02d}" for i in range(60)),
    )
    return rate(table, Provenance(run=run))


def changed(by=1.0, **settings) -> Diff:
    moved = SCORES.copy()
    moved[3] += by
    return diff(profile(SCORES, seed=1, run="old"), profile(moved, seed=2, run="new"), **settings)


@pytest.fixture(scope="module")
def found() -> Diff:
    return changed()


@pytest.mark.parametrize(
    ("text", "quantity", "trait", "above", "bound"),
    [
        ("any", "any", "", True, 0),
        ("  any  ", "any", "", True, 0),
        ('"any" > 5', "change", "any", True, 5),
        ("warm > +50", "change", "warm", True, 50),
        ("warm<-50.5", "change", "warm", False, -50.5),
        ("dry wit > .5", "change", "dry wit", True, 0.5),
        ("| dry wit | > 50", "size of change", "dry wit", True, 50),
        ('|"wry|sly"| < 3', "size of change", "wry|sly", False, 3),
        ("rms > 80", "rms", "", True, 80),
        ("rank(warm) > 20", "rank", "warm", True, 20),
        ("rank ( dry wit ) < 4", "rank", "dry wit", False, 4),
        ("anything > 1", "change", "anything", True, 1),
    ],
)
def test_what_gates_say(text, quantity, trait, above, bound):
    gate = parse(text)
    assert (gate.quantity, gate.trait, gate.above, gate.bound) == (quantity, trait, above, bound)
    assert gate.text == text


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("", 0, "a gate is empty"),
        ("warm", 4, "a bound should stand here"),
        ("warm >", 6, "a number should stand here"),
        ("warm > fifty", 7, "a number should stand here"),
        ("warm > 50 points", 10, "the gate should end here"),
        ("warm > 5O", 7, "a number should stand here"),
        ("warm >> 50", 6, "a number should stand here"),
        ("warm >= 50", 6, "write > or <"),
        ("> 50", 0, "a trait's name should stand here"),
        ("any > 50", 4, "any takes no bound"),
        ("|warm > 50", 6, "'|' should stand here: the size of a change is written |warm|"),
        ("rank > 20", 5, "'(' should stand here: a rank is that of a trait"),
        ("rank(warm > 20", 10, "')' should stand here"),
        ("rank() > 20", 5, "a trait's name should stand here"),
        ('"warm > 20', 0, "these quotes are not closed"),
        ("warm > nan", 7, "a number should stand here"),
        ("wärm > 1e5", 7, "a number should stand here"),
    ],
)
def test_a_malformed_gate_is_pointed_into(text, place, problem):
    with pytest.raises(GateError) as caught:
        parse(text)
    assert problem in caught.value.problem
    assert caught.value.place == place
    said, shown, caret = str(caught.value).split("\n")
    assert said.startswith(f"gate {text!r}: ")
    assert shown == f"  {text}"
    assert caret == " " * (2 + place) + "^"


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='any rmskw()|<>"=+-.59\n\u00e9', max_size=20))
def test_any_text_is_read_or_refused(text):
    try:
        gate = parse(text)
    except GateError as error:
        assert 0 <= error.place <= len(text)
        assert len(str(error).split("\n")) == 3
    else:
        assert gate.text == text.replace("\n", " ")
        assert np.isfinite(gate.bound)


def test_names_of_traits_are_checked(found):
    with pytest.raises(GateError, match="no trait named 'sychophantic'; did you mean sycophantic") as caught:
        check(found, ["any", "rank( sychophantic) > 2"])
    assert caught.value.place == 6
    with pytest.raises(GateError, match="no trait named 'zzz'; there are any, dry wit, formal"):
        check(found, ["zzz > 1"])
    assert check(found, ["Dry  Wit > 500"])[0]["status"] == "passed"


@pytest.mark.parametrize(
    ("gate", "problem"),
    [
        ("rank(warm) > 0", "ranks go from 1 to 6"),
        ("rank(warm) > 7", "ranks go from 1 to 6"),
        ("rms > -1", "a size is never below 0"),
        ("|warm| < -1", "a size is never below 0"),
    ],
)
def test_bounds_that_decide_nothing_are_refused(found, gate, problem):
    with pytest.raises(GateError, match=problem):
        check(found, [gate])
    with pytest.raises(UsageError, match="fail when certain or likely, not 'sure'"):
        check(found, ["any"], fail_when="sure")


def statuses(found, gates, **settings):
    return [outcome["status"] for outcome in check(found, gates, **settings)]


def test_a_gate_is_judged_on_its_interval(found):
    i = TRAITS.index("sycophantic")
    delta, low, high = (float(x[i]) for x in (found.delta, found.low, found.high))
    beyond, inside, outside = low - 1, (low + delta) / 2, high + 1
    above = [f"sycophantic > {bound:.1f}" for bound in (beyond, inside, outside)]
    assert statuses(found, above) == ["failed", "undecided", "passed"]
    assert statuses(found, above, fail_when="likely") == ["failed", "failed", "passed"]
    below = [f"sycophantic < {bound:.1f}" for bound in (outside, (delta + high) / 2, beyond)]
    assert statuses(found, below) == ["failed", "undecided", "passed"]
    assert statuses(found, below, fail_when="likely") == ["failed", "failed", "passed"]
    assert statuses(found, [f"|sycophantic| > {beyond:.1f}", "|sycophantic| > 2000"]) == ["failed", "passed"]
    other = replace(found, delta=-found.delta, low=-found.high, high=-found.low)
    assert check(other, [f"|sycophantic| > {beyond:.1f}"])[0]["low"] == pytest.approx(low)
    assert statuses(other, [f"sycophantic < {-beyond:.1f}"]) == ["failed"]
    (outcome,) = check(found, [above[0]])
    assert (outcome["estimate"], outcome["low"], outcome["high"]) == pytest.approx((delta, low, high))
    assert outcome["reason"] == (
        f"{delta:+.0f} ({low:+.0f} … {high:+.0f}): the whole interval lies above {float(f'{beyond:.1f}'):+g}"
    )


def test_size_and_rank_gates(found):
    size = found.size
    gates = [f"rms > {size['low'] - 1:.1f}", f"rms > {size['rms'] - 1:.1f}", f"rms > {size['high'] + 1:.1f}"]
    assert statuses(found, gates) == ["failed", "undecided", "passed"]
    assert statuses(found, gates, fail_when="likely") == ["failed", "failed", "passed"]
    # From last but one to first, by a natural log odd.
    (outcome,) = check(found, ["rank(sycophantic) < 3"])
    assert outcome["status"] == "failed"
    assert outcome["estimate"] == outcome["low"] == 1
    ranked = {row["trait"]: row["rank"] for row in found.after.rows}
    for trait, position in ranked.items():
        (outcome,) = check(found, [f'rank("{trait}") > 5'])
        assert outcome["estimate"] == position
        assert outcome["low"] <= position <= outcome["high"]


def test_any_goes_by_the_false_discovery_rate_and_the_margin(found):
    names = [row["trait"] for row in found.rows if row["changed"]]
    (outcome,) = check(found, ["any"])
    assert outcome["status"] == "failed"
    assert outcome["reason"] == f"changed: {', '.join(names)}"
    assert outcome["estimate"] == len(names)
    same = diff(found.before, profile(SCORES, seed=7))
    assert not same.changed.any()
    assert check(same, ["any"])[0]["reason"] == "no trait changed"
    assert statuses(changed(margin=3000), ["any"]) == ["passed"]


def test_the_prompt_that_turns_a_gate_is_named(found):
    i = TRAITS.index("sycophantic")
    (outcome,) = check(found, [f"sycophantic > {found.low[i] - 0.2:.2f}"])
    without = outcome["without"]
    assert outcome["status"] == "failed"
    assert without["flips"]
    assert without["status"] == "undecided"
    assert without["estimate"] < outcome["estimate"]
    for gate in ("any", "rms > 20", "sycophantic > 10", "|sycophantic| > 10", "rank(sycophantic) < 6"):
        (outcome,) = check(found, [gate])
        assert outcome["status"] == "failed"
        assert not outcome["without"]["flips"]
    (outcome,) = check(found, [f"rms > {found.size['low'] - 0.01:.2f}"])
    assert outcome["without"]["flips"]
    # A gate that passes may pass on account of one prompt, too.
    (outcome,) = check(found, [f"sycophantic > {found.low[i] + 0.2:.2f}"])
    assert outcome["status"] == "undecided"
    assert outcome["without"]["status"] == "failed"
    assert outcome["without"]["flips"]


def test_outcomes_are_plain_values(found):
    outcomes = check(found, ["any", "rms > 80", "rank(warm) > 2"])
    assert list(outcomes[0]) == ["gate", "status", "estimate", "low", "high", "reason", "without"]
    assert list(outcomes[0]["without"]) == ["prompt", "estimate", "status", "flips"]
    assert json.loads(json.dumps(outcomes, allow_nan=False)) == outcomes
    assert check(found, []) == []


def test_gates_fail_by_chance_no_oftener_than_promised():
    """No trait changed: a bound of 0 is passed by mistake in half of what the intervals leave out."""
    fails = []
    for seed in range(60):
        same = diff(profile(SCORES, seed=seed), profile(SCORES, seed=seed + 500))
        fails += [outcome["status"] == "failed" for outcome in check(same, ["warm > 0", "rms > 0"])]
    assert np.mean(fails) < 0.07
