"""The branching factor against the truth: a model whose tree is known, and the organism's tree, walked.

The first model's words are of a few states, each with its own few ways on: the total entropy and the length
of its answers solve two linear equations. Prompts begin in states of their own. Shares of intervals that hold
the truth, over prompts drawn anew each time; and how often two models that are one are said to differ.

The organism's answers of at most so many tokens are walked, beginning by beginning, as long as they are
likelier than a bound; what is left out is told. Beside it the figure of samples, and between what it lies by
the likeliest twenty tokens alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.materials.prompts import load_prompts
from mien.models.engine import Job
from mien.models.organism.engine import Organism
from mien.models.organism.reading import Passage, read
from mien.models.organism.sampling import log_probabilities
from mien.stats.diffs import diff
from mien.stats.diversity.bounds import entropy_bounds
from mien.stats.diversity.branching import factors
from mien.stats.diversity.traces import Trace
from mien.stats.estimates.means import pulled
from mien.types import Sampling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mien.stats.estimates import Estimates
    from mien.types import Floats

STATES, END = 12, 0
PROMPTS, SAMPLES = 40, 8
TOP = 20


class Known:
    """A model whose words are states; state 0 ends an answer."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.ways = rng.dirichlet(np.full(STATES, 0.25), size=STATES)
        self.ways[:, END] = np.maximum(self.ways[:, END], 0.03)
        self.ways /= self.ways.sum(axis=1, keepdims=True)
        p = np.where(self.ways > 0, self.ways, 1.0)
        self.entropies: Floats = -(self.ways * np.log(p)).sum(axis=1)
        onward = self.ways[1:, 1:]
        self.lengths: Floats = np.linalg.solve(np.eye(STATES - 1) - onward, np.ones(STATES - 1))
        self.totals: Floats = np.linalg.solve(np.eye(STATES - 1) - onward, self.entropies[1:])
        self.sums = self.ways.cumsum(axis=1)

    @property
    def truth(self) -> dict[str, float]:
        """Over prompts that begin in any state but the end alike often."""
        total, length = self.totals.mean(), self.lengths.mean()
        return {"bf": float(np.exp(total / length)), "entropy": float(total)}

    def trace(self, state: int, rng: np.random.Generator, *, whole: bool) -> Trace:
        """One answer."""
        surprisals: list[float] = []
        entropies: list[float] = []
        while state != END:
            drawn = min(int(np.searchsorted(self.sums[state], rng.random(), side="right")), STATES - 1)
            surprisals.append(-float(np.log(self.ways[state, drawn])))
            entropies.append(float(self.entropies[state]))
            state = drawn
        return Trace(
            surprisals=np.array(surprisals), entropies=np.array(entropies) if whole else None, octets=1
        )

    def estimates(self, rng: np.random.Generator, *, whole: bool, prompts: Sequence[int]) -> Estimates:
        """Of samples of some prompts, each known by the state that it begins in."""
        drawn = {
            f"{c}": [self.trace(state, rng, whole=whole) for _ in range(SAMPLES)]
            for c, state in enumerate(prompts)
        }
        found, _ = factors(drawn)
        return pulled([*drawn], [one.pulled for one in found], [one.quantity for one in found], n=1)


