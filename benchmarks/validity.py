"""Whether intervals and tests hold on designs other than mien's own, and on uneven and hostile data.

Runs are simulated by `benchmarks.designs`. Of *prompts as in nature* the k-th most common of 720 has a share
of 1/k; *unequal appearances* draw both options with weights k^(-0.7). Scores are normal with standard
deviation 1 unless said otherwise. Preferences of a prompt shift each of its traits by a normal draw, alike in
both runs of a diff; of *triples in a circle*, each trait has 1.5 log odds more over the next than their
scores say. The truth is then what scores converge to, taken from one long run, and the slope is that of the
truth on the scores of one prompt. Both runs of a diff have the same trials and the same truth, so that
whatever is called changed is false; for the test of flatness all scores are equal. Rare traits were chosen,
or passed over, at most once. Of 60 people who vote, the k-th casts a share of 1/k, by tastes of its own.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from benchmarks.designs import N_PROMPTS, Design, Layout, Own, around, comparisons, lay_out
from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.errors import NotIdentified
from mien.stats.comparisons import Comparisons
from mien.stats.diffs import diff
from mien.stats.profiles import rate
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.profiles import Profile

LONG = 200_000  # trials of the run that stands for the truth, under preferences of prompts


DESIGNS = (
    Design(name="every trait as often"),
    Design(name="every trait as often", trials=504),
    Design(name="every trait as often", trials=10_296),
    Design(name="unequal appearances", unequal=True),
    Design(name="prompts as in nature", zipf=True),
    Design(name="both", unequal=True, zipf=True),
    Design(name="20 prompts", n_prompts=20, prompt=0.5),
    Design(name="preferences of prompts", prompt=1.0, trials=5_040),
    Design(name="votes of 60 people", n=36, trials=2_016, raters=60, rater=1.0, prompt=0.5),
    Design(name="triples in a circle", n=12, trials=1_008, circle=1.5),
    Design(name="first favoured by 1", first=1.0),
    Design(name="first favoured by 3", first=3.0),
    Design(name="heavy tails", tails=2.5),
    Design(name="scores far apart", spread=2.0),
    Design(name="four options", k=4, trials=1_008),
    Design(name="six traits", n=6, trials=120),
)


def run(design: Design, scores: np.ndarray, own: Own, laid_out: Layout, rng: np.random.Generator) -> Profile:
    return rate(comparisons(design, scores, own, laid_out, rng))


def converged(design: Design, scores: np.ndarray, rng) -> Profile:
    """What a long run finds, every trial on a prompt of its own: prompts are a sample of many more."""
    long = replace(design, trials=LONG, n_prompts=LONG)
    shown = lay_out(long, rng).shown
    tastes = np.hypot(design.prompt, design.rater) * rng.normal(size=shown.shape)
    utilities = scores[shown] + tastes + rng.gumbel(size=shown.shape)
    utilities[:, 0] += design.first + around(design, shown)
    return rate(
        Comparisons(
            traits=tuple(f"t{i:03d}" for i in range(design.n)),
            options=shown.astype(np.int32),
            chosen=utilities.argmax(axis=1).astype(np.int32),
            cluster=np.arange(len(shown), dtype=np.int32) % N_PROMPTS,
            clusters=tuple(f"p{i:04d}" for i in range(N_PROMPTS)),
        )
    )


def replicate(design: Design, seed: int) -> dict[str, np.ndarray | float]:
    """One run, one like it, and one without preferences."""
    rng = np.random.default_rng([design.trials, design.n, seed])
    drawn = rng.standard_t(design.tails, design.n) if np.isfinite(design.tails) else rng.normal(size=design.n)
    scores = design.spread * (drawn - drawn.mean())
    own = Own.of(design, rng)
    laid_out = lay_out(design, rng)
    one, other = (run(design, scores, own, laid_out, rng) for _ in range(2))
    # Tastes of prompts are preferences, too; those of people are what a flat profile is told from.
    nobody = own._replace(prompts=0 * own.prompts)
    null = run(replace(design, circle=0.0), 0 * scores, nobody, laid_out, rng)
    truth, first, slope = scores, 1 / (1 + (design.k - 1) * np.exp(-design.first)), 1.0
    if design.prompt or design.rater or design.circle:
        settled = converged(design, scores, rng)
        truth, first = settled.fit.scores, settled.position["first"]
        slope = float(np.polyfit(scores, truth, 1)[0])
    low, high = one.estimates.intervals()
    half = (high - low) / 2 / ELO_SCALE
    found = diff(one, other)
    return {
        "covered": np.abs(one.fit.scores - truth) < half,
        "rare": np.minimum(one.chosen, one.shown - one.chosen) <= 1,
        "position": float(one.position["low"] <= first <= one.position["high"]),
        "flat": float(_below(null.flat["p"])),
        "omnibus": float(_below(found.omnibus["p"])),
        "any": float(found.changed.any()),
        "slope": slope,
    }


def _below(p: float | None) -> bool:
    return p is not None and p < 0.05


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 400, quick=2, help="runs for each row")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    print("| design | traits | trials | coverage | of rare traits | of the position | flat p < .05 |", end="")
    print(" omnibus p < .05 | diffs with any change | slope |\n|" + " --- |" + " ---: |" * 9)
    for design in DESIGNS:
        made = []
        for seed in range(asked.replications):
            try:
                made.append(replicate(design, seed))
            except NotIdentified:  # a trait that unequal appearances left out
                continue
        covered = np.concatenate([one["covered"] for one in made])
        rare = np.concatenate([one["rare"] for one in made])
        shares = [np.mean([one[what] for one in made]) for what in ("position", "flat", "omnibus", "any")]
        of_rare = f"{np.mean(covered[rare]):.1%} ({rare.sum():,})" if rare.any() else ""
        slope = np.mean([one["slope"] for one in made])
        cells = [f"{np.mean(covered):.1%}", of_rare, *(f"{share:.1%}" for share in shares), f"{slope:.2f}"]
        size = f"{design.n} | {design.trials:,}" + (f" × {design.k}" if design.k > 2 else "")
        print(f"| {design.name} | {size} | {' | '.join(cells)} |", flush=True)
