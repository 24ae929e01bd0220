"""``mien plan``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.output import console, counted, fraction, print_json, print_table
from mien.cli.run_names import completed, matching
from mien.errors import NotIdentified, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mien.stats.design.power import NoiseModel
    from mien.stats.diffs.facets import Sources
    from mien.stats.profiles.profile import Profile
    from mien.store.records import RunRecord

_ROUNDS = (14, 28, 56, 112, 224, 448)
_SOURCES = {
    "trials": "prompts and samples",
    "prompts": "  prompts",
    "samples": "  samples",
    "wording": "wording",
    "judge": "judge",
    "reading": "reading again",
}
_OF_JUDGES = ("judge", "reading")
_MORE = ((1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2), (2, 2, 2))  # times the rounds, wordings, judges


def command(
    detect: Annotated[float | None, typer.Option(help="Points of rating: the change to find.")] = None,
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
        typer.Option(
            metavar="RUN",
            autocompletion=completed,
            help="The run to compare with: plan by its own standard errors.",
        ),
    ] = None,
    sources_of: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="RUN",
            autocompletion=completed,
            help="Instead: where the noise of this run's ratings comes from (prompts, samples, wording, "
            "judge), and what more of each would buy. Repeatable: runs of one model under other protocols.",
        ),
    ] = None,
    judge: options.JudgeNameOption = None,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Say how many rounds a diff of two runs needs to find a change of one trait, or why ratings vary."""
    from mien.stats.design.power import MAX_CHANGE, threshold

    if sources_of:
        _require_alone(detect, traits, n_options, against, judge)
        _sources(sources_of, store, as_json=as_json)
        return
    if detect is None:
        raise UsageError("say which change to find with --detect, or whose noise to take apart with --from")
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

        run = Run(against, store)
        try:
            plan = _existing(run.profile(judge), _Trial.of(run.record), traits, n_options)
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
class _Trial:
    """What a trial takes: so much of a response, and a judge that reads it, or none."""

    generations: float = 1.0
    judged: bool = True

    @classmethod
    def of(cls, run: RunRecord) -> _Trial:
        """A trial of a run."""
        if run.instrument == "stated":
            return cls(judged=False)
        if run.instrument != "exhibited":
            return cls()
        from mien.materials.protocols import Protocol

        usual: int = Protocol.model_fields["trials_per_response"].default  # which a stored one leaves out
        return cls(generations=1 / run.protocol_settings.get("trials_per_response", usual))

    def calls(self, trials: int, judges: int = 1) -> int:
        """Calls of so many trials, each read by so many judges."""
        return math.ceil(round(trials * self.generations, 6)) + trials * judges * self.judged


@dataclass(frozen=True)
class _Plan:
    """What is known beforehand: ``noise_model`` of any trait, or of the middle and ``worst`` of a run."""

    n_traits: int
    n_options: int
    noise_model: NoiseModel
    worst: NoiseModel | None = None
    against: str | None = None
    existing: int = 0  # trials of the run to compare with
    trial: _Trial = _Trial()

    def trials(self, rounds: int) -> int:
        return math.ceil(rounds * self.n_traits / self.n_options)

    def calls(self, rounds: int) -> int:
        """Of the new run, and of what the other lacks."""
        trials = self.trials(rounds)
        return sum(self.trial.calls(n) for n in (trials, max(trials - self.existing, 0)))

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


def _existing(run: Profile, trial: _Trial, traits: str | None, n_options: int | None) -> _Plan:
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
    return _Plan(n, shown, middle, worst, run.run, run.n_trials, trial)


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


def _require_alone(*others: object) -> None:
    if any(one is not None for one in others):
        raise UsageError("--from goes with none of --detect, --traits, --options, --against and --judge")


def _sources(runs: list[str], store: Path, *, as_json: bool) -> None:
    """Print where the noise of a rating comes from, and what more of each source would buy."""
    from mien.runs.forms import forms
    from mien.runs.run import Run
    from mien.stats.diffs.facets import sources

    runs = matching(runs, store)
    opened = [Run(name, store) for name in runs]
    read = forms(opened)
    found = sources(read)
    trials, trial = read[0].estimates.made.designed, _Trial.of(opened[0].record)
    more = _MORE if trial.judged else [(*times, 1) for *times, judges in _MORE if judges == 1]
    table = [_bought(found, trials, trial, *times) for times in more]
    told = {name: getattr(found, name) for name in _SOURCES}
    if as_json:
        components = {name: None if one is None else one._asdict() for name, one in told.items()}
        print_json(
            {"from": runs, "n_traits": len(read[0].estimates.names), "sources": components, "table": table}
        )
        return
    out = console()
    out.print("Where the noise of a rating comes from, points (standard deviation):\n")
    print_table(
        ("source", "points", "95% interval", "compared"),
        (
            (_SOURCES[name], "–", "never varied", "")
            if one is None
            else (_SOURCES[name], f"{one.points:.0f}", f"{one.low:.0f} … {one.high:.0f}", f"{one.levels}")
            for name, one in told.items()
            if trial.judged or name not in _OF_JUDGES
        ),
        left=("source",),
    )
    out.print("\nWhat more of it would buy:\n")
    print_table(
        ("rounds", "wordings", "judges", "calls", "standard error", "reliability"),
        (
            (
                f"{row['rounds']} ×",
                f"{row['wordings']}",
                f"{row['judges']}",
                f"{row['calls']:,}",
                "–" if row["stderr"] is None else f"{row['stderr']:.0f}",
                "–" if row["reliability"] is None else fraction(row["reliability"]),
            )
            for row in table
        ),
        left=(),
    )
    if found.wording is None or (found.judge is None and trial.judged):
        out.print("\nWhat was never varied is not in these figures, which are then too good.", markup=False)


def _bought(
    found: Sources, trials: int, trial: _Trial, rounds: int, wordings: int, judges: int
) -> dict[str, Any]:
    """A row: so many times the rounds in each of so many wordings, read by so many judges, or by none."""
    known = (wordings == 1 or found.wording is not None) and (judges == 1 or found.judge is not None)
    stderr = found.stderr(rounds=rounds, wordings=wordings, judges=judges) if known else None
    return {
        "rounds": rounds,
        "wordings": wordings,
        "judges": judges if trial.judged else 0,
        "trials": rounds * wordings * trials,
        "calls": wordings * trial.calls(rounds * trials, judges),
        "stderr": stderr,
        "reliability": None if stderr is None else found.reliability(stderr),
    }
