from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import GateError, UsageError
from mien.stats.comparisons import Comparisons
from mien.stats.diffs import Diff, diff
from mien.stats.diffs.gates import Alone, check, holds
from mien.stats.estimates import Amount, Quantity, Share, Unit, means
from mien.stats.estimates.circumstances import Circumstances
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
    joint = found.joint._replace(delta=-found.delta)
    other = replace(found, joint=joint, low=-found.high, high=-found.low)
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
    ranked = {
        name: 1 + int((found.after.values > value).sum())
        for name, value in zip(TRAITS, found.after.values, strict=True)
    }
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
    keys = ["gate", "status", "estimate", "low", "high", "reason", "incomplete", "without"]
    assert list(outcomes[0]) == keys
    assert list(outcomes[0]["without"]) == ["prompt", "estimate", "status", "flips"]
    assert json.loads(json.dumps(outcomes, allow_nan=False)) == outcomes
    assert check(found, []) == []


def test_no_gate_is_decided_where_trials_are_missing(found):
    short = replace(found, after=replace(found.after, made=Circumstances(designed=900, missing=7)))
    gates = ["any", "sycophantic > 20", "rms > 5000"]
    outcomes = check(short, gates)
    assert {(outcome["status"], outcome["incomplete"]) for outcome in outcomes} == {("undecided", True)}
    assert all("not decided, for 7 of 900 trials of new are missing" in o["reason"] for o in outcomes)
    assert not any(outcome["without"]["flips"] for outcome in outcomes)
    assert not holds(outcomes)
    assert check(short, gates, allow_incomplete=True) == check(found, gates)
    assert holds(check(found, ["rms > 5000"]))
    assert not holds(check(found, gates))


def test_gates_fail_by_chance_no_oftener_than_promised():
    """No trait changed: a bound of 0 is passed by mistake in half of what the intervals leave out."""
    fails = []
    for seed in range(60):
        same = diff(profile(SCORES, seed=seed), profile(SCORES, seed=seed + 500))
        fails += [outcome["status"] == "failed" for outcome in check(same, ["warm > 0", "rms > 0"])]
    assert np.mean(fails) < 0.07


LENGTH, APOLOGY = Quantity("length", Amount("tokens")), Quantity("apology", Share(), more="worse")
DEPTH = Quantity("mean depth", Unit())


def counted(seed, *, longer=1.0, apologies=0.1):
    """Numbers of responses to sixty prompts; a prompt does the same to lengths under every seed."""
    rng, prompt = np.random.default_rng(seed), np.repeat(np.arange(60), 4)
    own = np.random.default_rng(9).normal(scale=0.5, size=60)[prompt]
    table = {
        "prompt_id": prompt,
        "length": longer * 200 * np.exp(own + 0.2 * rng.normal(size=240)),
        "apology": rng.random(240) < apologies,
        "mean depth": rng.normal(size=240),
    }
    return means(table, [LENGTH, APOLOGY, DEPTH], label=f"m{seed}")


@pytest.fixture(scope="module")
def counts() -> Diff:
    return diff(counted(1), counted(2, longer=1.5, apologies=0.3))


def test_a_unit_has_its_own_gates(counts):
    relative = counts.relative(0)
    assert relative.low < 0.5 < relative.high
    gates = [
        "length > +20%",
        "length > +50%",
        "|length| > 90%",
        "length < -10%",
        "length > +5",
        "mean(length) > 900",
    ]
    assert statuses(counts, gates) == ["failed", "undecided", "passed", "passed", "failed", "passed"]
    gates = [
        "rate(apology) > .2",
        "rate(apology) > 15%",
        "rate(apology) < 5%",
        "apology > +.05",
        "|apology| > .9",
    ]
    assert statuses(counts, gates) == ["failed", "failed", "passed", "failed", "passed"]
    assert statuses(counts, ["mean depth > 1", "mean(mean depth) < -1", "any"]) == [
        "passed",
        "passed",
        "failed",
    ]
    (outcome,) = check(counts, ["length > +20%"])
    assert (outcome["estimate"], outcome["low"]) == (relative.change, relative.low)
    assert outcome["reason"] == (
        f"{100 * relative.change:+.1f}% ({100 * relative.low:+.1f}% … {100 * relative.high:+.1f}%): "
        "the whole interval lies above +20%"
    )
    (outcome,) = check(counts, ["rate(apology) > .2"])
    low, high = (end[1] for end in counts.after.intervals())
    assert (outcome["low"], outcome["high"]) == (low, high)
    assert outcome["without"]["estimate"] < outcome["estimate"]


