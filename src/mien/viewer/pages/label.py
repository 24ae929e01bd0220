"""Label: people read responses themselves, without knowing what the judge read."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from mien.errors import InputError, UsageError
from mien.files.spreadsheet import quoted_cell
from mien.formatting import quoted
from mien.store.browsing import answered_trials, choices, count_asked
from mien.store.transcript import options_of, transcript, verdict_of
from mien.types import NEITHER, NON_CHOICES, REFUSED
from mien.viewer import uploads
from mien.viewer.app import href
from mien.viewer.labelling import SAMPLES, agreements, person_name, queue, shown_order

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from mien.store.records import RunRecord
    from mien.store.store import Store
    from mien.viewer.app import App

_COLUMNS = ("run", "trial_id", "person", "chosen")


class _Label:
    def __init__(self, app: App) -> None:
        self._app = app
        self._queues: dict[tuple[int, float, str], tuple[tuple[int, ...], list[str]]] = {}

    def page(self, query: Mapping[str, str]) -> str:
        person, sample = person_name(query), query.get("sample") or SAMPLES[0]
        if sample not in SAMPLES:
            raise UsageError(f"no sample named {sample!r}; choose one of {', '.join(SAMPLES)}")
        skipped = tuple(filter(None, query.get("skipped", "").split(",")))
        with self._app.reading() as (store, db):
            run = store.run(query.get("run", ""))
            people = _people(store, run)
            order = self._queue(store, db, run, sample)
            done = people.get(person, {})
            trial = next((t for t in order if t not in done and t not in skipped), None) if person else None
            found = transcript(db, run.id, trial) if trial else None
            last = query.get("last", "")
            answered = transcript(db, run.id, last) if last in done else None
            labelled = sorted({trial for labels in people.values() for trial in labels})
            options, judges = _read(store, db, run, labelled)
        return self._app.html(
            "label.html",
            title=f"Label {run.name}",
            run=run,
            person=person,
            sample=sample,
            samples=SAMPLES,
            skipped=skipped,
            trial=found,
            options=shown_order(found["trial"], found["options"]) if found else (),
            abouts={trait.name: trait.description for trait in run.traits},
            answered=answered,
            unkept=query.get("unkept", ""),
            n_done=sum(t in done for t in order),
            n_all=len(order),
            agreements=agreements(options, people, judges),
        )

    def prepare(self, name: str) -> None:
        """Draw every sample of a run."""
        with self._app.reading() as (store, db):
            run = store.run(name)
            for sample in SAMPLES:
                self._queue(store, db, run, sample)

    def _queue(self, store: Store, db: sqlite3.Connection, run: RunRecord, sample: str) -> list[str]:
        """What everybody labels, in order; made anew once there are other responses or verdicts."""
        names = [judge.name for judge in store.judges(run.id)]
        state = (count_asked(db, run.id), *(store.count_verdicts(run.id, name) for name in names))
        known, order = self._queues.get((run.id, run.created, sample), ((), []))
        if known != state:
            order = _drawn(db, run.id, sample, names)
            self._queues[run.id, run.created, sample] = state, order
        return order

    def answer(self, form: Mapping[str, Any]) -> str:
        """Keep a label, pass a trial over, or take the last label back."""
        person, trial, chosen = person_name(form), str(form.get("trial", "")), str(form.get("chosen", ""))
        place = {"run": str(form.get("run", "")), "person": person, "sample": str(form.get("sample", ""))}
        skipped = str(form.get("skipped", ""))
        if not person:
            raise UsageError("say who labels: every label bears a person's name")
        if chosen == "skip":
            return self._location(place | {"skipped": f"{skipped},{trial}".strip(",")})
        with self._app.writing() as store:
            run = store.run(place["run"])
            if chosen == "undo":
                store.people.delete_label(run.id, trial, person)
                return self._location(place | {"skipped": skipped})
            with self._app.reading() as (_, db):
                options = transcript(db, run.id, trial)["options"]
            if chosen not in (*options, NEITHER, REFUSED):
                raise UsageError(f"{chosen!r} is none of the options of trial {trial}")
            kept = store.people.label(run.id, trial, person)
            if kept is None:
                store.people.put_labels(run.id, [(trial, person, chosen)])
        unkept = chosen if kept not in (None, chosen) else ""
        return self._location(place | {"skipped": skipped, "last": trial, "unkept": unkept})

    def _location(self, members: Mapping[str, str]) -> str:
        return href("/label", **{name: value for name, value in members.items() if value})

    async def export(self, request: web.Request) -> web.Response:
        """The run's labels as CSV."""
        with self._app.reading() as (store, _):
            run = store.run(request.query.get("run", ""))
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(_COLUMNS)
            writer.writerows(map(quoted_cell, (run.name, *label)) for label in store.people.labels(run.id))
        headers = {"Content-Disposition": 'attachment; filename="labels.csv"'}
        return web.Response(text=text.getvalue(), content_type="text/csv", headers=headers)

    def take_in(self, form: Mapping[str, Any]) -> str:
        """Take in labels from a table: all rows or none."""
        file, name = form.get("file"), str(form.get("run", ""))
        if not isinstance(file, web.FileField):
            raise UsageError("choose a file of labels")
        rows = uploads.rows(file.file.read(), file.filename, needed=_COLUMNS[1:], what="labels")
        with self._app.writing() as store, self._app.reading() as (_, db):
            run = store.run(name)
            labels: list[tuple[str, str, str]] = []
            for number, row in rows:
                if (row.get("run") or name) != name:
                    continue
                trial, person, chosen = (row[column] for column in _COLUMNS[1:])
                try:
                    person = person_name({"person": person})
                    options = transcript(db, run.id, trial)["options"]
                except UsageError as error:
                    raise InputError(str(error), source=file.filename, where=f"row {number}") from None
                if not person or chosen not in (*options, *NON_CHOICES):
                    problem = (
                        f"{quoted(chosen)} is none of the trial's options" if person else "names no person"
                    )
                    raise InputError(problem, source=file.filename, where=f"row {number}")
                labels.append((trial, person, chosen))
            store.people.put_labels(run.id, labels)
        return self._location({"run": name})


def _drawn(db: sqlite3.Connection, run: int, sample: str, judges: Sequence[str]) -> list[str]:
    """The trials of a sample that have a response, in order; only the verdicts that it needs are read."""
    needed = {"random": (), "stratified": judges[:1], "disagreement": judges}[sample]
    verdicts = [choices(db, run, judge) for judge in needed]
    return queue(sample, (trial for trial, _, _ in answered_trials(db, run)), verdicts)


def _people(store: Store, run: RunRecord) -> dict[str, dict[str, str]]:
    people: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for trial, person, chosen in store.people.labels(run.id):
        people[person][trial] = chosen
    return people


def _read(
    store: Store, db: sqlite3.Connection, run: RunRecord, trials: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, dict[str, str]]]:
    """Options of some trials, and what each judge chose in them."""
    names = [judge.name for judge in store.judges(run.id)]
    options = {trial: options_of(db, run.id, trial) for trial in trials}
    read = {name: {trial: verdict_of(db, run.id, name, trial) for trial in trials} for name in names}
    judges = {name: {trial: found for trial, found in of.items() if found} for name, of in read.items()}
    return options, judges


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""
    label = _Label(app)
    app.profiles.ahead.append(label.prepare)
    return [
        app.get("/label", label.page),
        app.post("/label", label.answer),
        web.get("/labels.csv", label.export),
        app.post("/labels", label.take_in),
    ]
