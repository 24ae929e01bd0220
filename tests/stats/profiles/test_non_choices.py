from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.errors import UsageError
from mien.report.diagnostics import diagnostics
from mien.stats.comparisons import NEITHER_CODE, REFUSED_CODE, Comparisons
from mien.stats.profiles import rate
from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE

N, SHY = 20, 4  # traits; of the first few, half of the wins are refused
SCORES = np.linspace(1.2, -1.2, N)


def chosen_and_refused(seed: int) -> tuple[Comparisons, Comparisons]:
    """What a model would have chosen on 100 prompts, and what of it was said."""
    rng = np.random.default_rng(seed)
    options = np.argsort(rng.random((200, N)), axis=1).reshape(-1, 2)
    chosen = (SCORES[options] + rng.gumbel(size=options.shape)).argmax(axis=1)
    whole = Comparisons(
        traits=tuple(f"t{i:02}" for i in range(N)),
        options=options.astype(np.int32),
        chosen=chosen.astype(np.int32),
        cluster=(np.arange(len(options)) % 100).astype(np.int32),
        clusters=tuple(f"p{i:02}" for i in range(100)),
    )
    shy = (options[np.arange(len(options)), chosen] < SHY) & (rng.random(len(options)) < 0.5)
    return whole, replace(whole, chosen=np.where(shy, REFUSED_CODE, chosen).astype(np.int32))


def test_bounds_hold_what_would_have_been_chosen():
    """Left out, the refused wins of a trait cost it more than its interval knows."""
    for seed in range(3):
        whole, said = chosen_and_refused(seed)
        found, truth = rate(said, bounds=True), rate(whole)
        low, high = found.bounds
        assert np.all(low <= found.fit.scores + 1e-9)
        assert np.all(found.fit.scores <= high + 1e-9)
        shy = slice(0, SHY)
        assert np.all(truth.fit.scores[shy] - found.fit.scores[shy] > 0.1)
        # Other traits' trials stay left out, which moves the mean that scores are told from.
        assert np.all(truth.fit.scores[shy] <= high[shy] + 0.15)


def test_bounds_are_the_fits_of_what_might_have_been():
    _, said = chosen_and_refused(0)
    found = rate(said, bounds=True)
    missed = said.chosen == REFUSED_CODE
    for trait in (0, N - 1):
        shown = (said.options == trait).any(axis=1) & missed
        place = (said.options == trait).argmax(axis=1)
        for end, picked in zip(found.bounds, (1 - place, place), strict=True):
            moved = replace(said, chosen=np.where(shown, picked, said.chosen).astype(np.int32))
            assert end[trait] == pytest.approx(rate(moved).fit.scores[trait], abs=1e-6)
    row = next(row for row in found.rows if row["trait"] == "t00")
    assert row["bound_low"] == pytest.approx(ELO_CENTRE + ELO_SCALE * found.bounds[0][0])
    assert "bound_low" not in rate(said).rows[0]


def test_traits_that_end_otherwise_are_named_and_no_others():
    _, said = chosen_and_refused(0)
    profile = rate(said)
    assert set(np.flatnonzero(profile.non_choices.q < 0.05)) >= set(range(SHY))
    told = dict(diagnostics(profile))["no choice"]
    assert "t00" in told
    assert profile.rows[0]["presented"] == 200
    assert sum(row["refused"] for row in profile.rows) == 2 * np.sum(said.chosen == REFUSED_CODE)
    false = 0
    for seed in range(40):
        whole, _ = chosen_and_refused(seed)
        rng = np.random.default_rng(seed)
        ended = rng.random(100)[whole.cluster] * rng.random(len(whole.chosen)) > 0.6  # by prompt
        by_chance = replace(whole, chosen=np.where(ended, NEITHER_CODE, whole.chosen).astype(np.int32))
        false += bool((rate(by_chance).non_choices.q < 0.05).any())
    assert false <= 5
    two = whole.chosen.copy()
    two[:2] = REFUSED_CODE  # traits of which none was refused do not differ from the others for it
    assert rate(replace(whole, chosen=two)).non_choices.q.min() > 0.5


def test_bounds_go_with_the_runs_own_verdicts_alone():
    with pytest.raises(UsageError, match="Davidson"):
        rate(chosen_and_refused(0)[1], bounds=True, ties="davidson")
