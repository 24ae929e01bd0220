"""A trial whose responses are hostile."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from mien.store.records import RunInfo
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial
from tests.viewer.viewing import HOSTILE, PLAIN, TRAITS, Viewer, make_store, numbers, viewing

if TYPE_CHECKING:
    from pathlib import Path


def test_two_runs_answers_are_set_beside_each_other_word_by_word(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    with Store(path) as store:
        later = store.add_run(
            RunInfo(
                name="later",
                model="m",
                instrument="revealed",
                protocol="{}",
                design="d",
                seed=0,
                traits=tuple(map(Trait, TRAITS)),
            ),
            [Trial("t0", 0, TRAITS[:2], Prompt("p0", "Question 0?", "advice", "en"))],
        )
        text = "Hello **there**, <b>dear</b> foe."
        store.put_call(Call(key="later/0", endpoint="e", model="m", text=text))
        store.put_response(later.id, "t0", "later/0")
    with viewing(path) as viewer:
        both = viewer.ask("/trial?run=before&id=t0").text
        assert both.count('class="response"') == 3  # more than two side by side
        one = viewer.ask("/trial?run=before&id=t0&beside=later&differ=1").text
        assert one.count('class="response"') == 1
        assert "<ins>&lt;b&gt;" in one
        assert "<del>" in one
        assert "<b>" not in one
        after = re.search(r'href="([^"]+)">Next', one)
        assert after
        assert "beside=later&amp;differ=1" in after[1]  # what stands beside stays there


def test_stars_and_notes_are_kept_shown_and_filtered_by(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    with viewing(path) as viewer:
        form = {
            "run": "before",
            "trait": "warm",
            "id": "t0",
            "person": "Ana",
            "form_token": viewer.form_token(),
        }
        answer = viewer.ask("/trial/note", form | {"star": "1", "text": "not looked at"})
        assert answer.headers["Location"] == "/trial?run=before&trait=warm&id=t0&person=Ana#notes"
        kept = viewer.ask("/trial/note", form | {"star": "1", "beside": "after/now", "differ": "1"})
        assert kept.headers["Location"].endswith("&person=Ana&beside=after%2Fnow&differ=1#notes")
        page = viewer.ask("/trial?run=before&id=t0&beside=after%2Fnow&differ=1").text
        assert (
            '<input type="hidden" name="beside" value="after/now"><input type="hidden" name="differ"' in page
        )
        assert viewer.ask("/trial/note", form | {"text": " <i>odd</i>\r\n=1+1 "}).status == 303
        assert viewer.ask("/trial/note", form | {"id": "t2", "person": "Ben", "text": "-"}).status == 303
        for wrong in ({"person": " "}, {"id": "t99"}, {"person": "a\u202e"}):
            assert viewer.ask("/trial/note", form | wrong | {"star": "1"}).status == 400
        shown = viewer.ask("/trial?run=before&id=t0&person=Ana").text
        assert "★ Starred" in shown
        assert "<br>&lt;i&gt;odd&lt;/i&gt;\n=1+1" in shown
        assert "person=Ana" in viewer.ask("/trial?run=before&id=t1&person=Ana").text  # and stays on the way
        assert numbers(viewer.ask("/transcripts?run=before&marked=starred")) == [1]
        assert numbers(viewer.ask("/transcripts?run=before&marked=noted")) == [3]
        chips = viewer.ask("/transcripts/chips?run=before").text
        assert '★ starred <span class="quiet">1</span>' in chips
        row = next(csv.DictReader(io.StringIO(viewer.ask("/transcripts.csv?run=before").text)))
        assert (row["starred_by"], row["notes"]) == ("Ana", "Ana: <i>odd</i>\n=1+1")
        assert viewer.ask("/trial/note", form | {"star": "0"}).status == 303
        assert numbers(viewer.ask("/transcripts?run=before&marked=starred")) == []
    with viewing(path, "--read-only") as viewer:
        assert "odd" in viewer.ask("/trial?run=before&id=t0").text
        assert "/trial/note" not in viewer.ask("/trial?run=before&id=t0").text
        assert viewer.ask("/trial/note", form | {"star": "1"}).status == 403


def test_every_hostile_response_is_harmless_on_its_page(viewer: Viewer) -> None:
    for i in range(1, len(HOSTILE) + 1):
        answer = viewer.ask(f"/trial?run=before&id=t{i}")
        assert answer.status == 200
        shown = re.findall(r'<div class="response" dir="auto">(.*?)</div>', answer.text, re.DOTALL)
        assert len(shown) == 2  # here, and in the other run
        assert all("<" not in PLAIN.sub("", text) for text in shown)
