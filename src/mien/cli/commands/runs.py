"""``mien runs``."""

from __future__ import annotations

import time
from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.output import console, print_json, print_table, print_yaml
from mien.cli.run_names import completed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mien.store.counts import FailedTrials
    from mien.store.records import EvaluationRecord, RunRecord
    from mien.store.store import Store

_JUDGES = 6  # shown of a run


def command(
    run: Annotated[
        str | None,
        typer.Argument(
            help="Show this run, or this evaluation.", show_default="list all", autocompletion=completed
        ),
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete it; the calls that it paid for stay.")
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
    """List the runs and evaluations in the store, show one in full, or delete one."""
    from mien.store.store import Store

    if delete:
        if run is None:
            raise typer.BadParameter("name the run to delete")
        with Store(store) as opened:
            if _is_evaluation(opened, run):
                opened.evaluations.delete(run)
            else:
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
        evaluated = [_evaluation(one) for one in opened.evaluations.all() if run in (None, one.name)]
        records = opened.runs() if run is None else [] if evaluated else [opened.run(run)]
        entries = [_entry(opened, record) for record in records]
        if records and run is not None:
            import json

            if adapted := opened.adapted(records[0].id):
                entries[0]["adapted"] = adapted
            entries[0]["protocol"] = json.loads(records[0].protocol)
    if as_json:
        print_json([*entries, *evaluated] if run is None else [*entries, *evaluated][0])
    elif run is not None:
        print_yaml([*entries, *evaluated][0])
    elif not (entries or evaluated):
        console().print("No runs yet; `mien measure` or `mien import` makes one.")
    else:
        _print_all(entries, evaluated)


def _is_evaluation(store: Store, name: str) -> bool:
    return any(one.name == name for one in store.evaluations.all())


def _print_all(entries: Sequence[Mapping[str, Any]], evaluated: Sequence[Mapping[str, Any]]) -> None:
    specs = [e["model"] for e in (*entries, *evaluated)]
    specs += [judge["judge"] for entry in entries for judge in entry["judges"]]
    short = _short({*specs, *(str(one["judge"]) for one in evaluated)})
    if entries:
        heads = ("run", "model", "instrument", "trials", "judge", "verdicts", "missing", "cut off", "created")
        rows = [
            (
                entry["run"],
                short[entry["model"]],
                entry["instrument"],
                f"{entry['n_trials']:,}",
                *_judges(entry["judges"], entry["n_trials"], short),
                _to_the_minute(entry["created"]),
            )
            for entry in entries
        ]
        _print_list(heads, rows, ("run", "model", "instrument", "judge", "created"))
    if evaluated:
        if entries:
            console().print()
        heads = ("evaluation", "kind", "model", "judge", "items", "missing", "created")
        rows = [
            (
                one["evaluation"],
                one["kind"],
                short[one["model"]],
                short[str(one["judge"])],
                str(one["items"]),
                str(one["missing"] or ""),
                _to_the_minute(one["created"]),
            )
            for one in evaluated
        ]
        _print_list(heads, rows, ("evaluation", "kind", "model", "judge", "created"))


def _short(specs: Collection[str]) -> dict[str, str]:
    """Specs as a list has room for them: the model's own name, and its place where several have one."""
    from mien.models.names import own_name, place

    own = {spec: own_name(spec) for spec in specs}
    shared = Counter(own.values())
    return {
        spec: name if shared[name] == 1 else f"{name} at {place(spec)}" if place(spec) else spec
        for spec, name in own.items()
    }


def _print_list(heads: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[str]) -> None:
    """Print a table without its empty columns; where it is too wide, a name a line and the rest below it."""
    out = console()
    told = [i for i in range(len(heads)) if any(row[i].strip() for row in rows)]
    widths = [max(len(line) for row in (heads, *rows) for line in row[i].split("\n")) for i in told]
    if sum(widths) + 2 * len(told) <= out.width:
        print_table([heads[i] for i in told], ([row[i] for i in told] for row in rows), left=left)
        return
    for row in rows:
        out.print(row[0], markup=False, soft_wrap=True)
        for line in zip_longest(*(row[i].split("\n") for i in told[1:]), fillvalue=""):
            cells = [
                f"read by {cell}"
                if heads[i] == "judge"
                else cell
                if heads[i] in left
                else f"{cell} {heads[i]}"
                for i, cell in zip(told[1:], line, strict=True)
                if cell
            ]
            out.print("  " + ", ".join(cells), markup=False, soft_wrap=True)


def _to_the_minute(created: str) -> str:
    return created[:16].replace("T", " ")


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


def _judges(judges: list[dict[str, Any]], n_trials: int, short: Mapping[str, str]) -> tuple[str, ...]:
    """Names and the numbers of verdicts, missing ones and torn answers, a line each; of a crowd the first.

    A number of verdicts that is that of the trials says nothing, and is left out.
    """
    first, more = judges[:_JUDGES], judges[_JUDGES:]
    names = [short[judge["judge"]] for judge in first]
    read = [f"{judge['verdicts']:,}" if judge["verdicts"] != n_trials else "" for judge in first]
    missing = [f"{judge['missing']:,}" if judge["missing"] else "" for judge in first]
    if more:
        names.append(f"and {len(more):,} more")
        read.append(f"{sum(judge['verdicts'] for judge in more):,}")
    torn = [_torn(judge["answers"]) for judge in first]
    return tuple(map("\n".join, (names, read, missing, torn)))


def _evaluation(record: EvaluationRecord) -> dict[str, Any]:
    import json

    return {
        "evaluation": record.name,
        "kind": record.kind,
        "model": record.model,
        "judge": record.judge,
        "items": record.items,
        "missing": record.items - record.done,
        "created": _told(record.created),
        "settings": json.loads(record.settings),
    }


def _told(created: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created))


def _entry(store: Store, run: RunRecord) -> dict[str, Any]:
    from mien.runs.flaws import flaws
    from mien.runs.outcome import outcome

    return {
        "run": run.name,
        "model": run.model,
        "instrument": run.instrument,
        "design": run.design,
        "seed": run.seed,
        "created": _told(run.created),
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
