"""``mien plan``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json, print_table
from mien.errors import NotIdentified, UsageError

if TYPE_CHECKING:
    from mien.stats.design.power import NoiseModel
    from mien.stats.profiles.profile import Profile

_ROUNDS = (14, 28, 56, 112, 224, 448)
_CALLS = 2  # a trial: one of the model, one of the judge


def command(
    detect: Annotated[float, typer.Option(help="Points of rating: the change to find.")],
    power: Annotated[float, typer.Option(help="The probability with which to find it.")] = 0.8,
    fdr: Annotated[float, typer.Option(help="False-discovery rate of the diff.")] = 0.05,
    changed: Annotated[int, typer.Option(help="How many traits change by so much.")] = 1,
    traits: Annotated[
        str | None,
        typer.Option(
            help="A trait set's name, or a YAML or text file.", show_default="classic-144; that of --against"
        ),
    ] = None,
    n_options: Annotated[
        int | None, typer.Option("--options", help="Options a trial.", show_default="2; those of --against")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="The run to compare with: plan by its own standard errors."),
    ] = None,
    judge: options.JudgeNameOption = None,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Say how many rounds a diff of two runs needs to find a change of one trait."""
    from mien.stats.design.power import MAX_CHANGE, threshold

    if not 0 < detect <= MAX_CHANGE:
        raise UsageError(
            f"--detect is a number of rating points above 0, {MAX_CHANGE:,} at most, not {detect:g}"
        )
    if not 0 < fdr < 1:
        raise UsageError(f"--fdr lies between 0 and 1, not {fdr:g}")
    if against is None:
        if judge is not None:
            raise UsageError("--judge says whose verdicts of a run to take; give the run with --against")
        plan = _equal(traits or "classic-144", 2 if n_options is None else n_options)
    else:
        from mien.runs.run import Run

        try:
            plan = _existing(Run(against, store).profile(judge), traits, n_options)
        except NotIdentified as error:
            raise UsageError(f"run {against!r} cannot be rated: {error}") from error
    n = plan.n_traits
    if not 1 <= changed <= n:
        raise UsageError(f"--changed is a number of traits from 1 to {n}, not {changed}")
    if not fdr / n < power < 1:
        raise UsageError(f"--power lies between {fdr / n:.2g} (--fdr over the traits) and 1, not {power:g}")
    level = threshold(power, n, n_changed=changed, fdr=fdr)
    found = plan.to_dict(detect, power, level)
    if as_json:
        print_json({"detect": detect, "power": power, "fdr": fdr, "changed": changed} | found)
    else:
        _print(plan, found, detect, power)


@dataclass(frozen=True)
class _Plan:
    """What is known beforehand: ``noise_model`` of any trait, or of the middle and ``worst`` of a run."""

    n_traits: int
    n_options: int
    noise_model: NoiseModel
    worst: NoiseModel | None = None
    against: str | None = None
    existing: int = 0  # trials of the run to compare with

    def trials(self, rounds: int) -> int:
        return math.ceil(rounds * self.n_traits / self.n_options)

    def calls(self, rounds: int) -> int:
        """Of the new run, and of what the other lacks."""
        trials = self.trials(rounds)
        return _CALLS * (trials + max(trials - self.existing, 0))

    def to_dict(self, detect: float, power: float, level: float) -> dict[str, Any]:
        from mien.stats.design.power import rounds_needed, smallest_change

        def change(noise_model: NoiseModel | None, rounds: int) -> float | None:
            return None if noise_model is None else smallest_change(noise_model, rounds, level, power)

        rounds = rounds_needed(self.noise_model, detect, level, power)
        return {
            "against": self.against,
            "n_traits": self.n_traits,
            "n_options": self.n_options,
            "threshold": level,
            "rounds": rounds,
            "trials": self.trials(rounds),
            "calls": self.calls(rounds),
            "worst": None if self.worst is None else rounds_needed(self.worst, detect, level, power),
            "table": [
                {
                    "rounds": r,
                    "trials": self.trials(r),
                    "calls": self.calls(r),
                    "change": change(self.noise_model, r),
                    "worst": change(self.worst, r),
                }
                for r in _ROUNDS
            ],
        }


def _equal(traits: str, n_options: int) -> _Plan:
    from mien.materials.traits import load_traits
    from mien.stats.design.power import Equal
    from mien.stats.design.trials import MAX_OPTIONS

    n = len(load_traits(traits).traits)
    if not 2 <= n_options <= min(MAX_OPTIONS, n):
        raise UsageError(f"--options is 2 to {MAX_OPTIONS}, and at most the {n} traits, not {n_options}")
    return _Plan(n, n_options, Equal(n, n_options))


def _existing(run: Profile, traits: str | None, n_options: int | None) -> _Plan:
    import numpy as np

    from mien.materials.traits import load_traits
    from mien.stats.design.power import Against, Place

    n, shown = len(run.traits), len(run.fit.positions)
    if traits is not None and set(load_traits(traits).names) != set(run.traits):
        raise UsageError(f"run {run.run!r} does not rate the traits of {traits}; leave out --traits")
    if n_options not in {None, shown}:
        raise UsageError(f"run {run.run!r} has {shown} options a trial, not {n_options}; leave out --options")
    rounds, stderr, scores = run.n_trials * shown / n, run.stderr, run.fit.scores
    by_stderr: list[int] = np.argsort(stderr, kind="stable").tolist()
    middle, worst = (
        Against(
            float(stderr[i]),
            rounds,
            run.fit.n_clusters,
            Place(float(scores[i]), np.delete(scores, i), shown),
        )
        for i in (by_stderr[n // 2], by_stderr[-1])
    )
    return _Plan(n, shown, middle, worst, run.run, run.n_trials)


def _print(plan: _Plan, found: dict[str, Any], detect: float, power: float) -> None:
    out = console()
    which = "one trait" if plan.worst is None else "a trait of median precision"
    out.print(
        f"[bold]{counted(found['rounds'], 'round')}[/bold] find a change of {detect:g} points in {which} "
        f"with probability {power:g}: {found['trials']:,} trials a run, {found['calls']:,} calls",
        soft_wrap=True,
    )
    if plan.worst is None:
        note = "This is for traits of equal scores. Real characters need more: name a run with --against."
    else:
        note = f"For the trait that is known least precisely: {counted(found['worst'], 'round')}."
    out.print(f"{note}\n", markup=False, soft_wrap=True)
    columns = ["rounds", "trials", "calls", "smallest change"]
    if plan.worst is not None:
        columns.append("of the least precise trait")
    keys = ("change", "worst")[: len(columns) - 3]
    print_table(
        columns,
        (
            [f"{row[key]:,}" for key in ("rounds", "trials", "calls")]
            + ["–" if row[key] is None else f"{row[key]:.0f}" for key in keys]
            for row in found["table"]
        ),
        left=(),
    )
    if any(row[key] is None for row in found["table"] for key in keys):
        out.print("\n– no change of any size: the larger, the noisier.", markup=False)