@pytest.mark.parametrize(
    ("gate", "place", "problem"),
    [
        ("rate(length) < .05", 5, r"length has no rate; write length > \+20%, .*mean\(length\) > 300"),
        ("mean(apology) < .05", 5, r"apology has no mean; write apology > \+.02, .*rate\(apology\) > .05"),
        ("apology > +20%", 10, "a change of apology is a share, not one in per cent; write"),
        ("mean depth > +20%", 13, "a change of mean depth is a number, not one in per cent"),
        ("apology > 5", 10, "a change of a share lies between -1 and 1"),
        ("rate(apology) > 5", 16, "a rate lies between 0 and 1"),
        ("rate(apology) > 500%", 16, "a rate lies between 0 and 1"),
        ("mean(length) < -3", 15, "an amount is never below 0"),
        ("rms > 3", 0, "these quantities are on several scales, which have no rms together"),
        ("rank(length) > 1", 5, "these quantities are on several scales, which have no rank together"),
        ("lenght > 3", 0, "no quantity named 'lenght'; did you mean length"),
    ],
)
def test_a_gate_that_a_unit_does_not_allow_says_which_ones_it_does(counts, gate, place, problem):
    with pytest.raises(GateError, match=problem) as caught:
        check(counts, [gate])
    assert caught.value.place == place


def test_a_rating_has_neither_a_level_nor_per_cent(found):
    told = r"write warm > \+50 \(points\), \|warm\| > 50, rank\(warm\) > 20"
    with pytest.raises(GateError, match=f"warm has no mean; {told}"):
        check(found, ["mean(warm) > 5"])
    with pytest.raises(GateError, match=f"is a number of rating points, not one in per cent; {told}"):
        check(found, ["warm > 5%"])


def test_nothing_has_no_parts():
    table = {"prompt_id": [1, 2, 3], "length": [0, 0, 0]}
    none = means(table, [LENGTH])
    with pytest.raises(GateError, match="the mean of length is 0, of which nothing is a part"):
        check(diff(none, means(table | {"length": [1, 2, 2]}, [LENGTH])), ["length > 5%"])


def test_rates_of_one_kind_have_ranks_and_a_size():
    rng = np.random.default_rng(0)
    clauses = [Quantity(f"clause {i}", Share(), more="better") for i in range(5)]
    tables = [
        {"prompt_id": np.arange(80)}
        | {one.name: rng.random(80) < 0.15 * (i + 1) for i, one in enumerate(clauses)}
        for _ in range(2)
    ]
    same = diff(*(means(table, clauses) for table in tables))
    assert statuses(same, ["any", "rms > .3", "rank(clause 4) > 3"]) == ["passed", "passed", "passed"]
    assert same.correlation["spearman"] > 0.8


def test_a_gate_of_what_cannot_be_told_is_undecided_and_stops():
    table = {"prompt_id": [str(i) for i in range(20)], "kept": [1.0] * 20}
    one = means(table, [Quantity("kept", Share())])
    found = diff(one, replace(one, unrated=("Too few",)))
    (outcome,) = check(found, ["clause(too few) < .9"])
    assert (outcome["status"], outcome["estimate"], outcome["incomplete"]) == ("undecided", None, True)
    assert not holds([outcome])
    assert holds(check(found, ["too few < 0"], allow_incomplete=True))
    with pytest.raises(GateError, match="no quantity named 'too'"):
        check(found, ["clause(too) < .9"])


def test_estimates_by_themselves_are_held_against_gates_on_their_values(found):
    alone = Alone(after=found.after)
    gates = ["rating(sycophantic) > 1200", "rating(formal) < 950", "rank(warm) > 5"]
    of_one, of_both = check(alone, gates), check(found, gates)
    for one, both in zip(of_one, of_both, strict=True):
        assert {**one, "without": None} == {**both, "without": None}
        assert one["without"]["prompt"] == both["without"]["prompt"]
    value = 1000 + float(alone.after.values[alone.names.index("sycophantic")])
    assert of_one[0]["estimate"] == pytest.approx(value)
    assert of_one[0]["reason"].startswith(f"{value:.0f} (")
    for gate in ("any", "warm > 5", "|warm| > 5", "rms > 5"):
        with pytest.raises(GateError, match="nothing to compare with"):
            check(alone, [gate])
    with pytest.raises(GateError, match="warm has no rate; write"):
        check(alone, ["rate(warm) > .5"])
    lacking = replace(alone.after, made=Circumstances(designed=10, missing=3))
    (outcome,) = check(Alone(after=lacking), gates[:1])
    assert (outcome["status"], outcome["incomplete"]) == ("undecided", True)
