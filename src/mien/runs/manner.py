"""What can be counted in the responses of runs, as estimates that a diff, a gate and a figure take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from mien.errors import NotIdentified, UsageError
from mien.instruments.manner.arena import arena_counts
from mien.instruments.manner.features import Answer, measured, quantities
from mien.instruments.manner.languages import answer_language
from mien.stats.diffs.adjustment import adjusted
from mien.stats.estimates import Amount, Quantity, Share, means
from mien.stats.estimates.circumstances import Circumstances
from mien.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from mien.runs.run import Run
    from mien.stats.diffs.adjustment import Adjusted
    from mien.stats.estimates import Estimates
    from mien.types import Prompt

#: What is counted: mien's own features, per response or per 100 words, or those of the chatbot arena.
Counted = Literal["response", "words", "arena"]

_LEAST = 2  # prompts


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What was counted in a run's responses.

    Attributes:
        estimates: means over prompts, of the features that can be told of all runs that were looked at.
        absent: features that cannot, and of how many of the responses they can be told here.
        never: counts that are 0 in every response of every run: how rare they are is not known.
        table: what was counted, one row a response (`manner_table`).
        cut_off: those of them that the limit on their length cut off: their lengths are the limit's.
    """

    estimates: Estimates
    absent: dict[str, int]
    never: tuple[str, ...]
    table: pd.DataFrame = field(repr=False)
    cut_off: int

    @property
    def responses(self) -> int:
        """How many there were."""
        return len(self.table)


def manner_table(run: Run, counted: Counted = "response", *, most: int | None = None) -> pd.DataFrame:
    """One row a response: ``prompt_id``, its ``language``, and every feature; NaN where it cannot be told.

    Args:
        run: whose responses.
        counted: what.
        most: of the responses to look at, the first of the design; None for all.

    A response that serves several trials counts once. The language is the response's own, as far as it can
    be told, else the prompt's (`mien.instruments.manner.languages`).

    Raises:
        UsageError: the run has no responses.
    """
    import pandas as pd

    rows = [
        {"prompt_id": prompt.id, **features} for prompt, features in islice(_features(run, counted), most)
    ]
    if not rows:
        raise UsageError(f"run {run.name!r} holds no responses, of which something could be counted")
    return pd.DataFrame(rows)


def manner(runs: Sequence[Run], counted: Counted = "response", *, most: int | None = None) -> list[Manner]:
    """What is counted in the responses of each run, of the features that can be told of all.

    Args:
        runs: whose responses.
        counted: what.
        most: of each run's responses to look at, the first of the design; None for all.

    Raises:
        UsageError: a run has no responses.
        NotIdentified: no feature can be told of two prompts, or none is ever seen.
    """
    tables = [manner_table(run, counted, most=most) for run in runs]
    told = quantities(per_words=counted == "words") if counted != "arena" else _of_the_arena(tables)
    known = [one for one in told if all(_told(table, one.name) >= _LEAST for table in tables)]
    kept = [
        one for one in known if isinstance(one.unit, Share) or any(table[one.name].any() for table in tables)
    ]
    if not known:
        raise NotIdentified("the responses are to fewer than two prompts, which says nothing about manner")
    if not kept:
        raise NotIdentified(
            f"no response holds any of what is counted: {', '.join(one.name for one in known)}"
        )
    return [_manner(run, table, told, known, kept) for run, table in zip(runs, tables, strict=True)]


def at_equal_length(before: Manner, after: Manner, *, confidence_level: float = 0.95) -> list[Adjusted]:
    """The change of each feature, had the answers to each prompt as many words as before.

    Empty where the runs share too few prompts, or words were not counted; see
    `mien.stats.diffs.adjustment.adjusted`.
    """
    if "words" not in before.table:
        return []
    quantities = before.estimates.quantities
    return adjusted(before.table, after.table, quantities, held="words", confidence_level=confidence_level)


def _of_the_arena(tables: Sequence[pd.DataFrame]) -> tuple[Quantity, ...]:
    names = dict.fromkeys(name for table in tables for name in table.columns[2:])
    unit = {"tokens": Amount("tokens")}
    return tuple(Quantity(name, unit.get(name, Amount("a response"))) for name in names)


def _told(table: pd.DataFrame, name: str) -> int:
    """Prompts of which a feature can be told."""
    return int(table["prompt_id"][table[name].notna()].nunique()) if name in table else 0


def _manner(
    run: Run,
    table: pd.DataFrame,
    told: Sequence[Quantity],
    known: Sequence[Quantity],
    kept: Sequence[Quantity],
) -> Manner:
    with Store(run.path, read_only=True) as store:
        record = store.run(run.name)
        trials = store.trial_counts(record.id, "")
        answers = store.answers(record.id, "")
        cut = {(answer.message, answer.text) for answer in answers if answer.finish_reason == "length"}
    lacking = trials.failed + trials.unasked + trials.elsewhere
    made = Circumstances(designed=lacking + trials.read + trials.unread, missing=lacking)
    return Manner(
        estimates=replace(means(table, kept, label=run.name), made=made, noun="feature"),
        absent={one.name: int(table[one.name].notna().sum()) for one in told if one not in known},
        never=tuple(one.name for one in known if one not in kept),
        table=table,
        cut_off=min(len(cut), len(table)),
    )


def _features(run: Run, counted: Counted) -> Iterator[tuple[Prompt, dict[str, object]]]:
    seen: set[str] = set()
    with Store(run.path, read_only=True) as store:
        record = store.run(run.name)
        for row in store.rows(record.id, ""):
            if not row.response or (row.call and row.call in seen):
                continue
            seen.add(row.call)
            prompt = row.trial.prompt
            answer = Answer(
                row.response,
                prompt.text,
                answer_language(row.response, prompt.text, prompt.language),
                later=record.turn > 1,
            )
            features = (
                arena_counts(row.response)
                if counted == "arena"
                else measured(answer, per_words=counted == "words")
            )
            yield prompt, {"language": answer.language, **features}
