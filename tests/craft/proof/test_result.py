"""What is concluded from diffs: on characters of which the truth is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests

from mien.craft.proof.result import Proof, moves, spread, took
from mien.stats.comparisons import Comparisons
from mien.stats.diffs import diff
from mien.stats.profiles import Profile, rate

if TYPE_CHECKING:
    from mien.craft.proof.result import Way
    from mien.stats.diffs import Diff

N = 12
NAMES = tuple(f"t{i:02d}" for i in range(N))
SCORES = np.linspace(0.8, -0.8, N)
UP: dict[str, Way] = dict.fromkeys(NAMES[:5], "raise")


def change(
    moved: dict[str, float] | None = None, *, seed: int = 0, n_trials: int = 1500, shift: float = 0.0
) -> Diff:
    """From a character to one with some scores moved; both on the same trials."""
    shared, rng = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    options = np.argsort(shared.random((n_trials, N)), axis=1)[:, :2]
    cluster = shared.integers(100, size=n_trials)
    after = SCORES + shift + [(moved or {}).get(name, 0.0) for name in NAMES]

    def profile(scores: np.ndarray) -> Profile:
        chosen = (scores[options] + rng.gumbel(size=(n_trials, 2))).argmax(axis=1)
        return rate(
            Comparisons(
                traits=NAMES,
                options=options.astype(np.int32),
                chosen=chosen.astype(np.int32),
                cluster=cluster.astype(np.int32),
                clusters=tuple(f"p{i}" for i in range(100)),
            )
        )

    return diff(profile(SCORES), profile(after))


def test_named_traits_are_held_against_what_is_written() -> None:
    written: dict[str, Way] = {"t03": "raise", "t08": "lower", "t05": "raise", "t10": "lower"}
    found = change({"t03": 1.5, "t08": -1.5, "t10": 1.5})
    one = took(found, written, "base", "trained")
    assert [move.trait for move in one.moves] == ["t03", "t05", "t08", "t10"]
    assert {move.trait: move.as_written for move in one.moves} == {
        "t03": True,
        "t05": False,  # did not move
        "t08": True,
        "t10": False,  # moved the other way
    }
    rows = {row["trait"]: row for row in found.rows}
    assert [move.delta for move in one.moves] == [rows[move.trait]["delta"] for move in one.moves]
    q = multipletests([rows[move.trait]["p"] for move in one.moves], method="fdr_bh")[1]
    assert [move.q for move in one.moves] == pytest.approx(q)
    assert (one.share.share, one.share.n) == (0.5, 4)
    signs = np.array([1, 1, -1, -1])
    assert one.mean == pytest.approx(np.mean(signs * [move.delta for move in one.moves]))
    where = [NAMES.index(move.trait) for move in one.moves]
    variance = sum(
        a * b * found.covariance[i, j] / 16
        for a, i in zip(signs, where, strict=True)
        for b, j in zip(signs, where, strict=True)
    )
    half = scipy.stats.t.ppf(0.975, min(found.df[where])) * variance**0.5
    assert (one.mean_high - one.mean_low) / 2 == pytest.approx(half)


def test_others_do_not_count_as_moved_where_named_ones_left_them_behind() -> None:
    found = change(dict.fromkeys(UP, 2.0))
    assert sum(move.moved for move in moves(found) if move.trait not in UP) >= 4  # they sank together
    assert not any(move.moved for move in spread(found, UP))


def test_the_others_are_held_against_their_mean() -> None:
    found = change({"t00": 1.5, "t07": 1.5})
    others = [name for name in NAMES if name not in UP]
    where = [NAMES.index(name) for name in others]
    by_name = {move.trait: move for move in spread(found, UP)}
    assert by_name.keys() == set(others)
    assert next(iter(by_name)) == "t07"
    assert by_name["t07"].moved
    assert list(by_name) == sorted(others, key=lambda name: -abs(by_name[name].delta))
    for n, name in enumerate(others):
        weights = [(i == n) - 1 / len(others) for i in range(len(others))]
        variance = sum(
            a * b * found.covariance[i, j]
            for a, i in zip(weights, where, strict=True)
            for b, j in zip(weights, where, strict=True)
        )
        delta = sum(a * found.delta[i] for a, i in zip(weights, where, strict=True))
        assert by_name[name].delta == pytest.approx(delta)
        p = 2 * scipy.stats.t.sf(abs(delta) / variance**0.5, found.df[where[n]])
        assert by_name[name].p == pytest.approx(p)
    q = multipletests([by_name[name].p for name in others], method="fdr_bh")[1]
    assert [by_name[name].q for name in others] == pytest.approx(q)


def test_false_discoveries_are_rare_however_far_the_named_traits_go() -> None:
    found = [spread(change(dict.fromkeys(UP, 2.0), seed=seed, n_trials=600), UP) for seed in range(30)]
    false = sum(any(move.moved for move in moved) for moved in found)
    assert false <= scipy.stats.binom.ppf(0.999, 30, 0.05)


def proof(found: Diff, written: dict[str, Way], **members: Any) -> Proof:
    return Proof(
        **{
            "asked": {},
            "runs": {"base": "a", "trained": "b"},
            "took": (took(found, written, "base", "trained"),),
            "spread": spread(found, written),
            "control_spread": (),
            "shifts": {},
            "holds": {},
            "coherence": None,
            "capabilities": (),
            "notes": (),
            "missing": (),
            "confidence_level": 0.95,
            "fdr": 0.05,
            **members,
        }
    )


def test_why_a_character_is_not_proved() -> None:
    written: dict[str, Way] = {"t03": "raise", "t08": "lower"}
    found = change({"t03": 2.0, "t08": -2.0, "t06": 2.0})
    assert proof(found, written).failures == []
    assert proof(found, written, max_collateral=1).failures == []
    assert proof(found, written, max_collateral=0).failures == ["1 other trait moved, more than 0: t06"]
    lacking = proof(found, written, missing=("3 of 9 trials of b are missing (3 failed)",))
    assert (lacking.failures, lacking.to_dict()["passed"]) == ([], False)
    none = change()
    [rise, fall] = proof(none, written).failures
    assert rise.startswith("t03 was to rise, and from base to trained it moved by ")
    assert fall.startswith("t08 was to fall, and from base to trained it moved by ")
    # What the control does, too, training on such texts does.
    both = (took(found, written, "base", "trained"), took(none, written, "control", "trained"))
    assert len(proof(found, written, took=both).failures) == 2
    assert all("from control to trained" in failure for failure in proof(found, written, took=both).failures)
    told = proof(found, written, max_collateral=0).to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["passed"], told["max_collateral"]) == (False, 0)
    assert told["took"][0]["traits"][0]["as_written"] is True
