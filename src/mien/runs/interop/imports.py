"""A comparison table that somebody brings, made into a run."""

from __future__ import annotations

from hashlib import blake2b
from itertools import zip_longest
from typing import TYPE_CHECKING

import msgspec

from mien.errors import InputError, RunConflict, UnknownName
from mien.runs.interop.tables import option_columns, read_table
from mien.runs.run import UNKNOWN_JUDGE, Run, store_path
from mien.stats.comparisons import comparisons_from
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def import_run(
    source: str | Path, name: str, *, store: str | Path | None = None, model: str | None = None
) -> Run:
    """Make a run of a comparison table.

    Args:
        source: the table, as `mien.runs.interop.tables.read_table` takes it.
        name: of the run to make.
        store: see `store_path`.
        model: take only this model's rows, where the table holds several.

    Raises:
        InputError: a row of the table cannot be used; or it holds several models or instruments, or a
            trial twice.
        RunConflict: there is a run of this name already.
    """
    table = read_table(source)
    if model is not None:
        if "model" not in table or model not in set(table["model"]):
            known = sorted(set(table["model"])) if "model" in table else []
            raise UnknownName("model in the table", model, known)
        table = table[table["model"] == model].reset_index(drop=True)
    single = {key: _single(table, key, str(source)) for key in ("model", "instrument", "judge")}
    judge = single["judge"] or UNKNOWN_JUDGE
    with Store(store_path(store)) as opened:
        if name in {run.name for run in opened.runs()}:
            raise RunConflict(f"there is a run named {name!r} already; choose another with --name")
        options: list[tuple[str, ...]] = [
            *table[option_columns(table.columns)].itertuples(index=False, name=None)
        ]
        ids = _trial_ids(table, str(source))
        if "prompt_id" in table:
            prompts = table["prompt_id"].tolist()
        else:  # a prompt a row, and none that another table shares
            prompts = comparisons_from(options, table["chosen"].tolist()).clusters
        run = opened.add_run(
            RunInfo(
                name=name,
                model=single["model"],
                instrument=single["instrument"] or "revealed",
                protocol=msgspec.json.encode({"name": "imported", "source": str(source)}).decode(),
                design="",
                seed=None,
                traits=tuple(map(Trait, sorted({trait for row in options for trait in row}))),
            ),
            (
                Trial(trial, 0, shown, Prompt(prompt, ""))
                for trial, shown, prompt in zip(ids, options, prompts, strict=True)
            ),
        )
        opened.add_judge(run.id, JudgeRecord(name=judge, model=judge, settings="{}"))
        responses = table.get("response", ())
        for trial, chosen, response in zip_longest(ids, table["chosen"], responses, fillvalue=""):
            if response:
                key = blake2b(f"import\n{name}\n{trial}\n{response}".encode(), digest_size=16).hexdigest()
                opened.put_call(Call(key=key, endpoint="import", model=single["model"], text=response))
                opened.put_response(run.id, trial, key)
            opened.put_verdict(run.id, Verdict(trial=trial, judge=judge, chosen=chosen))
    return Run(name, store_path(store))


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


def _trial_ids(table: pd.DataFrame, source: str) -> list[str]:
    if "trial_id" not in table:
        return [f"t{number}" for number in range(len(table))]
    twice = table["trial_id"].duplicated()
    if twice.any():
        row = int(twice.argmax())
        raise InputError(
            f"trial_id {table['trial_id'][row]!r} stands twice", source=source, where=f"row {row + 1}"
        )
    return table["trial_id"].tolist()
