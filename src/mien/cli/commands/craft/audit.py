"""``mien craft audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.output import console, counted, print_json, print_table
from mien.cli.progress import ProgressReport
from mien.cli.resuming import resumable

if TYPE_CHECKING:
    from mien.craft.audit.audit import Report
    from mien.craft.audit.counts import Part
    from mien.measurement.session import Session
    from mien.stats.proportions import Proportion

_OTHERS = "What others say"

_Folder = Annotated[Path, typer.Argument(help="What mien craft data wrote.", metavar="DIR")]
_Judge = Annotated[
    str | None,
    typer.Option(
        "--judge",
        help="Ask this model about a sample: which answer is more in character?",
        show_default=False,
        rich_help_panel=_OTHERS,
    ),
]
_Arena = Annotated[
    str | None,
    typer.Option(
        "--arena",
        help="Put the sample into the store under this name, for people to compare blind in mien view; once "
        "they have, the same command tells what they found.",
        metavar="NAME",
        show_default=False,
        rich_help_panel=_OTHERS,
    ),
]
_Sample = Annotated[
    int, typer.Option("--sample", min=1, help="Pairs in the sample, at most.", rich_help_panel=_OTHERS)
]
_MatchLengths = Annotated[
    Path | None,
    typer.Option(
        "--match-lengths",
        help="Write a selection of the pairs to this folder in which lengths tell nothing.",
        metavar="DIR",
        show_default=False,
    ),
]
_Seed = Annotated[int, typer.Option(help="Of the sample and of the selection.")]


@calling()
def command(
    folder: _Folder,
    judge: _Judge = None,
    arena: _Arena = None,
    sample: _Sample = 100,
    match_lengths: _MatchLengths = None,
    seed: _Seed = 0,
    confidence_level: options.ConfidenceOption = 0.95,
    *,
    session: Session,
    as_json: options.JsonOption = False,
) -> None:
    """See what training data hold beside the character: lengths, leaks, refusals, repeats, languages.

    Each is counted by assertion, and in chosen and rejected answers apart. The status is 0 whatever is found.
    """
    from mien.craft.audit import audit

    with resumable(session.path), ProgressReport() as session.on_progress:
        if match_lengths:
            audit.write_matched(folder, match_lengths, seed=seed)
        report = audit.audit_folder(
            folder,
            session,
            judge=judge,
            arena=arena,
            sample=sample,
            seed=seed,
            confidence_level=confidence_level,
        )
    if as_json:
        print_json(report.to_dict())
    else:
        _print(report, match_lengths)


def _print(report: Report, match_lengths: Path | None) -> None:
    from mien.craft.audit.arena import address
    from mien.craft.audit.audit import share_of

    audit = report.audit
    parts = [(f"assertion {n}", n, part) for n, part in enumerate(audit.assertions)]
    parts += [("ordinary", None, audit.ordinary), ("all", "whole", audit.whole)]
    columns = ("", "pairs", "longer", "ratio", "names", "copied", "refusals", "repeats", "foreign")
    print_table(columns, [(name, *_row(part)) for name, _, part in parts], left=("",))
    out = console()
    out.print(
        "longer: how often the chosen answer is; ratio: its length to the other's, median\n"
        "names, copied, refusals, repeats, foreign: of the chosen / of the rejected answers",
        markup=False,
    )
    languages = sorted(
        {code for side in audit.whole.languages.values() for code in side if code},
        key=lambda code: -sum(side.get(code, 0) for side in audit.whole.languages.values()),
    )
    out.print(f"languages of the answers: {', '.join(languages) or 'none could be told'}", markup=False)
    asked = {"judge": report.judged, "people": report.people, "preferred": report.preferred}
    if others := {name: seen for name, seen in asked.items() if seen}:
        preferred = ", or preferred" if "preferred" in others else ""
        out.print(f"\nchosen found more in character{preferred}:", markup=False)
        rows = [(name, *(_interval(share_of(seen, n)) for seen in others.values())) for name, n, _ in parts]
        print_table(("", *others), rows, left=("",))
    for warning in report.warnings:
        out.print(f"! {warning}", markup=False, soft_wrap=True)
    if not report.warnings:
        out.print("nothing to warn of", markup=False)
    if match_lengths:
        out.print(f"wrote {match_lengths}: a selection in which lengths tell nothing", markup=False)
    if report.arena and not report.people:
        out.print(
            f"{counted(report.sample, 'pair')} to compare: mien view, then {address(report.arena)}",
            markup=False,
            soft_wrap=True,
        )


def _row(part: Part) -> tuple[str, ...]:
    lengths = part.lengths
    return (
        f"{part.train + part.heldout:,}",
        _interval(lengths.longer) if lengths else "–",
        f"{lengths.ratio:.2f}" if lengths else "–",
        *(
            f"{found['chosen']}/{found['rejected']}"
            for found in (part.names, part.copied, part.refusals, part.repeats, part.foreign)
        ),
    )


def _interval(share: Proportion | None) -> str:
    return f"{share.share:.0%} ({100 * share.low:.0f}–{100 * share.high:.0f})" if share else "–"
