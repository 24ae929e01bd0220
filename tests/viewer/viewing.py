"""A store of hostile responses, shown by a real `mien view`."""

from __future__ import annotations

import http.client
import os
import re
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial, Verdict
from tests.preloaded import preloaded
from tests.processes import LIMIT, running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.preloaded import Command


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
                RunInfo(
                    name=name,
                    model="m",
                    instrument="revealed",
                    protocol="{}",
                    design="d",
                    seed=0,
                    traits=tuple(Trait(name, f"shows that it is {name}") for name in TRAITS),
                ),
                [
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
    def __init__(self, address: str, process: Command | subprocess.Popen[str]) -> None:
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
def viewing(store: Path, *options: str, from_nothing: bool = False) -> Iterator[Viewer]:
    """The app on a store; forked from a process that has loaded its libraries, unless told otherwise."""
    command = ["view", "--store", str(store), "--port", "0", *options]
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    with (
        running([sys.executable, "-m", "mien.cli", *command], env=environment)
        if from_nothing
        else preloaded("mien.viewer.routes").start(command, folder=Path.cwd(), environment=environment)
    ) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield Viewer(line.split(" at ")[1].split()[0], process)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=LIMIT)[1]
        assert "Traceback" not in errors


PAGES = (
    "/",
    "/profile?run=before",
    "/transcripts?run=before",
    "/trial?run=before&id=t1",
    "/diff?a=before&b=after%2Fnow&trait=warm",
    "/manner?run=before",
    "/manner?a=before&b=after%2Fnow",
    "/label?run=before&person=Ana&sample=stratified",
    "/arena",
    "/arena?a=before&b=after%2Fnow&trait=warm&person=Ana",
)


def numbers(answer: Answer) -> list[int]:
    assert answer.status == 200
    return [int(n) for n in re.findall(r'<li value="(\d+)"', answer.text)]
