"""The arena through a real `mien view`: blind choices that last, what they add up to, and how they travel."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from mien.store.records import RunInfo
from mien.store.store import Store
from mien.types import PREFERRED, Call, Prompt, Trait, Trial
from tests.processes import LIMIT
from tests.viewer.viewing import HOSTILE, PLAIN, Answer, Viewer, make_store, viewing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = {"before": "apple", "after/now": "pear"}
N = 12
BOTH = {"a": "before", "b": "after/now"}


def make_pairs(path: Path, *, names: tuple[str, ...] = ("before", "after/now"), common: bool = True) -> None:
    """Runs whose responses a test can tell apart, and a reader cannot tell whose they are."""
    with Store(path) as store:
        for name in names:
            run = store.add_run(
                RunInfo(
                    name=name,
                    model="secret-model",
                    instrument="revealed",
                    protocol="{}",
                    design="d",
                    seed=0,
                    traits=(Trait("warm", "kind and close"), Trait("blunt")),
                ),
                [
                    Trial(f"t{i}", i, ("warm", "blunt"), Prompt(f"p{i}", f"Q{i}" + name * (not common)))
                    for i in range(N + 1)
                ],
            )
            for i in range(N):
                call = Call(key=f"{name}/{i}", endpoint="e", model="m", text=f"**{WORDS[name]}** {i}")
                store.put_call(call)
                store.put_response(run.id, f"t{i}", call.key)


class Arena:
    """One person at work."""

    def __init__(self, viewer: Viewer, person: str = "Ana", **members: str) -> None:
        self.viewer = viewer
        self.address = "/arena?" + urlencode(BOTH | members | {"person": person})
        self.text = viewer.ask(self.address).text

    def form(self, kind: str = "answers") -> dict[str, str]:
        form = re.search(
            rf'<form method="post" action="/arena" class="{kind}">(.*?)</form>', self.text, re.DOTALL
        )
        assert form, self.text
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[1]))

    def sides(self) -> list[str]:
        return re.findall(r'<div class="response" dir="auto">(.*?)</div>', self.text, re.DOTALL)

    def choose(self, chosen: str, **changed: str) -> Answer:
        form = self.form("undo" if chosen == "undo" else "answers") | {"chosen": chosen} | changed
        answer = self.viewer.ask("/arena", form)
        if answer.status == 303:
            self.text = self.viewer.ask(answer.headers["Location"]).text
        return answer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mien.db"
    make_pairs(path)
    return path


@pytest.fixture
def viewer(path: Path) -> Iterator[Viewer]:
    with viewing(path) as viewer:
        yield viewer


def kept(path: Path) -> list[tuple[str, str, str, str, str]]:
    with Store(path, read_only=True) as store:
        a, b = (store.run(name).id for name in ("before", "after/now"))
        return [
            (p.person, p.question, p.trial_a, p.shown_left, p.chosen)
            for p, _ in store.people.preferences(a, b)
        ]


def test_a_choice_is_kept_as_it_was_shown(viewer: Viewer, path: Path) -> None:
    arena = Arena(viewer)
    seen: dict[str, tuple[str, str]] = {}
    for chosen in ("1", "2", "tie") * (N // 3):
        one, two = ("a" if "apple" in side else "b" for side in arena.sides())
        trial = re.search(r"</strong> (\d+)", arena.sides()[0])
        assert trial
        assert {one, two} == {"a", "b"}
        seen[f"t{trial[1]}"] = one, {"1": one, "2": two, "tie": "tie"}[chosen]
        assert arena.choose(chosen).status == 303
    assert len(seen) == N
    assert {left for left, _ in seen.values()} == {"a", "b"}  # shuffled
    assert {trial: (left, chosen) for _, _, trial, left, chosen in kept(path)} == seen
    assert f"Ana has compared {N} of {N} pairs; nothing is left" in arena.text
    assert arena.choose("undo").status == 303
    assert len(kept(path)) == N - 1


def test_nothing_tells_whose_a_response_is_while_one_chooses(viewer: Viewer) -> None:
    arena = Arena(viewer, trait="warm")
    for chosen in ("1", "2", "1"):
        page = re.sub(r"<title>.*?</title>|<h1>.*?</h1>|<select.*?</select>", "", arena.text, flags=re.DOTALL)
        page = re.sub(r'<input type="hidden" name="[ab]" value="[^"]*">', "", page)
        shown, _, folded = page.partition("<details><summary>Win rates so far")
        assert folded
        assert "before" not in shown
        assert "after" not in shown
        assert "secret-model" not in page
        assert not re.search(r"\bt\d+\b", shown)  # nor which trial it is
        arena.choose(chosen)


def test_both_questions_are_asked_of_a_pair_and_the_last_answer_can_be_taken_back(
    viewer: Viewer, path: Path
) -> None:
    arena = Arena(viewer, trait="warm")
    assert "Which do you prefer?" in arena.text
    sides, pair = arena.sides(), arena.form()["pair"]
    arena.choose("1")
    assert re.search(r"Which is more <strong>warm</strong>\?.*kind and close", arena.text)
    assert (arena.sides(), arena.form()["pair"]) == (sides, pair)
    assert "You preferred <strong>response 1</strong>" in arena.text
    arena.choose("2")
    assert "You found <strong>response 2</strong> more warm" in arena.text
    assert "Which do you prefer?" in arena.text
    assert arena.form()["pair"] != pair
    assert [question for _, question, *_ in kept(path)] == [PREFERRED, "warm"]
    arena.choose("undo")
    assert "Which is more <strong>warm</strong>" in arena.text
    assert [question for _, question, *_ in kept(path)] == [PREFERRED]
    arena.choose("tie")
    arena.choose("skip")
    assert arena.form()["skipped"]
    assert Arena(viewer, "Bo", trait="warm").form()["pair"] == pair  # everybody's order is one


def test_a_second_choice_of_a_pair_is_said_to_replace_the_first(viewer: Viewer, path: Path) -> None:
    arena, other_tab = Arena(viewer), Arena(viewer)
    arena.choose("1")
    assert "replaces" not in arena.text
    other_tab.choose("2")
    said = "You preferred <strong>response 2</strong>; that replaces your earlier choice, response 1</span>"
    assert said in other_tab.text
    [(*_, left, chosen)] = kept(path)
    assert chosen != left
    other_tab = Arena(viewer)
    other_tab.choose("tie", pair=arena.form("undo")["pair"])
    assert "earlier choice, response 2" in other_tab.text
    assert [chosen for *_, chosen in kept(path)] == ["tie"]


def test_a_skipped_pair_does_not_come_back_until_asked_for(viewer: Viewer, path: Path) -> None:
    arena = Arena(viewer)
    passed = set()
    for _ in range(N):
        passed.add(arena.form()["pair"])
        arena.choose("skip")
    assert len(passed) == N
    assert "nothing is left but what you skipped" in arena.text
    again = re.search(r'<a href="([^"]+)">Look at that again', arena.text)
    assert again
    assert "Which do you prefer?" in viewer.ask(again[1].replace("&amp;", "&")).text
    assert kept(path) == []


def test_what_people_chose_adds_up(viewer: Viewer) -> None:
    for person in ("Ana", "Bo"):
        arena = Arena(viewer, person, trait="warm")
        for i in range(8):
            pear = "1" if "pear" in arena.sides()[0] else "2"
            arena.choose("tie" if i == 0 else pear)
            arena.choose(pear)
    page = viewer.ask("/arena?" + urlencode(BOTH)).text
    assert re.search(r"<strong>after/now was preferred in 94%</strong> of 16 choices", page)
    assert "found one response more warm, they preferred it in 94% of 16 choices" in page
    rows = re.findall(r"<td>(Ana|Bo|<strong>everybody</strong>)</td><td class=\"number\">(\d+%)</td>", page)
    assert [name for name, _ in rows] == ["<strong>everybody</strong>", "Ana", "Bo"] * 2
    assert [rate for _, rate in rows] == ["94%"] * 3 + ["100%"] * 3
    assert re.findall(r"<td>(\d+, \d+, \d+)</td>", page)[:2] == ["14, 2, 0", "7, 1, 0"]
    turned = viewer.ask("/arena?" + urlencode({"a": "after/now", "b": "before"})).text
    assert "before was preferred in 6%" in turned


def test_choices_survive_kill_9(path: Path) -> None:
    with pytest.raises(subprocess.SubprocessError), viewing(path) as viewer:
        arena = Arena(viewer)
        for _ in range(5):
            assert arena.choose("1").status == 303
        viewer.process.kill()
        viewer.process.wait(LIMIT)
        raise subprocess.SubprocessError
    assert len(kept(path)) == 5


def test_preferences_travel_as_csv_and_jsonl(path: Path, tmp_path: Path) -> None:
    with viewing(path) as viewer:
        arena = Arena(viewer, trait="warm")
        for chosen in "1", "2", "tie", "1":
            arena.choose(chosen)
        tables = {
            suffix: viewer.ask(f"/preferences{suffix}?{urlencode(BOTH)}") for suffix in (".csv", ".jsonl")
        }
        turned = viewer.ask("/preferences.csv?" + urlencode({"a": "after/now", "b": "before"})).text
    rows = [*csv.DictReader(io.StringIO(tables[".csv"].text))]
    assert [json.loads(line) for line in tables[".jsonl"].text.splitlines()] == rows
    assert tables[".jsonl"].headers["Content-Disposition"] == 'attachment; filename="preferences.jsonl"'
    assert [row["question"] for row in rows].count("warm") == 2
    before = kept(path)
    assert len(before) == len(rows) == 4
    files = {
        "p.csv": tables[".csv"].text,
        "p.jsonl": tables[".jsonl"].text,
        "turned.csv": turned,
        "without runs.csv": re.sub("before,after/now,|a,b,", "", tables[".csv"].text),
        "excel.csv": "\ufeff" + tables[".csv"].text + "other,runs,x,y,z,preferred,a,b\n",
    }
    other = tmp_path / "other.db"
    make_pairs(other)
    with viewing(other) as viewer:
        for name, text in files.items():
            assert take_in(viewer, text, name).status == 303, name
            assert kept(other) == before, name
            with Store(other) as store:
                for found, _ in [*store.people.preferences(1, 2)]:
                    trials = found.trial_a, found.trial_b
                    store.people.delete_preference(1, 2, trials, found.question, found.person)
            assert kept(other) == []


GOOD = "trial_a,trial_b,person,question,shown_left,chosen\nt0,t0,Ana,preferred,a,b\n"


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        (GOOD + "t1,t1,Ana,funny,a,b", "p.csv", "p.csv, row 2: the question 'funny' is neither"),
        (GOOD + "t1,t1,Ana,warm,left,b", "p.csv", "row 2: shown_left is 'left', neither a nor b"),
        (GOOD + "t1,t1,Ana,warm,a,right", "p.csv", "row 2: chosen is 'right', none of a, b and tie"),
        (GOOD + "t1,t1,,warm,a,b", "p.csv", "row 2: person is missing"),
        (GOOD + "t1,t1,Ana", "p.csv", "row 2: question is missing"),
        (GOOD + "t99,t1,Ana,warm,a,b", "p.csv", "row 2: run 'before' has no trial 't99'"),
        (GOOD + "t1,t2,Ana,warm,a,b", "p.csv", "row 2: 't1' and 't2' have different prompts"),
        (GOOD.replace("chosen", "choice"), "p.csv", "p.csv: lacks the column chosen"),
        (GOOD + '"t1', "p.csv", "p.csv, row 2: cannot be read as CSV"),
        ('{"trial_a": "t0"}', "p.jsonl", "p.jsonl, row 1: trial_b is missing"),
        ("[]", "p.jsonl", "p.jsonl: holds no preferences"),
        (GOOD, "p.txt", "p.txt: unknown format; preferences come as .csv, .jsonl"),
    ],
)
def test_a_table_with_a_mistake_is_not_taken_in(
    arena_viewer: Viewer, arena_path: Path, text: str, name: str, problem: str
) -> None:
    answer = take_in(arena_viewer, text, name)
    assert answer.status == 400
    assert problem in answer.text.replace("&#39;", "'")
    assert kept(arena_path) == []


@pytest.fixture(scope="module")
def arena_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("arena") / "mien.db"
    make_pairs(path)
    return path


@pytest.fixture(scope="module")
def arena_viewer(arena_path: Path) -> Iterator[Viewer]:
    with viewing(arena_path) as viewer:
        yield viewer


def take_in(viewer: Viewer, text: str, name: str) -> Answer:
    members = Arena(viewer).form()
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{members[k]}\r\n'
        for k in ("form_token", "a", "b")
    ]
    parts.append(
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n{text}\r\n--x--'
    )
    connection = http.client.HTTPConnection("127.0.0.1", viewer.port, timeout=LIMIT)
    connection.request(
        "POST", "/preferences", "".join(parts).encode(), {"Content-Type": "multipart/form-data; boundary=x"}
    )
    response = connection.getresponse()
    answer = Answer(response.status, response.read().decode(), {})
    connection.close()
    return answer


@pytest.mark.parametrize(
    ("members", "status", "problem"),
    [
        ({"a": "befor"}, 404, "did you mean before?"),
        ({"trait": "warmth"}, 404, "no trait of these runs named 'warmth'; did you mean warm?"),
        ({"b": "before"}, 200, "Choose two different runs"),
        ({"person": ""}, 200, "Type your name above to begin"),
    ],
)
def test_problems_stay_on_the_page(
    arena_viewer: Viewer, members: dict[str, str], status: int, problem: str
) -> None:
    answer = arena_viewer.ask("/arena?" + urlencode(BOTH | {"person": "Ana"} | members))
    assert answer.status == status
    assert problem in answer.text.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"person": " "}, "say who chooses"),
        ({"pair": "0"}, "no such pair any more"),
        ({"chosen": "a"}, "'a' is none of the answers"),
        ({"chosen": "3"}, "'3' is none of the answers"),
        ({"question": "funny"}, "the question 'funny' is neither"),
        ({"b": "before"}, "choose two different runs"),
    ],
)
def test_a_forged_choice_is_refused(
    arena_viewer: Viewer, arena_path: Path, changed: dict[str, str], problem: str
) -> None:
    answer = arena_viewer.ask("/arena", Arena(arena_viewer).form() | {"chosen": "1"} | changed)
    assert answer.status == 400
    assert problem in answer.text.replace("&#39;", "'")
    assert kept(arena_path) == []


def test_a_choice_from_elsewhere_is_refused(arena_viewer: Viewer, arena_path: Path) -> None:
    form = Arena(arena_viewer).form() | {"chosen": "1"}
    assert arena_viewer.ask("/arena", form | {"form_token": "guess"}).status == 403
    assert arena_viewer.ask("/arena", form, Origin="https://evil.example").status == 403
    assert arena_viewer.ask("/preferences", form, Origin="https://evil.example").status == 403
    assert kept(arena_path) == []


def test_an_empty_arena_says_what_to_do(tmp_path: Path) -> None:
    for names, said in (((), "the store has no run"), (("before",), "the store has one run")):
        path = tmp_path / f"{len(names)}.db"
        make_pairs(path, names=names)
        Store(path).close()
        with viewing(path) as viewer:
            page = viewer.ask("/arena").text
            assert said in page
            assert "mien measure MODEL --judge JUDGE --store" in page
    make_pairs(tmp_path / "apart.db", common=False)
    with viewing(tmp_path / "apart.db") as viewer:
        page = viewer.ask("/arena").text
        assert "Set side by side" in page
        page = viewer.ask("/arena?" + urlencode(BOTH | {"person": "Ana"})).text
        assert "These runs have no prompt that both answered" in page
        assert "--seed" in page


def test_a_store_shown_for_reading_shows_what_was_chosen_and_takes_nothing(path: Path) -> None:
    with viewing(path) as viewer:
        form = Arena(viewer).form() | {"chosen": "1"}
        Arena(viewer).choose("1")
    with viewing(path, "--read-only") as viewer:
        page = viewer.ask("/arena?" + urlencode(BOTH | {"person": "Ana"})).text
        assert "shown for reading alone" in page
        assert "of 1 choice (" in page
        assert 'method="post"' not in page
        assert viewer.ask("/arena", form).status == 403


def test_every_hostile_response_is_harmless_in_the_arena(tmp_path: Path) -> None:
    make_store(tmp_path / "mien.db")
    with viewing(tmp_path / "mien.db") as viewer:
        arena = Arena(viewer)
        for _ in range(len(HOSTILE) + 1):
            assert len(arena.sides()) == 2
            assert all("<" not in PLAIN.sub("", text) for text in arena.sides())
            assert arena.choose("skip").status == 303
        assert "nothing is left" in arena.text
        page = viewer.ask("/diff?" + urlencode(BOTH | {"trait": "warm"})).text
        assert '<a href="/arena?a=before&amp;b=after%2Fnow&amp;trait=warm">' in page


def test_the_trait_is_offered_first_where_a_diff_says_that_it_changed(tmp_path: Path) -> None:
    from mien.store.records import JudgeRecord
    from mien.types import Verdict

    path = tmp_path / "mien.db"
    names = [Trait(name) for name in ("warm", "blunt", "dry", "calm")]
    with Store(path) as store:
        for name in ("before", "after/now"):
            trials = [
                Trial(
                    f"t{i}",
                    i,
                    (names[i % 4].name, names[(i + 1 + i // 4 % 3) % 4].name),
                    Prompt(f"p{i}", f"Q{i}"),
                )
                for i in range(400)
            ]
            run = store.add_run(
                RunInfo(
                    name=name,
                    model="m",
                    instrument="revealed",
                    protocol="{}",
                    design="d",
                    seed=0,
                    traits=tuple(names),
                ),
                trials,
            )
            store.add_judge(run.id, JudgeRecord(name="j", model="j", settings="{}"))
            for i, trial in enumerate(trials):
                key = f"{name}/{i}"
                store.put_call(Call(key=key, endpoint="e", model="m", text=f"{name} {i}"))
                store.put_response(run.id, trial.id, key)
                chosen = trial.options[i * 7 % 13 % 2]
                if "warm" in trial.options and i % 10:
                    other = next(option for option in trial.options if option != "warm")
                    chosen = "warm" if name != "before" else other
                store.put_verdict(run.id, Verdict(trial=trial.id, judge="j", chosen=chosen))
    with viewing(path) as viewer:
        page = viewer.ask("/arena?" + urlencode(BOTH)).text
    changed = re.search(
        r'<optgroup label="Changed">(.*?)</optgroup>\s*<optgroup label="Others">(.*?)</optgroup>',
        page,
        re.DOTALL,
    )
    assert changed
    first, others = (re.findall(r"<option>(\w+)</option>", group) for group in changed.groups())
    assert first[0] == "warm"
    assert sorted(first + others) == ["blunt", "calm", "dry", "warm"]
