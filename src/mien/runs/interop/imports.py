"""A comparison table that somebody brings, made into a run."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from itertools import zip_longest
from typing import TYPE_CHECKING

import msgspec

from mien.errors import InputError, RunConflict, UnknownName
from mien.formatting import quoted
from mien.names import require_visible
from mien.runs.interop.tables import option_columns, read_table
from mien.runs.run import UNKNOWN_JUDGE, Run, store_path
from mien.stats.comparisons import comparisons_from
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import UNREADABLE, Call, Prompt, Trait, Trial, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pandas as pd

    from mien.store.records import RunRecord


def import_run(
    source: str | Path,
    name: str,
    *,
    store: str | Path | None = None,
    model: str | None = None,
    map_by: str = "",
    columns: Mapping[str, str] | None = None,
) -> Run:
    """Make a run of a comparison table.

    Args:
        source: the table, as `mien.runs.interop.tables.read_table` takes it.
        name: of the run to make.
        store: see `store_path`.
        model: take only this model's rows, where the table holds several.
        map_by: see `mien.runs.interop.tables.read_table`.
        columns: see there, too.

    Raises:
        InputError: a row of the table cannot be used; or it holds several models or instruments, or a trial
            twice by one judge.
        RunConflict: there is a run of this name already.
    """
    return import_table(read_table(source, map_by=map_by, columns=columns), str(source), name, store, model)


def import_table(
    table: pd.DataFrame, source: str, name: str, store: str | Path | None = None, model: str | None = None
) -> Run:
    """Make a run of a comparison table as `mien.runs.interop.tables.read_table` gives it.

    A trial may have verdicts of several judges: it is told by its ``trial_id``; without one, by its prompt
    and options.

    Raises:
        MienError: as `import_run`.
    """
    require_visible(name, "name of a run")
    if model is not None:
        if "model" not in table or model not in set(table["model"]):
            known = sorted(set(table["model"])) if "model" in table else []
            raise UnknownName("model in the table", model, known)
        table = table[table["model"] == model].reset_index(drop=True)
    single = {key: _single(table, key, source) for key in ("model", "instrument")}
    judges = [judge or UNKNOWN_JUDGE for judge in table.get("judge", [""] * len(table))]
    options: list[tuple[str, ...]] = [
        *table[option_columns(table.columns)].itertuples(index=False, name=None)
    ]
    ids = _trial_ids(table, options, judges, source)
    if "prompt_id" in table:
        prompts = table["prompt_id"].tolist()
    else:  # a prompt a row, and none that another table shares
        chosen = [verdict or UNREADABLE for verdict in table["chosen"]]
        prompts = comparisons_from(options, chosen).clusters
    trials = {
        trial: Trial(trial, 0, shown, Prompt(prompt, ""))
        for trial, shown, prompt in zip(reversed(ids), reversed(options), reversed(prompts), strict=True)
    }
    with Store(store_path(store)) as opened:
        if name in {run.name for run in opened.runs()}:
            raise RunConflict(f"there is a run named {name!r} already; choose another with --name")
        run = opened.add_run(
            RunInfo(
                name=name,
                model=single["model"],
                instrument=single["instrument"] or "revealed",
                protocol=msgspec.json.encode({"name": "imported", "source": source}).decode(),
                design="",
                seed=None,
                traits=tuple(map(Trait, sorted({trait for row in options for trait in row}))),
            ),
            (trials[trial] for trial in dict.fromkeys(ids)),
        )
        known = (JudgeRecord(name=judge, model=judge, settings="{}") for judge in dict.fromkeys(judges))
        opened.add_judge(run.id, *known)
        _put_rows(opened, run, table, ids, judges)
    return Run(name, store_path(store))


def _put_rows(store: Store, run: RunRecord, table: pd.DataFrame, ids: list[str], judges: list[str]) -> None:
    """Put the verdicts with their responses, and why trials without one have none."""
    responses, failures = table.get("response", ()), table.get("failure", ())
    rows = zip_longest(ids, judges, table["chosen"], responses, failures, fillvalue="")
    for trial, judge, chosen, response, failure in rows:
        text, lack = (response, "") if chosen else ("", failure)
        if text or lack:
            key = blake2b(f"import\n{run.name}\n{trial}\n{text or lack}".encode(), digest_size=16).hexdigest()
            store.put_call(Call(key=key, endpoint="import", model=run.model, text=text, failure=lack))
            store.put_response(run.id, trial, key)
        if chosen:
            store.put_verdict(run.id, Verdict(trial=trial, judge=judge, chosen=chosen))


def _single(table: pd.DataFrame, column: str, source: str) -> str:
    values: list[str] = sorted(set(table[column])) if column in table else []
    if len(values) > 1:
        hint = "; choose one with --model" if column == "model" else "; keep one of them"
        raise InputError(
            f"a run has one {column}; the table has {', '.join(values[:5])}{hint}",
            source=source,
            where=f"column {column}",
        )
    return values[0] if values else ""


def _trial_ids(
    table: pd.DataFrame, options: list[tuple[str, ...]], judges: list[str], source: str
) -> list[str]:
    prompts = table.get("prompt_id", [""] * len(table))
    if "trial_id" not in table:
        return _numbered(prompts, options, judges) if "prompt_id" in table else _rows(len(table))
    seen: dict[str, tuple[object, set[str]]] = {}
    for row, (trial, prompt, shown, judge) in enumerate(
        zip(table["trial_id"], prompts, options, judges, strict=True), 1
    ):
        what, readers = seen.setdefault(trial, ((prompt, shown), set()))
        if judge in readers:
            by = "" if judge == UNKNOWN_JUDGE else f" by judge {quoted(judge)}"
            raise InputError(f"trial_id {quoted(trial)} stands twice{by}", source=source, where=f"row {row}")
        if what != (prompt, shown):
            problem = f"trial_id {quoted(trial)} stands above with another prompt or other options"
            raise InputError(problem, source=source, where=f"row {row}")
        readers.add(judge)
    return table["trial_id"].tolist()


def _rows(n: int) -> list[str]:
    return [f"t{number}" for number in range(n)]


def _numbered(prompts: Iterable[str], options: list[tuple[str, ...]], judges: list[str]) -> list[str]:
    """Trials told by prompt and options: what a judge reads again is another trial, which others may read."""
    read = Counter[object]()
    places: dict[object, str] = {}
    ids: list[str] = []
    for prompt, shown, judge in zip(prompts, options, judges, strict=True):
        again = read[prompt, shown, judge]
        read[prompt, shown, judge] += 1
        ids.append(places.setdefault((prompt, shown, again), f"t{len(places)}"))
    return ids
