"""The web app through a real `mien view`: pages, who may ask, hostile responses, labels that last."""

from __future__ import annotations

import csv
import html
import http.client
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import pytest

from mien.store.records import JudgeRecord
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial, Verdict
from mien.viewer import App, Guard
from mien.viewer.markdown import LONGEST, rendered
from mien.viewer.pages import runs as runs_page
from tests.processes import LIMIT, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRAITS = ("warm", "blunt", "dry wit")
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![pixel](https://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "[click](https://evil.example/)",
    "<https://evil.example/auto>",
    "[a]: https://evil.example 'x'\n\n[a] ![a]",
    "<form action=https://evil.example><input name=form_token><button>ok</button></form>",
    "<style>body{display:none}</style><link rel=stylesheet href=//evil.example>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<iframe src=//evil.example></iframe><base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    '<div hx-get="/labels" hx-trigger="load" data-key="1" style="position:fixed">x</div>',
    "</div></main><h1>mien</h1>",
    "{{ 7 * 7 }}{% include 'page.html' %}",
    "```html\n<script>alert(1)</script>\n```",
    "`<img src=x>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.live\u0000<scr\u0000ipt>alert(1)</scr\u0000ipt>",
    "# one\n\n## two",
    "[" * 3000 + ">" * 3000 + "*" * 3000,
)
PLAIN = re.compile(
    r"</?(p|br|hr|strong|em|s|code|pre|blockquote|ul|ol|li|h[3-6]|table|thead|tbody|tr|th|td) ?/?>"
)


