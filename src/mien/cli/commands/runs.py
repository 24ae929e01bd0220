"""``mien runs``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.output import console, print_json, print_table, print_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.store.counts import FailedTrials
    from mien.store.records import RunRecord
    from mien.store.store import Store

_JUDGES = 6  # shown of a run


def command(
    run: Annotated[str | None, typer.Argument(help="Show this run.", show_default="list all")] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete the run; the calls that it paid for stay.")
    ] = False,
    failures: Annotated[
        bool,
        typer.Option(
            "--failures",
            help="Of one run: trials that it, or a judge, failed at, by reason and prompt.",
        ),
    ] = False,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """List the runs in the store, show one in full, or delete one."""
    from mien.store.store import Store

    if delete:
        if run is None:
            raise typer.BadParameter("name the run to delete")
        with Store(store) as opened:
            opened.delete_run(run)
        console().print(f"{run} is deleted.", markup=False)
        return
    if failures:
        if run is None:
            raise typer.BadParameter("name the run whose failures to list")
        with Store(store, read_only=True) as opened:
            _print_failures(opened.failed_trials(opened.run(run).id), as_json=as_json)
        return
    with Store(store, read_only=True) as opened:
        records = opened.runs() if run is None else [opened.run(run)]
        entries = [_entry(opened, record) for record in records]
        if run is not None:
            import json

            if adapted := opened.adapted(records[0].id):
                entries[0]["adapted"] = adapted
            entries[0]["protocol"] = json.loads(records[0].protocol)
    if as_json:
        print_json(entries if run is None else entries[0])
    elif run is not None:
        print_yaml(entries[0])
    elif not entries:
        console().print("No runs yet; `mien measure` or `mien import` makes one.")
    else:
        print_table(
            ("run", "model", "instrument", "trials", "judge", "verdicts", "missing", "cut off", "created"),
            (
                (
                    entry["run"],
                    entry["model"],
                    entry["instrument"],
                    f"{entry['n_trials']:,}",
                    *_judges(entry["judges"]),
                    entry["created"],
                )
                for entry in entries
            ),
            left=("run", "model", "instrument", "judge", "created"),
        )


def _print_failures(found: Sequence[FailedTrials], *, as_json: bool) -> None:
    if as_json:
        print_json([row._asdict() for row in found])
    elif not found:
        console().print("No trial failed.")
    else:
        judges = any(row.judge for row in found)
        columns = ("trials", "prompt", *["judge"] * judges, "reason")
        print_table(
            columns,
            ((r.trials, r.prompt_id, *[r.judge] * judges, r.reason) for r in found),
            left=columns[1:],
        )


def _torn(answers: Mapping[str, int]) -> str:
    torn = answers["cut_off"] + answers["filtered"]
    return f"{torn:,}" if torn else ""


def _judges(judges: list[dict[str, Any]]) -> tuple[str, ...]:
    """Names and the numbers of verdicts, missing ones and torn answers, a line each; of a crowd the first."""
    first, more = judges[:_JUDGES], judges[_JUDGES:]
    names = [str(judge["judge"]) for judge in first]
    read = [f"{judge['verdicts']:,}" for judge in first]
    missing = [f"{judge['missing']:,}" if judge["missing"] else "" for judge in first]
    if more:
        names.append(f"and {len(more):,} more")
        read.append(f"{sum(judge['verdicts'] for judge in more):,}")
    torn = [_torn(judge["answers"]) for judge in first]
    return tuple(map("\n".join, (names, read, missing, torn)))


def _entry(store: Store, run: RunRecord) -> dict[str, Any]:
    from mien.runs.flaws import flaws
    from mien.runs.outcome import outcome

    return {
        "run": run.name,
        "model": run.model,
        "instrument": run.instrument,
        "design": run.design,
        "seed": run.seed,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.created)),
        "n_trials": store.count_trials(run.id),
        "judges": [
            {
                "judge": judge.name,
                "verdicts": found.read,
                "missing": found.missing,
                "complete": found.complete,
                "answers": flaws(store, run, judge.name).to_dict(),
            }
            for judge in store.judges(run.id)
            for found in [outcome(store, run, judge.name)]
        ],
        "failures": store.failures(run.id),
    }
