"""Addresses of all kinds: whatever is asked, the app answers, and says what is wrong with it."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial, Verdict
from tests.processes import LIMIT
from tests.viewer.viewing import Viewer, viewing

if TYPE_CHECKING:
    from pathlib import Path

ADDRESSES = (
    *("/", "/profile", "/profile/figure", "/profile/figure.svg", "/transcripts", "/trial", "/diff"),
    *("/diff/figure", "/diff/figure.svg", "/label", "/labels.csv", "/arena", "/preferences.csv", "/none"),
)
MEMBERS = (
    *("run", "judge", "a", "b", "trait", "took", "verdict", "category", "disagreement", "finish", "words"),
    *("after", "id", "figure", "theme", "person", "sample", "skipped", "last", "question", "token"),
)
VALUES = st.one_of(
    st.sampled_from(["before", "after/now", "warm", "t1", "first", "random", "1", "-1", "9" * 30, '"', "*"]),
    st.text(max_size=12),
    st.sampled_from(["\0abc", "a\x1b[31m", "\u202e", "../..", "%", "//evil.example", "NEAR(a b)", "a AND"]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ADDRESSES), st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=4))
def test_no_address_makes_the_app_fail(viewer: Viewer, path: str, members: dict[str, str]) -> None:
    assert viewer.ask(f"{path}?{urlencode(members, errors='surrogatepass')}").status in {200, 400, 404}


@pytest.mark.parametrize(
    "address",
    [
        "/transcripts?run=before&words=%00abc",
        "/transcripts?run=%00",
        "/label?run=before&person=%00",
        "/?%00=%00",
    ],
)
def test_what_is_no_text_is_refused(viewer: Viewer, address: str) -> None:
    answer = viewer.ask(address)
    assert answer.status == 400
    assert "something that is no text" in answer.text


@pytest.mark.parametrize("address", ["/%ED%A0%80", "/%00", "/%1b%5B2J", "/%0d%0aSet-Cookie:%20a=b", "/%ff"])
def test_odd_addresses_lead_nowhere(viewer: Viewer, address: str) -> None:
    answer = viewer.ask(address)
    assert answer.status == 404
    assert not {"\x1b", "\x00"} & set(answer.text)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"--x\r\nbroken", {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"a=b", {"Content-Type": "multipart/form-data"}),
        (b"\xff\xfe=%ff&form_token=%00", {"Content-Type": "application/x-www-form-urlencoded"}),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded; charset=none-such"}),
    ],
)
def test_no_form_makes_the_app_fail(viewer: Viewer, body: bytes, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", viewer.port, timeout=LIMIT)
    for path in ("/label", "/labels", "/arena"):
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status in {400, 403, 404, 405}
    connection.close()


def hostile(path: Path) -> None:
    """A store of before names were held to what can be seen."""
    names = ("wa\x1b[31mrm", "blu\x00nt", "dr\u202ey", "=1+1")
    with Store(path) as store:
        run = store.add_run(
            RunInfo(
                name="r\x1bun",
                model="m\x9b",
                instrument="revealed",
                protocol="{}",
                design="d-1",
                seed=0,
                traits=tuple(map(Trait, names)),
            ),
            [
                Trial(
                    f"t{i}", 0, (names[i % 4], names[(i + 1 + i // 4 % 3) % 4]), Prompt(f"p{i % 12}\x1b", "?")
                )
                for i in range(48)
            ],
        )
        store.add_judge(run.id, JudgeRecord(name="j\x1b", model="j", settings="{}"))
        for row in store.rows(run.id, ""):
            trial = row.trial
            store.put_call(
                Call(key=trial.id, endpoint="e", model="m", text="a\x1b[31mb", request=b"{}", body=b"{}")
            )
            store.put_response(run.id, trial.id, trial.id)
            chosen = trial.options[int(trial.id[1:]) % 3 == 0]
            store.put_verdict(run.id, Verdict(trial=trial.id, judge="j\x1b", chosen=chosen))


def test_names_of_older_stores_act_nowhere(tmp_path: Path) -> None:
    hostile(tmp_path / "mien.db")
    run = quote("r\x1bun")
    with viewing(tmp_path / "mien.db") as viewer:
        for address in (
            *("/", f"/profile?run={run}", f"/profile/figure?run={run}", f"/profile/figure.svg?run={run}"),
            *(f"/transcripts?run={run}", f"/trial?run={run}&id=t1", f"/label?run={run}&person=Ana"),
            f"/diff/figure.svg?a={run}&b={run}",
        ):
            answer = viewer.ask(address)
            assert answer.status == 200, address
            assert not {"\x1b", "\x00", "\u202e", "\x9b"} & set(answer.text), address
        assert "wa␛[31mrm" in viewer.ask(f"/profile?run={run}").text