def print_coverage(runs: int) -> None:
    model, rng = Known(), np.random.default_rng(1)
    print("| told of each step | measure | truth | mean | intervals that hold it | called changed |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for what, whole in (("its distribution", True), ("the token drawn", False)):
        held = dict.fromkeys(model.truth, 0)
        values: dict[str, list[float]] = {name: [] for name in model.truth}
        changed = dict.fromkeys(model.truth, 0)
        for _ in range(runs):
            prompts = rng.integers(1, STATES, size=PROMPTS).tolist()
            one, other = (model.estimates(rng, whole=whole, prompts=prompts) for _ in range(2))
            low, high = one.intervals()
            p = dict(zip(one.names, diff(one, other).p.tolist(), strict=True))
            for name, truth in model.truth.items():
                at = one.names.index(name)
                held[name] += bool(low[at] <= truth <= high[at])
                values[name].append(float(one.values[at]))
                changed[name] += p[name] < 0.05
        for name, truth in model.truth.items():
            cells = f"{truth:.3f} | {np.mean(values[name]):.3f}"
            print(f"| {what} | {name} | {cells} | {held[name] / runs:.1%} | {changed[name] / runs:.1%} |")


class Walked(NamedTuple):
    """What a walk through all answers to prompts found: the factor, and the likelihood that was left out."""

    bf: float
    left_out: float


def walk(organism: Organism, prompts: Sequence[str], longest: int, least: float) -> Walked:
    """The exact branching factor of answers of at most ``longest`` tokens.

    Args:
        organism: the model.
        prompts: what the user says.
        longest: tokens; an answer that is longer is cut off there.
        least: beginnings that are less likely are left out.
    """
    tokenizer, network = organism._tokenizer, organism._network  # pyright: ignore[reportPrivateUsage]
    total = length = left_out = 0.0
    for prompt in prompts:
        asked = tuple(tokenizer.conversation(({"role": "user", "content": prompt},)))
        alive: dict[tuple[int, ...], float] = {(): 1.0}
        for _ in range(longest):
            onward: dict[tuple[int, ...], float] = {}
            for begun, p, logs in _next(network, asked, alive):
                q = np.exp(logs.astype(np.float64))
                total -= p * float(q @ logs)
                length += p
                kept = np.flatnonzero(p * q >= least)
                left_out += p * (1 - float(q[kept].sum()))
                onward |= {(*begun, token): p * float(q[token]) for token in kept.tolist()}
            alive = {begun: p for begun, p in onward.items() if begun[-1] != tokenizer.end}
    return Walked(float(np.exp(total / length)), left_out / len(prompts))


def _next(
    network: Any, asked: tuple[int, ...], alive: Mapping[tuple[int, ...], float]
) -> Iterator[tuple[tuple[int, ...], float, Any]]:
    """Each beginning with its likelihood and the log-probabilities of what may follow it."""
    begun = sorted(alive)
    for start in range(0, len(begun), 256):
        some = begun[start : start + 256]
        passages = [Passage((*asked, *one), len(asked) + len(one) - 1) for one in some]
        states = np.concatenate(read(network, passages, keep=False).states)
        for one, logs in zip(some, log_probabilities(network.logits(states)), strict=True):
            yield one, alive[one], logs


def sampled(
    organism: Organism, prompts: Sequence[str], longest: int, samples: int, top: int = 0
) -> dict[str, list[Trace]]:
    """Traces of samples; with ``top``, as of an endpoint that tells so many of the likeliest tokens."""
    found: dict[str, list[Trace]] = {}
    for number, prompt in enumerate(prompts):
        jobs = [
            Job(
                prompt=({"role": "user", "content": prompt},),
                sampling=Sampling(max_tokens=longest),
                seed=1000 * number + seed,
                traced=True,
                top_logprobs=top,
            )
            for seed in range(samples)
        ]
        found[prompt] = []
        for output in organism.run(jobs):
            steps: Floats = np.array(output.steps)
            bounds = None
            if top:  # the end is drawn from the rest of a distribution, which is told of the tokens alone
                told = [entropy_bounds(np.array([log for _, log in token.top])) for token in output.tokens]
                steps, bounds = steps[: len(told)], np.array(told).T
            found[prompt].append(
                Trace(
                    surprisals=steps[:, 0],
                    entropies=None if top else steps[:, 1],
                    bounds=bounds,
                    octets=max(len(output.text.encode()), 1),
                )
            )
    return found


def print_organism(n: int, longest: int) -> None:
    prompts = [prompt.text for prompt in load_prompts("everyday", max_prompts=n)]
    print(f"\n| {n} prompts, {longest} tokens | exact | of 32 samples | off by | by the likeliest {TOP} |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in ("base", "v1", "v2"):
        organism = Organism.load(name)
        exact = walk(organism, prompts, longest, 1e-5)
        whole = factors(sampled(organism, prompts, longest, 32))[0][0].pulled.value
        bounds = factors(sampled(organism, prompts, longest, 32, TOP))[0][0].bounds
        assert bounds
        cells = f"{exact.bf:.3f} (but for {exact.left_out:.1%}) | {whole:.3f} | {whole / exact.bf - 1:+.1%}"
        print(f"| organism/{name} | {cells} | {bounds[0]:.3f} … {bounds[1]:.3f} |", flush=True)


_LONGEST: Final = 8


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--runs", 1_000, quick=100, help="drawings of the known model")
    options.add_size("--prompts", 8, quick=2, help="prompts to the organism")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}; {asked.runs:,} drawings of {SAMPLES} samples of {PROMPTS} prompts\n")
    print_coverage(asked.runs)
    print_organism(asked.prompts, _LONGEST)
