"""Where noise comes from: components that were planted in simulated measurements are found again."""

from __future__ import annotations

import numpy as np
import pytest

from mien.stats.comparisons import Comparisons
from mien.stats.diffs.facets import Form, sources
from mien.stats.profiles import rate
from mien.stats.profiles.elo import ELO_SCALE

N, TRIALS = 24, 1200
WORDING, JUDGE = 80.0, 50.0  # points


def measure(seed: int, *, wordings: int, judges: int) -> tuple[list[Form], float, float]:
    """Wordings and judges each move the scores; half of the trials are the prompt's luck, in all wordings.

    With the true standard deviations between these wordings and judges, points.
    """
    rng = np.random.default_rng(seed)
    scores = rng.normal(scale=0.9, size=N)
    options = np.argsort(np.random.default_rng(0).random((TRIALS, N)), axis=1)[:, :2]
    liked = rng.gumbel(size=(TRIALS, 2))  # what the prompt does, whatever the wording
    asked, read = (
        rng.normal(scale=s / ELO_SCALE, size=(k, N)) for s, k in ((WORDING, wordings), (JUDGE, judges))
    )
    forms: list[Form] = []
    for w in range(wordings):
        utilities = (scores + asked[w])[options] + np.where(
            rng.random((TRIALS, 1)) < 0.5, liked, rng.gumbel(size=liked.shape)
        )
        for j in range(judges):
            table = Comparisons(
                traits=tuple(f"t{i:02d}" for i in range(N)),
                options=options.astype(np.int32),
                chosen=(utilities + read[j][options]).argmax(axis=1).astype(np.int32),
                cluster=np.arange(TRIALS, dtype=np.int32),
                clusters=tuple(f"p{i}" for i in range(TRIALS)),
            )
            forms.append(Form(rate(table).estimates, f"run {w}", "design", f"wording {w}", f"judge {j}"))
    return forms, between(asked), between(read)


def between(levels: np.ndarray) -> float:
    moved = levels - levels.mean(axis=1, keepdims=True)
    return ELO_SCALE * float(np.sqrt(np.mean(np.var(moved, axis=0, ddof=1)))) if len(levels) > 1 else 0.0


def test_planted_components_are_found() -> None:
    held: list[tuple[bool, bool]] = []
    for seed in range(4):
        forms, wording, judge = measure(seed, wordings=2, judges=2)
        found = sources(forms)
        assert found.wording is not None
        assert found.judge is not None
        assert found.prompts is not None
        assert found.samples is not None
        held.append(
            (found.wording.low <= wording <= found.wording.high, found.judge.low <= judge <= found.judge.high)
        )
        assert found.prompts.points**2 + found.samples.points**2 == pytest.approx(found.trials.points**2)
        assert 0 < found.prompts.low < found.samples.high < found.trials.high
        now, more = found.stderr(), found.stderr(rounds=2, wordings=2, judges=2)
        assert more < found.stderr(rounds=2) < now
        assert 0 < found.reliability(now) < found.reliability(more) < 1
    assert np.mean(held) >= 0.75


def test_what_was_never_varied_is_not_told() -> None:
    found = sources(measure(0, wordings=1, judges=1)[0])
    assert (found.prompts, found.samples, found.wording, found.judge, found.reading) == (None,) * 5
    assert found.trials.low < found.trials.points < found.trials.high
    assert found.stderr() == pytest.approx(found.trials.points)
    assert found.stderr(rounds=4) == pytest.approx(found.trials.points / 2)
