"""Transcripts, by filters and by words."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from mien.store.records import RunInfo
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial
from tests.processes import LIMIT
from tests.viewer.viewing import HOSTILE, TRAITS, Viewer, numbers, viewing

if TYPE_CHECKING:
    from pathlib import Path


def test_filters(viewer: Viewer) -> None:
    def ask(**members: str) -> list[int]:
        return numbers(viewer.ask("/transcripts?" + urlencode({"run": "before", **members})))

    n = len(HOSTILE) + 2
    assert ask() == [*range(1, n + 1)]
    warm = [i + 1 for i in range(n) if "warm" in (TRAITS[i % 3], TRAITS[(i + 1) % 3])]
    assert ask(trait="warm") == warm
    read = {i + 1: TRAITS[(i + i // 3 % 2) % 3] for i in range(n - 1)}
    assert ask(trait="warm", took="chosen") == [i for i, chosen in read.items() if chosen == "warm"]
    assert ask(trait="warm", took="passed") == [
        i for i, chosen in read.items() if chosen != "warm" and i in warm
    ]
    assert ask(verdict="none") == [n]
    assert ask(verdict="refused") == []
    assert ask(category="chat") == [i for i in range(1, n + 1) if i % 2 == 0]
    assert ask(language="de") == []
    assert ask(disagreement="1") == [5]
    assert ask(finish="failed") == []
    assert ask(after="3") == [*range(5, n + 1)]


def test_search(viewer: Viewer) -> None:
    deadline = time.monotonic() + LIMIT
    while not (found := numbers(viewer.ask("/transcripts?run=before&words=dear+friend"))):
        assert time.monotonic() < deadline  # the index is made while the app answers already
    assert found == [1]
    assert numbers(viewer.ask("/transcripts?run=before&words=%22friend+dear%22")) == []
    assert numbers(viewer.ask("/transcripts?run=after%2Fnow&words=question+12")) == [13]
    assert viewer.ask("/transcripts?run=before&words=%22+OR+%2A+NEAR%28").status == 200
    assert (
        "<mark>dear</mark> <mark>friend</mark>"
        in viewer.ask("/transcripts?run=before&words=dear+friend").text
    )
    # Hits among what would be markup, were it not escaped.
    shown = viewer.ask("/transcripts?run=before&words=script+alert").text
    assert "&lt;<mark>script</mark>&gt;<mark>alert</mark>(1)" in shown


def test_choices_are_counted_behind_the_page(viewer: Viewer) -> None:
    page = viewer.ask("/transcripts?run=before&category=chat").text
    found = re.search(r'hx-get="(/transcripts/chips[^"]+)"', page)
    assert found
    chips = viewer.ask(unescape(found[1])).text
    total = len(range(1, len(HOSTILE) + 2, 2))
    assert f"<strong>{total} trials</strong>" in chips
    here = re.search(
        r'<a class="chip" href="([^"]+)" aria-current="true">chat <span class="quiet">(\d+)', chips
    )
    assert here
    assert here[2] == str(total)
    assert len(numbers(viewer.ask(unescape(here[1])))) == len(HOSTILE) + 2  # it takes the choice back
    assert "advice" in chips  # the other choice, with its number
    assert "refused" not in chips  # no trial is like that


def test_a_filter_survives_a_trial_and_the_next(viewer: Viewer) -> None:
    page = viewer.ask("/transcripts?run=before&trait=warm&took=chosen").text
    first, second, *_ = (unescape(link) for link in re.findall(r'href="(/trial[^"]+)"', page))
    opened = viewer.ask(first).text
    assert "Previous" not in opened
    step = re.search(r'href="([^"]+)">Next', opened)
    assert step
    assert unescape(step[1]) == second
    back = re.search(r'href="([^"]+)">← Previous', viewer.ask(second).text)
    assert back
    assert unescape(back[1]) == first
    found = re.search(r'href="([^"]+)" data-key="l">Back to the list', viewer.ask(second).text)
    assert found
    n = numbers(viewer.ask("/transcripts?run=before&trait=warm&took=chosen"))
    assert numbers(viewer.ask(unescape(found[1]))) == n[1:]


def test_what_is_seen_is_downloaded(viewer: Viewer) -> None:
    page = viewer.ask("/transcripts?run=after%2Fnow&trait=warm&took=passed").text
    links = [unescape(link) for link in re.findall(r'href="(/transcripts\.[^"]+)"', page)]
    shown = [f"t{n - 1}" for n in numbers(viewer.ask("/transcripts?run=after%2Fnow&trait=warm&took=passed"))]
    as_csv, as_jsonl = (viewer.ask(link) for link in links)
    assert "attachment; filename*=UTF-8''after%2Fnow.csv" in as_csv.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(as_csv.text)))
    lines = [json.loads(line) for line in as_jsonl.text.splitlines()]
    assert [row["trial_id"] for row in rows] == [row["trial_id"] for row in lines] == shown
    assert all(row["chosen"] not in ("warm", "") for row in lines)
    everything = csv.DictReader(io.StringIO(viewer.ask("/transcripts.csv?run=before").text))
    table = {row["trial_id"]: row for row in everything}
    assert table[f"t{len(HOSTILE) + 1}"]["failure"] == "not asked"
    assert table["t1"]["response"] == HOSTILE[0]
    assert viewer.ask("/transcripts.csv?run=none").status == 404


def test_a_spreadsheet_reckons_with_nothing_that_is_downloaded(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    with Store(path) as store:
        info = RunInfo(
            name="r",
            model="m",
            instrument="revealed",
            protocol="{}",
            design="d",
            seed=0,
            traits=(Trait("warm"), Trait("blunt")),
        )
        run = store.add_run(info, [Trial("t", 0, ("warm", "blunt"), Prompt("p", "@SUM(1)", "", ""))])
        store.put_call(Call(key="k", endpoint="e", model="m", text="=1+1", finish_reason="stop"))
        store.put_response(run.id, "t", "k")
    with viewing(path) as viewer:
        row = next(csv.DictReader(io.StringIO(viewer.ask("/transcripts.csv?run=r").text)))
        assert (row["prompt"], row["response"]) == ("'@SUM(1)", "'=1+1")
        assert json.loads(viewer.ask("/transcripts.jsonl?run=r").text)["response"] == "=1+1"


def test_how_a_response_ended(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    ends = (("stop", ""), ("length", ""), ("stop", "HTTP 500"), ("", "no answer"), ("", ""), None)
    trials = [Trial(f"t{i}", 0, ("warm", "blunt"), Prompt(f"p{i}", "?", "", "")) for i in range(len(ends))]
    with Store(path) as store:
        run = store.add_run(
            RunInfo(
                name="before",
                model="m",
                instrument="revealed",
                protocol="{}",
                design="d",
                seed=0,
                traits=(Trait("warm"), Trait("blunt")),
            ),
            trials,
        )
        for i, end in enumerate(ends):
            if end:
                text = "" if end[1] else "Well."
                call = Call(
                    key=f"k{i}", endpoint="e", model="m", text=text, finish_reason=end[0], failure=end[1]
                )
                store.put_call(call)
                store.put_response(run.id, f"t{i}", call.key)
    with viewing(path) as viewer:
        found = {
            finish: numbers(viewer.ask(f"/transcripts?run=before&finish={finish}"))
            for finish in ("stop", "length", "failed", "")
        }
        assert found == {"stop": [1], "length": [2], "failed": [3, 4], "": [1, 2, 3, 4, 5, 6]}
        assert "0 of 3 labelled by Ana" in viewer.ask("/label?run=before&person=Ana").text
        assert re.search(r'5 of 6.*?data-head="failures">2</td>', viewer.ask("/").text, re.DOTALL)
