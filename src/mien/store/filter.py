"""Which trials of a run are looked at, in which order, and how an address says so."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from mien.store.search import RUN_STRIDE
from mien.store.words import phrase
from mien.types import NON_CHOICES

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Members of which a filter's choices can be counted, each with what a trial has of it, as SQL.
FACETS: Final = {
    "verdict": (
        f"iif(v.chosen IS NULL, 'none', iif(v.chosen IN ({', '.join(map(repr, NON_CHOICES))}), v.chosen, "
        "'chosen'))"
    ),
    "category": "p.category",
    "language": "p.language",
    "marked": (
        "(SELECT CASE max(star) WHEN 1 THEN 'starred' WHEN 0 THEN 'noted' ELSE '' END FROM note "
        "WHERE run = t.run AND trial = t.id)"
    ),
    # Calls that ended otherwise than they should have an index of their own: looking for it among all calls,
    # long responses and all, would take five times as long where there are few.
    "finish": (
        "coalesce((SELECT iif(failure <> '', 'failed', finish_reason) FROM call INDEXED BY call_incomplete "
        "WHERE key = t.call AND (finish_reason <> 'stop' OR failure <> '')), iif(t.call IS NULL, '', 'stop'))"
    ),
}
SORTS: Final = ("", "longest", "shortest")
_NON_CHOICES: Final = f"({', '.join(map(repr, NON_CHOICES))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which trials of a run to show; what is empty leaves all in. It stands in a page's address as it is.

    Attributes:
        trait: among the options.
        took: ``chosen`` or ``passed`` (over), of the trait.
        verdict: ``chosen`` (any option), ``neither``, ``tie``, ``refused``, ``unreadable`` or
            ``none``.
        disagreement: only trials that judges read differently.
        finish: why the response ended, such as ``length``; ``failed`` for trials without one.
        marked: ``starred`` by somebody, or ``noted`` without a star.
        words: to search for.
        sort: ``longest`` or ``shortest`` response first; empty for the order of the trials.
        after: number of the trial before the first.
        before: number of the trial after the last.
    """

    run: str = ""
    judge: str = ""
    trait: str = ""
    took: str = ""
    verdict: str = ""
    category: str = ""
    language: str = ""
    disagreement: str = ""
    finish: str = ""
    marked: str = ""
    words: str = ""
    sort: str = ""
    after: int = -1
    before: int = -1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filter:
        """The filter in an address; what stands for a number and is none is passed over."""
        members: dict[str, Any] = {f.name: query.get(f.name, "") for f in fields(cls)}
        for name in ("after", "before"):
            given = members[name]
            members[name] = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
        if members["sort"] not in SORTS:
            members["sort"] = ""
        return cls(**members)

    def link(self, **changed: object) -> dict[str, object]:
        """The filter's members that are set, to write an address with."""
        members = {f.name: getattr(self, f.name) for f in fields(self)} | changed
        return {name: value for name, value in members.items() if value not in ("", -1)}

    @property
    def all(self) -> Filter:
        """The same from the first trial on."""
        return replace(self, after=-1, before=-1)

    @property
    def chosen(self) -> dict[str, str]:
        """The members that can be counted and are set."""
        return {name: value for name in FACETS if (value := getattr(self, name))}


def asked_for(wanted: Filter, *, counted: bool = False) -> tuple[str, list[str], dict[str, object]]:
    """Tables, conditions and values of a query for the trials of run ``:run`` that a filter leaves in.

    Trials are ``t``, verdicts of ``:judge`` are ``v``, prompts are ``p``. ``search`` must be attached.

    Args:
        wanted: what to leave in, from the first trial on.
        counted: whether the members of `FACETS` are to be counted, so that they leave all in.
    """
    where, values = _conditions(wanted)
    chosen = {} if counted else wanted.chosen
    for name, value in chosen.items():
        # What a verdict itself says is quicker to compare than what kind it is.
        where.append(
            f"{'v.chosen' if value in NON_CHOICES and name == 'verdict' else FACETS[name]} = :{name}"
        )
    values |= chosen
    source = "trial t INDEXED BY trial_order"
    if query := phrase(wanted.words):
        source = f"search.document d CROSS JOIN {source} ON t.number = d.rowid - :run * {RUN_STRIDE}"
        where += [
            "d.document MATCH :query",
            f"d.rowid BETWEEN :run * {RUN_STRIDE} AND :run * {RUN_STRIDE} + {RUN_STRIDE - 1}",
        ]
        values["query"] = query
    if wanted.sort:
        extent = "search.extent e ON e.run = :run AND e.number = t.number"
        source = (
            f"{source} CROSS JOIN {extent}"
            if query
            else "search.extent e INDEXED BY extent_order CROSS JOIN trial t INDEXED BY trial_order "
            "ON t.number = e.number AND e.run = :run"
        )
    used = " ".join(where)
    if counted or "v." in used:
        source += " LEFT JOIN verdict v ON v.run = t.run AND v.judge = :judge AND v.trial = t.id"
    if counted or "p." in used:
        source += " CROSS JOIN prompt p ON p.key = t.prompt"
    return source, ["t.run = :run", *where], values


def _conditions(wanted: Filter) -> tuple[list[str], dict[str, object]]:
    where: list[str] = []
    values: dict[str, object] = {}
    if wanted.trait:
        where.append("instr(t.options, :quoted)")
        values["quoted"] = json.dumps(wanted.trait, ensure_ascii=False)
        if wanted.took == "chosen":
            where.append("v.chosen = :trait")
        elif wanted.took == "passed":
            where.append(f"v.chosen <> :trait AND v.chosen NOT IN {_NON_CHOICES}")
        values["trait"] = wanted.trait
    if wanted.disagreement:
        where.append(
            "EXISTS (SELECT 1 FROM judge j CROSS JOIN verdict o ON o.run = j.run AND o.judge = j.name "
            "AND o.trial = t.id WHERE j.run = t.run AND o.chosen <> v.chosen)"
        )
    return where, values
