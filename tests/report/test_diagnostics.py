from __future__ import annotations

from dataclasses import replace

import numpy as np

from mien.report.diagnostics import diagnostics
from mien.stats.choice.foil_effects import FoilEffects
from mien.stats.choice.legibility import Misreading
from mien.stats.comparisons import Comparisons
from mien.stats.profiles import rate


def told(judge: Misreading) -> str:
    """What is said of a run of four traits that this judge read."""
    rng = np.random.default_rng(0)
    options = np.argsort(rng.random((400, 4)), axis=1)[:, :2]
    table = Comparisons(
        options=options,
        chosen=rng.integers(2, size=400),
        cluster=np.arange(400) % 40,
        traits=("airy", "bold", "calm", "dry"),
        clusters=tuple(f"p{i}" for i in range(40)),
    )
    return "\n".join(text for _, text in diagnostics(rate(table, judge_correction=judge)))


def test_where_a_judge_errs_otherwise_than_it_is_taken_to_is_said() -> None:
    good = Misreading.known([0.1, 0.1, 0.1, 0.1], run="control")
    assert "right in control" in told(good)
    assert "no better than chance" not in told(good)
    blind = Misreading.known([0.7, 0.6, 0.1, 0.1])
    assert "it reads 1 pair of traits no better than chance, such as airy and bold:" in told(blind)
    for p, warned in ((0.004, True), (0.04, False), (None, False)):
        judge = replace(good, foils=FoilEffects(p, 300))
        assert ("depend on the pair shown beyond what the two traits tell" in told(judge)) == warned
