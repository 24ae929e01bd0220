"""Arena: people say which of two runs' responses they prefer, without knowing which is whose."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from mien.errors import MienError, UnknownName, UsageError
from mien.stats.agreement.win_rates import pleases, win_rates
from mien.store.browsing import answered_trials, count_asked
from mien.store.transcript import prompt_key, transcript
from mien.types import PREFERRED, TIE, Preference
from mien.viewer import preference_files
from mien.viewer.app import href
from mien.viewer.comparable import answered, by_prompts
from mien.viewer.labelling import person_name
from mien.viewer.pairing import Answered, Pair, left, paired

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping
    from typing import Literal

    from mien.stats.agreement.win_rates import WinRate
    from mien.store.records import RunRecord
    from mien.store.store import Store
    from mien.types import Side
    from mien.viewer.app import App

    Runs = tuple[RunRecord, RunRecord]


class _Pairs(NamedTuple):
    """The pairs of two runs by their keys, in the order in which everybody compares them."""

    by_key: dict[str, Pair]
    trials: frozenset[tuple[str, str]]


class _Arena:
    def __init__(self, app: App) -> None:
        self._app = app
        self._pairs_of: dict[tuple[object, ...], tuple[tuple[int, ...], _Pairs]] = {}

    def page(self, query: Mapping[str, str]) -> str:
        a, b = query.get("a", ""), query.get("b", "")
        with self._app.reading() as (store, db):
            known = answered(db, store.runs()[::-1])
            runs = _runs(store, query) if a and b and a != b else None
            shown = self._shown(store, db, runs, query) if runs else {}
            first = next((run for run in known if run.name == a), None)
            first, others = _offered(db, first, known)
        return self._app.html(
            "arena.html",
            title=f"Arena: {b} against {a}" if runs else "Arena",
            known=[run.name for run in known],
            others=others,
            runs=runs,
            a=a if runs else first,
            b=b or next(iter(others), ""),
            alike=bool(a) and a == b,
            person=person_name(query),
            trait=query.get("trait", ""),
            changed=self._changed(a, b) if runs else [],
            traits=_traits(runs) if runs else [],
            **shown,
        )

    def _shown(
        self, store: Store, db: sqlite3.Connection, runs: Runs, query: Mapping[str, str]
    ) -> dict[str, Any]:
        """What a page about two runs shows: the next pair, the last answer, and how it stands."""
        person, questions = person_name(query), _questions(runs, query)
        skipped = tuple(filter(None, query.get("skipped", "").split(",")))
        names, pairs = (runs[0].name, runs[1].name), self._pairs(db, runs)
        kept = list(store.people.preferences(runs[0].id, runs[1].id))
        own = {(p.trial_a, p.trial_b, p.question): p for p, _ in kept if p.person == person}
        done = {(a, b) for a, b, _ in own if all((a, b, question) in own for question in questions)}
        waiting = (p for p in pairs.by_key.values() if p.key not in skipped and p.trials not in done)
        pair = next(waiting, None) if person else None
        last, asked = pairs.by_key.get(query.get("last", "")), query.get("asked", "")
        return {
            "pair": pair,
            "sides": _sides(db, runs, pair, left(pair, names, person)) if pair else (),
            "question": next((q for q in questions if pair and (*pair.trials, q) not in own), ""),
            "about": next((t.description for run in runs for t in run.traits if t.name == questions[-1]), ""),
            "last": last,
            "asked": asked,
            "answer": own.get((*last.trials, asked)) if last else None,
            "before": query.get("before", ""),
            "skipped": skipped,
            "n_done": len(done & pairs.trials),
            "n_all": len(pairs.by_key),
            **_standing(kept),
        }

    def _pairs(self, db: sqlite3.Connection, runs: Runs) -> _Pairs:
        """The pairs that everybody compares; made anew once there are other responses."""
        state = tuple(count_asked(db, run.id) for run in runs)
        place = tuple((run.id, run.created) for run in runs)
        known = self._pairs_of.get(place)
        if known is None or known[0] != state:
            a, b = ([Answered(*row) for row in answered_trials(db, run.id)] for run in runs)
            found = paired((runs[0].name, runs[1].name), a, b)
            pairs = _Pairs({pair.key: pair for pair in found}, frozenset(pair.trials for pair in found))
            self._pairs_of[place] = known = state, pairs
        return known[1]

    def _changed(self, a: str, b: str) -> list[str]:
        """Traits that a diff says changed, by size; none where the runs have no diff."""
        try:
            found = self._app.profiles.diff(*(self._app.profiles.profile(name) for name in (a, b)))
        except MienError:
            return []
        rows = zip(found.names, found.delta.tolist(), found.changed.tolist(), strict=True)
        return [trait for trait, _, changed in sorted(rows, key=lambda row: -abs(row[1])) if changed]

    def answer(self, form: Mapping[str, Any]) -> str:
        """Keep a choice, pass a pair over, or take the last choice back."""
        members = {name: str(form.get(name, "")) for name in ("a", "b", "trait", "skipped")}
        person, chosen, question = person_name(form), str(form.get("chosen", "")), str(form.get("question"))
        members["person"] = person
        if not person:
            raise UsageError("say who chooses: every choice bears a person's name")
        with self._app.writing() as store:
            with self._app.reading() as (_, db):
                runs = _runs(store, members)
                pair = self._pairs(db, runs).by_key.get(str(form.get("pair", "")))
            if pair is None:
                raise UsageError("the runs have no such pair any more; load the page again")
            if chosen == "skip":
                members["skipped"] = f"{members['skipped']},{pair.key}".strip(",")
                return self._location(members)
            ids = (runs[0].id, runs[1].id)
            if chosen == "undo":
                store.people.delete_preference(*ids, pair.trials, question, person)
                return self._location(members)
            side = left(pair, (runs[0].name, runs[1].name), person)
            choices: dict[str, Side | Literal["tie"]] = {
                "1": side,
                "2": "b" if side == "a" else "a",
                TIE: TIE,
            }
            if chosen not in choices:
                raise UsageError(f"{chosen!r} is none of the answers")
            found = Preference(
                person=person,
                question=question,
                trial_a=pair.trial_a,
                trial_b=pair.trial_b,
                shown_left=side,
                chosen=choices[chosen],
            )
            if wrong := _problem(found, _traits(runs)):
                raise UsageError(wrong)
            earlier = _earlier(store, ids, found)
            members["before"] = next(
                (key for key, of in choices.items() if of == earlier and key != chosen), ""
            )
            store.people.put_preferences(*ids, [found])
        return self._location(members | {"last": pair.key, "asked": question})

    def _location(self, members: Mapping[str, str]) -> str:
        return href("/arena", **{name: value for name, value in members.items() if value})

    def export(self, suffix: str) -> web.RouteDef:
        """The choices between two runs as a file."""

        async def answer(request: web.Request) -> web.Response:
            with self._app.reading() as (store, _):
                runs = _runs(store, request.query)
                found = [p for p, _ in store.people.preferences(runs[0].id, runs[1].id)]
            text = preference_files.written(suffix, (runs[0].name, runs[1].name), found)
            return web.Response(
                text=text,
                content_type=preference_files.FORMATS[suffix],
                headers={"Content-Disposition": f'attachment; filename="preferences{suffix}"'},
            )

        return web.get(f"/preferences{suffix}", answer)

    def take_in(self, form: Mapping[str, Any]) -> str:
        """Take in choices from a file: all rows or none."""
        file = form.get("file")
        if not isinstance(file, web.FileField):
            raise UsageError("choose a file of preferences")
        with self._app.writing() as store, self._app.reading() as (_, db):
            runs = _runs(store, {side: str(form.get(side, "")) for side in ("a", "b")})
            traits = _traits(runs)

            def problem(found: Preference) -> str:
                return _problem(found, traits) or _mismatch(db, runs, found)

            names = (runs[0].name, runs[1].name)
            found = preference_files.read(file.file.read(), file.filename, names, problem)
            store.people.put_preferences(runs[0].id, runs[1].id, found)
        return self._location({"a": runs[0].name, "b": runs[1].name})


def _earlier(store: Store, runs: tuple[int, int], found: Preference) -> str | None:
    """What a person chose before where they choose again, as from another tab or the page before."""
    for known, _ in store.people.preferences(*runs):
        if replace(found, shown_left=known.shown_left, chosen=known.chosen) == known:
            return known.chosen
    return None


def _offered(
    db: sqlite3.Connection, first: RunRecord | None, known: list[RunRecord]
) -> tuple[str, list[str]]:
    """The first run, or where none is chosen the newest that can be compared, and what can be with it."""
    if first:
        return first.name, by_prompts(db, first, known)
    for newest in known:
        if partners := by_prompts(db, newest, known):
            first = next(run for run in known if run.name == partners[0])
            return first.name, by_prompts(db, first, known)
    return "", []


def _runs(store: Store, members: Mapping[str, str]) -> Runs:
    a, b = (store.run(members.get(side, "")) for side in ("a", "b"))
    if a.id == b.id:
        raise UsageError(f"choose two different runs: {a.name!r} has nothing to be told from")
    return a, b


def _traits(runs: Runs) -> list[str]:
    """What may be asked about: the traits of either run."""
    return sorted({trait.name for run in runs for trait in run.traits} - {PREFERRED})


def _questions(runs: Runs, query: Mapping[str, str]) -> list[str]:
    trait = query.get("trait", "")
    if trait and trait not in _traits(runs):
        raise UnknownName("trait of these runs", trait, _traits(runs))
    return [PREFERRED, trait] if trait else [PREFERRED]


def _standing(kept: list[tuple[Preference, str]]) -> dict[str, Any]:
    """How often the second run wins by question, and how often more of a trait was preferred."""
    choices, prompts = [found for found, _ in kept], [prompt for _, prompt in kept]
    rates: defaultdict[str, list[WinRate]] = defaultdict(list)
    for rate in win_rates(choices, prompts):
        rates[rate.question].append(rate)
    pleased = {trait: pleases(choices, prompts, trait) for trait in rates if trait != PREFERRED}
    return {"rates": rates, "pleases": {trait: share for trait, share in pleased.items() if share}}


def _sides(db: sqlite3.Connection, runs: Runs, pair: Pair, first: str) -> tuple[dict[str, Any], ...]:
    a, b = transcript(db, runs[0].id, pair.trial_a), transcript(db, runs[1].id, pair.trial_b)
    return (a, b) if first == "a" else (b, a)


def _problem(found: Preference, traits: Collection[str]) -> str:
    """What is wrong with a choice, or nothing."""
    if found.question != PREFERRED and found.question not in traits:
        return f"the question {found.question!r} is neither {PREFERRED!r} nor a trait of these runs"
    if found.shown_left not in ("a", "b"):
        return f"shown_left is {found.shown_left!r}, neither a nor b"
    if found.chosen not in ("a", "b", TIE):
        return f"chosen is {found.chosen!r}, none of a, b and {TIE}"
    return ""


def _mismatch(db: sqlite3.Connection, runs: Runs, found: Preference) -> str:
    prompts: set[str] = set()
    for run, trial in zip(runs, (found.trial_a, found.trial_b), strict=True):
        prompt = prompt_key(db, run.id, trial)
        if prompt is None:
            return f"run {run.name!r} has no trial {trial!r}"
        prompts.add(prompt)
    return "" if len(prompts) == 1 else f"{found.trial_a!r} and {found.trial_b!r} have different prompts"


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""
    arena = _Arena(app)
    return [
        app.get("/arena", arena.page),
        app.post("/arena", arena.answer),
        *map(arena.export, preference_files.FORMATS),
        app.post("/preferences", arena.take_in),
    ]
