"""Trial: all that is known of one presentation to the model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mien.errors import UsageError
from mien.formatting import visible
from mien.store.browsing import beside
from mien.store.excerpts import excerpts
from mien.store.filter import Filter
from mien.store.transcript import raw, shares, told, transcript, trial_at
from mien.store.words import parted, phrase
from mien.viewer.app import href
from mien.viewer.asked import read_filter
from mien.viewer.differences import differences
from mien.viewer.labelling import person_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web
    from multidict import MultiMapping

    from mien.viewer.app import App
    from mien.viewer.differences import Piece

LONGEST_NOTE = 4000  # characters
_BESIDE = 3  # newest other runs that stand beside where none is named


def _differences(trial: Mapping[str, str], other: Mapping[str, str]) -> list[Piece]:
    """In which words another run's response differs; none where one of them has no response."""
    first, second = trial["response"], other["response"]
    return differences(first, second) if first and second else []


def _sought(trial: Mapping[str, str], wanted: Filter) -> str:
    """What the words of a filter find in a trial, as JSON: each with whether it may stand within a word."""
    texts = (trial["prompt"], trial["response"])
    shown = excerpts([texts], phrase(wanted.words), (len(texts[0]) + 1, len(texts[1]) + 1))[0]
    found = sorted({visible(piece) for part in shown for piece, hit in part.pieces if hit})
    return json.dumps([(piece, parted(piece) != piece) for piece in found], ensure_ascii=False)


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""

    def page(query: MultiMapping[str]) -> str:
        differ, person = bool(query.get("differ")), person_name(query)
        with app.reading(search=True) as (store, db):
            run, wanted, _ = read_filter(store, query)
            found = transcript(db, run.id, query.get("id", ""))
            request, body = raw(db, found["call"])
            before, after = beside(db, run.id, wanted, found["number"])
            places = [None if n is None else trial_at(db, run.id, n) for n in (before, after)]
            sharing = {
                other.name: other.id
                for other in store.runs()[::-1]
                if other.id != run.id and shares(db, run.id, found["trial"], other.id)
            }
            asked = query.getall("beside", [])
            names = [name for name in sharing if name in asked] or [*sharing][:_BESIDE]
            others = [transcript(db, sharing[name], found["trial"]) for name in names]
        return app.html(
            "trial.html",
            title=f"Trial {found['number'] + 1} of {run.name}",
            trial=found,
            request=request,
            body=body,
            told=told(request),
            wanted=wanted,
            before=before,
            sought=_sought(found, wanted),
            places=places,
            others=[(other, _differences(found, other) if differ else None) for other in others],
            sharing=[*sharing],
            shown=names,
            person=person,
            own=next((of for of in found["notes"] if of[0] == person), (person, 0, "", 0.0)),
            longest_note=LONGEST_NOTE,
            kept={
                **({"person": person} if person else {}),
                "beside": names if asked else [],
                "differ": ["1"] if differ else [],
            },
            differ=differ,
        )

    def note(form: MultiMapping[Any]) -> str:
        return _noted(app, form)

    return [app.get("/trial", page), app.post("/trial/note", note)]


def _noted(app: App, form: MultiMapping[Any]) -> str:
    """Keep a star or a note; where its trial is."""
    wanted, trial, person = Filter.read(form), str(form.get("id", "")), person_name(form)
    if not person:
        raise UsageError("say who notes this: every note bears a person's name")
    with app.writing() as store:
        run = store.run(wanted.run)
        with app.reading() as (_, db):
            transcript(db, run.id, trial)  # which says where there is none
        if (star := form.get("star")) is not None:
            store.people.star(run.id, trial, person, starred=star == "1")
        else:
            text = str(form.get("text", "")).replace("\r\n", "\n").strip()[:LONGEST_NOTE]
            store.people.note(run.id, trial, person, text)
    kept = {name: [*map(str, form.getall(name, []))] for name in ("beside", "differ")}
    return href("/trial", **wanted.link(id=trial, person=person, **kept)) + "#notes"
