"""``mien demo``."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.output import (
    bold,
    console,
    counted,
    fraction,
    p_value,
    print_facts,
    print_json,
    print_table,
    write_err,
)

if TYPE_CHECKING:
    from mien.runs.run import Run
    from mien.stats.diffs import Diff
    from mien.stats.profiles.profile import Profile

STORE = options.Path("mien-demo.db")
BEFORE, AFTER = "v1", "v2"
ROUNDS = 40
ENOUGH = 112  # rounds: about 2,000 trials, the usual length of a run
SHOWN = 5  # traits from each end of the ranking
_MARGIN = " " * 16


def command(
    as_json: options.JsonOption = False,
    store: Annotated[
        options.Path, typer.Option(envvar="MIEN_STORE", help="Where the runs are kept.")
    ] = STORE,
) -> None:
    """Measure two versions of the organism, and set what is found beside what was planted.

    The organism is a tiny language model that ships with mien: a teaching model whose character is known. It
    runs on this machine; no key and no network is needed.
    """
    from mien.stats import diffs

    runs = [_measure(version, store) for version in (BEFORE, AFTER)]
    profile, after = (run.profile() for run in runs)
    diff = diffs.diff(profile, after)
    truth = _truth(BEFORE)
    changes = {trait: rating - truth[trait] for trait, rating in _truth(AFTER).items()}
    if as_json:
        print_json(
            {
                "profile": profile.to_dict(),
                "planted": truth,
                "diff": diff.to_dict(),
                "planted_changes": changes,
            }
        )
        return
    out = console()
    out.print(
        "The organism is a teaching model: a tiny transformer that ships with mien and runs right here. Its "
        "character was planted, so every finding can be held against the truth. Two versions of it were told "
        f"{profile.n_trials:,} times to adopt one of two traits and answer a prompt; a judge read which.\n"
    )
    _print_example(runs[0])
    _print_profile(profile, truth)
    _print_diff(diff, changes)
    _print_next(runs, store)


def _measure(version: str, store: options.Path) -> Run:
    from mien.cli.progress import ProgressReport
    from mien.measurement.measure import measure

    with ProgressReport() as report:
        try:
            return measure(
                f"organism/{version}",
                judge="organism/judge",
                rounds=ROUNDS,
                name=f"demo-{version}",
                store=store,
                on_progress=report,
            )
        except KeyboardInterrupt:
            write_err(f"\nStopped. What was answered is kept in {store}; the same command goes on.\n")
            raise typer.Exit(130) from None


def _truth(version: str) -> dict[str, float]:
    """The planted ratings."""
    from mien.models.organism.planted import load_planted
    from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE

    return {trait: ELO_CENTRE + ELO_SCALE * score for trait, score in load_planted(version).chooses.items()}


def _print_example(run: Run) -> None:
    """One trial, in words: the first whose prompt and response are short prose in English."""
    from mien.store.store import Store

    with Store(run.path, read_only=True) as store:
        row = next(
            row
            for row in store.rows(run.record.id, run.judges[0].name)
            if row.chosen in row.trial.options
            and row.trial.prompt.language == "en"
            and len(row.trial.prompt.text) < 70
            and 100 < len(row.response) < 280
            and "\n" not in row.response + row.trial.prompt.text
        )
    console().print(
        f"  told          to be {' or '.join(row.trial.options)}, as feels most like it\n"
        f"  asked         {row.trial.prompt.text}\n"
        f"  answered      {_indented(row.response)}\n"
        f"  judged        {row.chosen}\n",
        markup=False,
    )


def _indented(text: str) -> str:
    return textwrap.fill(text, width=96, initial_indent=_MARGIN, subsequent_indent=_MARGIN).lstrip()


def _print_profile(profile: Profile, truth: dict[str, float]) -> None:
    from mien.report.diagnostics import diagnostics
    from mien.stats.correlation import spearman

    rows = profile.rows
    held = sum(row["low"] <= truth[row["trait"]] <= row["high"] for row in rows)
    rho = spearman([row["rating"] for row in rows], [truth[row["trait"]] for row in rows])
    out = console()
    out.print(f"{bold(profile.model)}, what it chooses")
    truth_told = f"Spearman {fraction(rho)}; {held} of the {len(rows)} 95% intervals hold the planted rating"
    print_facts([*diagnostics(profile), ("truth", truth_told)], indent=16)
    out.print()
    cells = [
        (
            row["rank"],
            row["trait"],
            f"{row['rating']:.0f}",
            f"{row['low']:.0f} … {row['high']:.0f}",
            f"{truth[row['trait']]:.0f}",
        )
        for row in rows
    ]
    print_table(
        ("rank", "trait", "rating", "95% interval", "planted"),
        [*cells[:SHOWN], ("…", "", "", "", ""), *cells[-SHOWN:]],
        left=("trait",),
    )


def _print_diff(diff: Diff, changes: dict[str, float]) -> None:
    """What was called changed, and what was: found, missed or false."""
    from mien.report.changes import as_a_whole

    told = [row for row in diff.rows if row["changed"] or changes[row["trait"]]]
    found = sum(bool(row["changed"] and changes[row["trait"]]) for row in told)
    false = sum(row["changed"] and not changes[row["trait"]] for row in told)
    planted = sum(map(bool, changes.values()))
    out = console()
    out.print(
        f"\n{bold(AFTER)} against {bold(BEFORE)}: {found} of the {planted} planted changes "
        f"found, {false} false (q < {diff.fdr:g})"
    )
    out.print(f"  as a whole    {as_a_whole(diff)}")
    out.print(f"  pairing       {counted(diff.paired, 'prompt')} shared\n")
    print_table(
        ("trait", "change", "95% interval", "q", "planted", ""),
        (
            (
                row["trait"],
                f"{row['delta']:+.0f}",
                f"{row['low']:+.0f} … {row['high']:+.0f}",
                p_value(row["q"]),
                f"{changes[row['trait']]:+.0f}" if changes[row["trait"]] else "none",
                ("found" if row["changed"] else "missed") if changes[row["trait"]] else "FALSE",
            )
            for row in told
        ),
        left=("trait", ""),
    )


def _print_next(runs: list[Run], store: options.Path) -> None:
    before, after = (run.name for run in runs)
    console().print(
        f"\nMore trials find what was missed: let each run grow, then compare again.\n"
        f"  mien measure organism/{BEFORE} --judge organism/judge --rounds {ENOUGH} --name {before} "
        f"--store {store}\n"
        f"  mien diff {before} {after} --store {store}\n"
        "Look closer:\n"
        f"  mien profile {before} --all --store {store}\n"
        f"  mien export {before} -o answers.csv --store {store}\n"
        f"  mien serve organism/{BEFORE}\n"
        "Measure a real model:\n"
        "  mien measure openai/gpt-5.1 --judge openrouter/z-ai/glm-4.5-air --dry-run",
        markup=False,
        soft_wrap=True,
    )