def make_store(path: Path) -> None:
    responses = ["Hello **there**, dear friend.", *HOSTILE]
    with Store(path) as store:
        for name in ("before", "after/now"):
            run = store.add_run(
                name=name,
                model="m",
                instrument="revealed",
                protocol="{}",
                design="d",
                seed=0,
                traits=tuple(map(Trait, TRAITS)),
                trials=[
                    Trial(
                        f"t{i}",
                        i,
                        (TRAITS[i % 3], TRAITS[(i + 1) % 3]),
                        Prompt(f"p{i}", f"Question {i}?", "chat" if i % 2 else "advice", "en"),
                    )
                    for i in range(len(responses) + 1)
                ],
            )
            for judge in ("first", "second"):
                store.add_judge(run.id, JudgeRecord(name=judge, model="j", settings="{}"))
            for i, text in enumerate(responses):
                key = f"{name}/{i}"
                store.put_call(
                    Call(key=key, endpoint="e", model="m", text=text, request=b'{"messages": []}', body=b"{}")
                )
                store.put_response(run.id, f"t{i}", key)
                for judge, turn in (("first", i // 3), ("second", i // 3 + (i == 4))):
                    chosen = TRAITS[(i + turn % 2) % 3]
                    store.put_verdict(run.id, Verdict(trial=f"t{i}", judge=judge, chosen=chosen))


class Answer(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]


class Viewer:
    def __init__(self, address: str, process: subprocess.Popen[str]) -> None:
        self.address, self.process = address, process
        self.port = int(address.split(":")[2].split("/", maxsplit=1)[0])

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        body = None if form is None else urlencode(form)
        if body is not None:
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection.request("GET" if form is None else "POST", path, body, headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.read().decode(), dict(response.getheaders()))
        connection.close()
        return answer

    def form_token(self) -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', self.ask("/label?run=before&person=Ana").text)
        assert found
        return found[1]

    def label(self, trial: str, chosen: str, person: str = "Ana", **headers: str) -> Answer:
        form = {"run": "before", "person": person, "trial": trial, "chosen": chosen, "sample": "random"}
        return self.ask("/label", form | {"form_token": self.form_token()}, **headers)


@contextmanager
def viewing(store: Path, *options: str) -> Iterator[Viewer]:
    command = [sys.executable, "-m", "mien.cli", "view", "--store", store, "--port", 0, *options]
    with running(command, env=os.environ | {"PYTHONWARNINGS": "error"}) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield Viewer(line.split(" at ")[1].split()[0], process)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=LIMIT)[1]
        assert "Traceback" not in errors


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("viewer") / "mien.db"
    make_store(path)
    return path


@pytest.fixture(scope="module")
def viewer(path: Path) -> Iterator[Viewer]:
    with viewing(path) as viewer:
        yield viewer


# -- responses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_only_plain_tags_without_attributes_come_of_a_response(text: str) -> None:
    shown = rendered(text)
    assert "<" not in PLAIN.sub("", shown)


def test_a_link_is_read_as_its_words_and_its_target() -> None:
    assert rendered("See [here](https://a.example/?b&c).") == (
        "<p>See here (https://a.example/?b&amp;c).</p>\n"
    )
    assert rendered("![x](y.png) **b**") == "<p>[image: x] (y.png) <strong>b</strong></p>\n"
    assert rendered("# one") == "<h3>one</h3>\n"


def test_a_very_long_response_is_shown_as_it_is() -> None:
    assert rendered("*<b>*" * LONGEST).startswith("<pre>*&lt;b&gt;*")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


# -- pages ---------------------------------------------------------------------------------------------------

PAGES = (
    "/",
    "/profile?run=before",
    "/transcripts?run=before",
    "/trial?run=before&id=t1",
    "/diff?a=before&b=after%2Fnow&trait=warm",
    "/label?run=before&person=Ana&sample=stratified",
    "/arena",
    "/arena?a=before&b=after%2Fnow&trait=warm&person=Ana",
)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_without_scripts_and_loads_nothing_foreign(viewer: Viewer, page: str) -> None:
    answer = viewer.ask(page)
    assert answer.status == 200
    assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    tags = Tags()
    tags.feed(answer.text)
    assert sum(tag == "h1" for tag, _ in tags.found) == 1
    for tag, attributes in tags.found:
        assert tag not in ("style", "iframe", "base")
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        loads = [attributes[name] or "" for name in ("src", "href", "action") if name in attributes]
        assert all(re.match("/(?!/)|#", address) for address in loads)
        assert tag != "script" or loads


def test_every_hostile_response_is_harmless_on_its_page(viewer: Viewer) -> None:
    for i in range(1, len(HOSTILE) + 1):
        answer = viewer.ask(f"/trial?run=before&id=t{i}")
        assert answer.status == 200
        shown = re.findall(r'<div class="response" dir="auto">(.*?)</div>', answer.text, re.DOTALL)
        assert len(shown) == 2  # here, and in the other run
        assert all("<" not in PLAIN.sub("", text) for text in shown)


def numbers(answer: Answer) -> list[int]:
    assert answer.status == 200
    return [int(n) for n in re.findall(r'<li value="(\d+)"', answer.text)]


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
    for _ in range(50):
        found = numbers(viewer.ask("/transcripts?run=before&words=dear+friend"))
        if found:
            break
    assert found == [1]
    assert numbers(viewer.ask("/transcripts?run=before&words=%22friend+dear%22")) == []
    assert numbers(viewer.ask("/transcripts?run=after%2Fnow&words=question+12")) == [13]
    assert viewer.ask("/transcripts?run=before&words=%22+OR+%2A+NEAR%28").status == 200


@pytest.mark.parametrize(
    ("page", "status", "problem"),
    [
        ("/nowhere", 404, "There is no page /nowhere."),
        ("/profile?run=befor", 404, "did you mean before?"),
        ("/trial?run=before&id=x", 400, "has no trial"),
        ("/transcripts?run=before&judge=x", 404, "no judge of run"),
        ("/label?run=before&sample=x", 400, "choose one of random, stratified, disagreement"),
    ],
)
def test_problems_stay_on_a_page(viewer: Viewer, page: str, status: int, problem: str) -> None:
    answer = viewer.ask(page)
    assert (answer.status, problem in answer.text) == (status, True)
    assert "Content-Security-Policy" in answer.headers


# -- who may ask ---------------------------------------------------------------------------------------------


def test_a_foreign_host_name_is_turned_away(viewer: Viewer) -> None:
    assert viewer.ask("/", Host="evil.example").status == 403
    assert viewer.ask("/static/style.css", Host=f"evil.example:{viewer.port}").status == 403
    assert viewer.ask("/", Host=f"localhost:{viewer.port}").status == 200


def test_a_form_from_elsewhere_writes_nothing(viewer: Viewer, path: Path) -> None:
    form = {"run": "before", "person": "Eve", "trial": "t0", "chosen": "warm"}
    assert viewer.ask("/label", form).status == 403
    assert viewer.ask("/label", form | {"form_token": "guess"}).status == 403
    assert viewer.label("t0", "warm", "Eve", Origin="https://evil.example").status == 403
    assert viewer.label("t0", "warm", "Eve", Origin="null").status == 403
    with Store(path, read_only=True) as store:
        assert "Eve" not in {person for _, person, _ in store.labels(1)}


def test_another_address_needs_the_token(path: Path) -> None:
    with viewing(path, "--host", "0.0.0.0", "--read-only") as viewer:
        token = viewer.address.split("?token=")[1]
        assert len(token) > 20
        assert viewer.ask("/").status == 403
        assert viewer.ask("/?token=guess").status == 403
        welcome = viewer.ask(f"/profile?run=before&token={token}")
        assert (welcome.status, welcome.headers["Location"]) == (303, "/profile?run=before")
        cookie = welcome.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert viewer.ask("/", Cookie=cookie.split(";")[0]).status == 200
        page = viewer.ask("/label?run=before&person=Ana", Cookie=cookie.split(";")[0])
        assert "shown for reading alone" in page.text
        refused = viewer.ask("/label", {"run": "before"}, Cookie=cookie.split(";")[0])
        assert refused.text == "This store is shown for reading alone."


# -- labels --------------------------------------------------------------------------------------------------


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
        assert [*store.labels(1)] == [(f"t{i}", "Ana", TRAITS[i % 3]) for i in range(6)]
    with viewing(path) as viewer:
        page = viewer.ask("/label?run=before").text
        assert re.search(r"Ana</th><td>first</td><td class=\"number\">", page)
        text = viewer.ask("/labels.csv?run=before").text
        rows = [*csv.DictReader(io.StringIO(text))]
        assert rows[5] == {"run": "before", "trial_id": "t5", "person": "Ana", "chosen": "dry wit"}
        assert take_in(viewer, text.replace("Ana", "Bo")).status == 303
        broken = take_in(viewer, text.replace("Ana", "Cy").replace("dry wit", "angry"))
        assert broken.status == 400
        assert "row 3: &#39;angry&#39; is none of the trial&#39;s options" in broken.text
    with Store(path, read_only=True) as store:
        assert sorted({person for _, person, _ in store.labels(1)}) == ["Ana", "Bo"]


def test_sigterm_ends_the_app_as_ctrl_c_does(path: Path) -> None:
    with viewing(path) as viewer:
        viewer.process.send_signal(signal.SIGTERM)
        assert viewer.process.wait(LIMIT) == 0
        assert viewer.process.stderr
        assert viewer.process.stderr.read() == "\nStopped.\n"


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


def test_live_progress_is_sent_as_it_comes(viewer: Viewer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", viewer.port, timeout=LIMIT)
    connection.request("GET", "/live")
    response = connection.getresponse()
    assert response.getheader("Content-Type") == "text/event-stream"
    assert response.readline() == b"event: runs\n"
    assert response.readline().startswith(b"data: ")
    connection.close()


def test_figures_lead_to_what_is_behind_them(viewer: Viewer) -> None:
    answer = viewer.ask("/profile/figure?run=before&theme=dark")
    figure = json.loads(answer.text)
    assert set(figure["links"]) == set(TRAITS)
    assert figure["links"]["dry wit"] == "/transcripts?run=before&judge=first&trait=dry+wit"
    assert "3 traits" in figure["title"]
    assert "vega/" in figure["spec"]["$schema"]  # compiled: the browser has no Vega-Lite
    assert "title" not in figure["spec"]
    light = json.loads(viewer.ask("/profile/figure?run=before").text)["spec"]
    assert light["background"] != figure["spec"]["background"]
    figure = json.loads(viewer.ask("/diff/figure?a=before&b=after%2Fnow&figure=slope").text)
    assert figure["links"]["warm"] == "/diff?a=before&b=after%2Fnow&figure=slope&trait=warm#trials"


def test_a_picture_is_there_without_scripts(viewer: Viewer) -> None:
    for page in ("/profile?run=before", "/diff?a=before&b=after%2Fnow&figure=slope"):
        source = re.search(r'<img loading="lazy" src="([^"]+)"', viewer.ask(page).text)
        assert source
        picture = viewer.ask(html.unescape(source[1]))
        assert picture.headers["Content-Type"].startswith("image/svg+xml")
        assert picture.text.startswith("<svg")
    assert viewer.ask("/profile/figure?run=before&figure=pie").status == 404


def test_what_a_killed_app_left_is_deleted_by_the_next(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with viewing(path) as alive:
        with pytest.raises(subprocess.SubprocessError), viewing(path) as killed:
            killed.process.kill()
            killed.process.wait(LIMIT)
            raise subprocess.SubprocessError
        folders = [*tmp_path.glob("mien-search-*")]
        assert len(folders) == 2
        for folder in folders:
            os.utime(folder, (0, 0))  # both are old; one has an owner
        with viewing(path):
            assert len([folder for folder in folders if folder.exists()]) == 1
        assert numbers(alive.ask("/transcripts?run=before&words=question+12")) == [13]
    assert [*tmp_path.glob("mien-search-*")] == []


def test_how_a_response_ended(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    ends = (("stop", ""), ("length", ""), ("stop", "HTTP 500"), ("", "no answer"), ("", ""), None)
    trials = [Trial(f"t{i}", 0, ("warm", "blunt"), Prompt(f"p{i}", "?", "", "")) for i in range(len(ends))]
    with Store(path) as store:
        run = store.add_run(
            name="before",
            model="m",
            instrument="revealed",
            protocol="{}",
            design="d",
            seed=0,
            traits=(Trait("warm"), Trait("blunt")),
            trials=trials,
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
        assert re.search(r'5 of 6.*?<td class="number">2</td>', viewer.ask("/").text, re.DOTALL)


def test_a_profile_follows_the_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    with viewing(path) as viewer:
        assert "22 chosen" in viewer.ask("/profile?run=before").text
        with Store(path) as store:
            last = len(HOSTILE) + 1
            trait = TRAITS[last % 3]
            store.put_verdict(store.run("before").id, Verdict(trial=f"t{last}", judge="first", chosen=trait))
        deadline = time.monotonic() + LIMIT
        # Where a fit takes long, the earlier one is shown once more.
        while "23 chosen" not in (page := viewer.ask("/profile?run=before").text):
            assert "Without 1 newer verdict;" in page
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert "newer verdict" not in page


def test_no_page_waits_for_a_sum(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_page, "_AT_ONCE", -1.0)
    app = App(path, Guard())
    try:
        page = runs_page._Runs(app).page({})
    finally:
        app.search.close()
    assert '<td class="number">…</td>' in page
