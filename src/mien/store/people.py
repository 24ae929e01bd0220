"""What people say of responses: what they read in one, which of two they prefer, and what they note of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mien.store.schema import explained, transaction
from mien.types import TIE, Preference

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_PUT_PREFERENCE = """
    INSERT OR REPLACE INTO preference
        (run_a, trial_a, run_b, trial_b, question, person, shown_left, chosen, created)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class Note(NamedTuple):
    """What a person has noted of a trial: whether it has their star, and a text; ``created`` is Unix time."""

    trial: str
    person: str
    star: bool
    text: str
    created: float


def noted(notes: Iterable[Note]) -> dict[str, dict[str, str]]:
    """Notes as the columns ``starred_by`` and ``notes`` of a table, by trial."""
    found: dict[str, dict[str, str]] = {}
    for note in notes:
        columns = found.setdefault(note.trial, {"starred_by": "", "notes": ""})
        if note.star:
            columns["starred_by"] += f"{'; ' * bool(columns['starred_by'])}{note.person}"
        if note.text:
            columns["notes"] += f"{chr(10) * bool(columns['notes'])}{note.person}: {note.text}"
    return found


class People:
    """Labels, preferences and notes in a store; `mien.store.store.Store.people` makes one.

    Args:
        db: the open store.
        path: its file, which errors name.
    """

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db, self.path = db, path

    def labels(self, run: int) -> Iterator[tuple[str, str, str]]:
        """What people read in a run's responses: trial, person, chosen; a row a label, in order of trials."""
        yield from self._select(
            """
            SELECT l.trial, l.person, l.chosen FROM label l JOIN trial t ON t.run = l.run AND t.id = l.trial
            WHERE l.run = ? ORDER BY t.number, l.person
            """,
            run,
        )

    def label(self, run: int, trial: str, person: str) -> str | None:
        """What a person read in a response, or None where they have not said."""
        query = "SELECT chosen FROM label WHERE run = ? AND trial = ? AND person = ?"
        return next((chosen for (chosen,) in self._select(query, run, trial, person)), None)

    def put_labels(self, run: int, labels: Iterable[tuple[str, str, str]]) -> None:
        """Keep labels (trial, person, chosen), all or none; each takes the place of the person's earlier one.

        They are committed once this returns.
        """
        now = time.time()
        with explained(self.path), transaction(self._db):
            self._db.executemany(
                "INSERT OR REPLACE INTO label (run, trial, person, chosen, created) VALUES (?, ?, ?, ?, ?)",
                ((run, *label, now) for label in labels),
            )

    def delete_label(self, run: int, trial: str, person: str) -> None:
        """Take back a label; nothing happens where there is none."""
        with explained(self.path):
            self._db.execute(
                "DELETE FROM label WHERE run = ? AND trial = ? AND person = ?", (run, trial, person)
            )

    def notes(self, run: int) -> Iterator[Note]:
        """What people have noted of a run's trials, in order of trials."""
        rows = self._select(
            """
            SELECT n.trial, n.person, n.star, n.text, n.created
            FROM note n JOIN trial t ON t.run = n.run AND t.id = n.trial
            WHERE n.run = ? ORDER BY t.number, n.person
            """,
            run,
        )
        for trial, person, star, *rest in rows:
            yield Note(trial, person, bool(star), *rest)

    def star(self, run: int, trial: str, person: str, *, starred: bool) -> None:
        """Give a trial a person's star, or take it away; it is committed once this returns."""
        self._note(run, trial, person, int(starred), None)

    def note(self, run: int, trial: str, person: str, text: str) -> None:
        """Keep a person's note of a trial in place of an earlier one; an empty one takes it away."""
        self._note(run, trial, person, None, text)

    def _note(self, run: int, trial: str, person: str, star: int | None, text: str | None) -> None:
        place = (run, trial, person)
        with explained(self.path), transaction(self._db):
            known = "SELECT star, text FROM note WHERE run = ? AND trial = ? AND person = ?"
            before = self._db.execute(known, place).fetchone() or (0, "")
            kept = (before[0] if star is None else star, before[1] if text is None else text)
            if any(kept):
                self._db.execute(
                    "INSERT OR REPLACE INTO note VALUES (?, ?, ?, ?, ?, ?)", (*place, *kept, time.time())
                )
            else:
                self._db.execute("DELETE FROM note WHERE run = ? AND trial = ? AND person = ?", place)

    def preferences(self, a: int, b: int) -> Iterator[tuple[Preference, str]]:
        """What people chose between two runs' responses, each with the key of its prompt, in order."""
        rows = self._select(
            """
            SELECT p.person, p.question, p.trial_a, p.trial_b, p.shown_left, p.chosen, t.prompt
            FROM preference p JOIN trial t ON t.run = p.run_a AND t.id = p.trial_a
            WHERE p.run_a = ? AND p.run_b = ? ORDER BY t.number, p.person, p.question
            """,
            min(a, b),
            max(a, b),
        )
        names = ("person", "question", "trial_a", "trial_b", "shown_left", "chosen")
        for *members, prompt in rows:
            found = Preference(**dict(zip(names, members, strict=True)))
            yield (found if a < b else _swapped(found)), prompt

    def put_preferences(self, a: int, b: int, preferences: Iterable[Preference]) -> None:
        """Keep what people chose, all or none; each takes the place of the person's earlier choice.

        They are committed once this returns.
        """
        now = time.time()
        # One order of the two runs: however they are asked for, a choice between them is one row.
        kept = (found if a < b else _swapped(found) for found in preferences)
        rows = (
            (min(a, b), k.trial_a, max(a, b), k.trial_b, k.question, k.person, k.shown_left, k.chosen, now)
            for k in kept
        )
        with explained(self.path), transaction(self._db):
            self._db.executemany(_PUT_PREFERENCE, rows)

    def delete_preference(self, a: int, b: int, trials: tuple[str, str], question: str, person: str) -> None:
        """Take back a choice; nothing happens where there is none."""
        first, second = sorted(zip((a, b), trials, strict=True))
        with explained(self.path):
            self._db.execute(
                "DELETE FROM preference WHERE run_a = ? AND trial_a = ? AND run_b = ? AND trial_b = ? "
                "AND question = ? AND person = ?",
                (*first, *second, question, person),
            )

    def _select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with explained(self.path):
            return self._db.execute(query, values).fetchall()


def _swapped(preference: Preference) -> Preference:
    """The same choice, the two runs named the other way round."""
    return replace(
        preference,
        trial_a=preference.trial_b,
        trial_b=preference.trial_a,
        shown_left="b" if preference.shown_left == "a" else "a",
        chosen=TIE if preference.chosen == TIE else "b" if preference.chosen == "a" else "a",
    )
