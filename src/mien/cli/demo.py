"""``mien demo``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.output import console, fraction, print_json, print_table

if TYPE_CHECKING:
    from mien.ratings import Profile
    from mien.runs import Run

RUN = "demo"
STORE = options.Path("mien-demo.db")
ROUNDS = 40
POSITION = 0.15  # planted, in log odds: the first of two equals is chosen with probability 0.57
JUDGE_ACCURACY = 0.97


def command(
    as_json: options.JsonOption = False,
    store: Annotated[options.Path, typer.Option(envvar="MIEN_STORE", help="Where the run is kept.")] = STORE,
) -> None:
    """Measure a scripted model of known character, and set the result beside the truth.

    No key and no network is needed: a server on this machine plays both the model and its judge. It draws its
    choices from planted scores. It is no language model; what it shows is that the measurement works.
    """
    from mien.testing import planted_scores
    from mien.traits import load_traits

    planted = planted_scores(load_traits("classic-144").names, seed=0)
    profile = _measure(planted, store).profile()
    if as_json:
        print_json(profile.to_dict() | {"planted": planted})
    else:
        _print(profile, planted, store)


def _measure(planted: dict[str, float], store: options.Path) -> Run:
    from mien.cli.progress import ProgressReport
    from mien.measurement import measure
    from mien.store import Store
    from mien.testing import ScriptedServer

    with Store(store) as opened:
        # An earlier demo is in the way: its model lived at another port. A run of the user's own is not ours.
        if any(run.name == RUN and run.model.startswith("http://127.0.0.1:") for run in opened.runs()):
            opened.delete_run(RUN)
    report = ProgressReport()
    with (
        ScriptedServer(scores=planted, position=POSITION, judge_accuracy=JUDGE_ACCURACY) as server,
        report,
    ):
        return measure(
            server.model, judge=server.judge, rounds=ROUNDS, name=RUN, store=store, on_progress=report
        )


def _print(profile: Profile, planted: dict[str, float], store: options.Path) -> None:
    import numpy as np
    from scipy.special import expit
    from scipy.stats import spearmanr

    from mien.cli.profile import health
    from mien.ratings import ELO_CENTRE, ELO_SCALE

    truth = {trait: ELO_CENTRE + ELO_SCALE * score for trait, score in planted.items()}
    rows = profile.rows
    held = np.mean([row["low"] <= truth[row["trait"]] <= row["high"] for row in rows])
    rho = float(spearmanr([row["rating"] for row in rows], [truth[row["trait"]] for row in rows]).statistic)
    out = console()
    out.print(
        "Measured a scripted stand-in with planted scores, no language model. "
        f"Its judge errs {1 - JUDGE_ACCURACY:.0%} of the time.\n"
    )
    for label, text in health(profile):
        if label != "judge":
            out.print(f"  {label:<13} {text}", markup=False)
    out.print(
        f"  planted       the first option's share between equals is {expit(2 * POSITION):.0%}\n"
        f"  truth         Spearman {fraction(rho)}; {held:.0%} of the 95% intervals hold the planted rating\n"
    )
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
        [*cells[:4], ("…", "", "", "", ""), *cells[-4:]],
        left=("trait",),
    )
    out.print(
        f"\nNext:  mien profile {RUN} --all --store {store}\n"
        "       mien measure openai/gpt-5.1 --judge openrouter/z-ai/glm-4.5-air --dry-run",
        markup=False,
    )
