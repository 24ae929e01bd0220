"""Labelling: blind until answered, and labels that last."""

from __future__ import annotations

import csv
import http.client
import io
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from mien.store.store import Store
from tests.processes import LIMIT
from tests.viewer.viewing import TRAITS, Answer, Viewer, make_store, viewing

if TYPE_CHECKING:
    from pathlib import Path


def test_labelling_is_blind_until_answered(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    with viewing(path) as viewer:
        page = viewer.ask("/label?run=before&person=Ana").text
        trial = re.search(r'name="trial" value="([^"]+)"', page)
        assert trial
        assert " read <strong>" not in page
        assert "organism" not in page
        done = viewer.label(trial[1], "neither", Origin=viewer.address.rstrip("/"))
        assert done.status == 303
        after = viewer.ask(done.headers["Location"]).text
        assert "You read <strong>neither</strong>; first read <strong>" in after
        assert viewer.label(trial[1], "angry").status == 400
        assert viewer.label("t0", "skip").headers["Location"].endswith("skipped=t0")
        assert viewer.label(trial[1], "undo").status == 303
        assert "No labels yet" in viewer.ask("/label?run=before&person=Ana").text


def test_a_trial_that_was_labelled_already_keeps_its_label(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    with viewing(path) as viewer:
        assert "unkept" not in viewer.label("t1", "neither").headers["Location"]
        assert "unkept" not in viewer.label("t1", "neither").headers["Location"]
        page = viewer.ask(viewer.label("t1", "refused").headers["Location"]).text
        assert "Ana had labelled this trial already, perhaps in another tab: <strong>refused</strong>" in page
        assert "You read <strong>neither</strong>" in page
        assert "unkept" not in viewer.label("t1", "refused", "Bo").headers["Location"]
        assert viewer.label("t1", "undo").status == 303
        assert "unkept" not in viewer.label("t1", "refused").headers["Location"]
        assert "shows that it is" in viewer.ask("/label?run=before&person=Ana").text
    with Store(path, read_only=True) as store:
        assert [*store.people.labels(1)] == [("t1", "Ana", "refused"), ("t1", "Bo", "refused")]


def test_labels_survive_kill_9_and_travel_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    with pytest.raises(subprocess.SubprocessError), viewing(path) as viewer:
        for i in range(6):
            assert viewer.label(f"t{i}", TRAITS[i % 3]).status == 303
        viewer.process.kill()
        viewer.process.wait(LIMIT)
        raise subprocess.SubprocessError
    with Store(path, read_only=True) as store:
        assert [*store.people.labels(1)] == [(f"t{i}", "Ana", TRAITS[i % 3]) for i in range(6)]
    with viewing(path) as viewer:
        page = viewer.ask("/label?run=before").text
        assert re.search(r"Ana</th><td class=\"words\">first</td><td class=\"number\">", page)
        text = viewer.ask("/labels.csv?run=before").text
        rows = [*csv.DictReader(io.StringIO(text))]
        assert rows[5] == {"run": "before", "trial_id": "t5", "person": "Ana", "chosen": "dry wit"}
        assert take_in(viewer, text.replace("Ana", "Bo")).status == 303
        assert take_in(viewer, text.replace("Ana", "  Eve  May ")).status == 303
        assert "Eve May</th>" in viewer.ask("/label?run=before").text
        unseen = take_in(viewer, text.replace("Ana", "Cy\0", 1))
        assert unseen.status == 400
        assert "row 1: the name of a person" in unseen.text
        assert take_in(viewer, text.replace("Ana", " ", 1)).status == 400
        assert take_in(viewer, text.replace("Ana", "Uma").replace(",", ";")).status == 303
        broken = take_in(viewer, text.replace("Ana", "Cy").replace("dry wit", "angry"))
        assert broken.status == 400
        assert "row 3: &#39;angry&#39; is none of the trial&#39;s options" in broken.text
    with Store(path, read_only=True) as store:
        assert sorted({person for _, person, _ in store.people.labels(1)}) == ["Ana", "Bo", "Eve May", "Uma"]


def take_in(viewer: Viewer, text: str) -> Answer:
    members = {"form_token": viewer.form_token(), "run": "before"}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in members.items()]
    parts.append(
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="l.csv"\r\n\r\n{text}\r\n--x--'
    )
    connection = http.client.HTTPConnection("127.0.0.1", viewer.port, timeout=LIMIT)
    connection.request("POST", "/labels", "".join(parts), {"Content-Type": "multipart/form-data; boundary=x"})
    response = connection.getresponse()
    answer = Answer(response.status, response.read().decode(), {})
    connection.close()
    return answer
