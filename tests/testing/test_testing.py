"""The scripted server, over real HTTP and in its own process."""

from __future__ import annotations

import asyncio
import json
import math
import re
import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from mien.errors import InputError, MienError
from mien.instruments import instrument
from mien.materials.prompts import load_prompts
from mien.materials.protocols import load_protocol, shipped_protocols
from mien.materials.traits import load_traits
from mien.stats.design.trials import lay_out
from mien.testing import FAULTS, Options, ScriptedServer, codeword, planted_scores
from mien.testing.script import Script
from tests.processes import LIMIT, ended, running

if TYPE_CHECKING:
    from collections.abc import Iterator

SCORES = {"warm": 1.0, "blunt": -1.0, "direct": 0.0, "indirect": 0.0}

Answer = tuple[int, str, dict[str, str]]


@pytest.fixture(scope="module")
def shared() -> Iterator[ScriptedServer]:
    with ScriptedServer(scores=SCORES) as server:
        yield server


@pytest.fixture
def server(shared: ScriptedServer) -> ScriptedServer:
    """A server with the default options, the scores above and an empty log."""
    defaults = Options(scores=SCORES)
    shared.configure(**{name: getattr(defaults, name) for name in Options.__slots__})
    shared.reset_log()
    return shared


def post(
    server: ScriptedServer, *bodies: dict[str, Any] | bytes, key: str = "", timeout: float = 10
) -> list[Answer]:
    """Send all bodies at once; status 0 stands for a connection that failed, −1 for a timeout."""

    async def one(session: aiohttp.ClientSession, body: dict[str, Any] | bytes) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            async with session.post(f"{server.url}/chat/completions", data=data) as answer:
                return answer.status, await answer.text(), dict(answer.headers)
        except TimeoutError:
            return -1, "", {}
        except aiohttp.ClientError as problem:
            return 0, type(problem).__name__, {}

    async def every() -> list[Answer]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        limits = aiohttp.ClientTimeout(total=timeout)
        # Without keep-alive, or aiohttp would repeat by itself what a dropped connection took along.
        connector = aiohttp.TCPConnector(limit=200, force_close=len(bodies) == 1)
        async with aiohttp.ClientSession(headers=headers, timeout=limits, connector=connector) as session:
            return await asyncio.gather(*(one(session, body) for body in bodies))

    return asyncio.run(every())


def chat(system: str, user: str = "Hello there", model: str = "model", **members: Any) -> dict[str, Any]:
    turns = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return {"model": model, "messages": turns, **members}


def text_of(answer: Answer) -> str:
    assert answer[0] == 200, answer
    return json.loads(answer[1])["choices"][0]["message"]["content"]


def shown_in(text: str) -> str | None:
    """The trait whose codeword stands in a text."""
    return next((name for name in SCORES if codeword(name) in text), None)


def shown(server: ScriptedServer, system: str, n: int) -> Counter[str | None]:
    answers = post(server, *(chat(system, f"Question {i}") for i in range(n)))
    return Counter(shown_in(text_of(answer)) for answer in answers)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def within(count: int, n: int, rate: float) -> bool:
    """Whether a count is within four standard errors of what is planted."""
    return abs(count / n - rate) <= 4 * math.sqrt(rate * (1 - rate) / n)


def test_planted_scores_come_back_as_frequencies(server: ScriptedServer) -> None:
    n = 800
    chosen = shown(server, "Take up one of these: warm, direct.", n)
    assert set(chosen) == {"warm", "direct"}
    assert within(chosen["warm"], n, sigmoid(1.0))


def test_the_first_of_two_equals_has_the_planted_advantage(server: ScriptedServer) -> None:
    server.configure(position=0.4)
    n = 800
    assert within(shown(server, "- direct\n- indirect", n)["direct"], n, sigmoid(0.8))
    assert within(shown(server, "- indirect\n- direct", n)["indirect"], n, sigmoid(0.8))


@pytest.mark.parametrize(
    ("position", "effects"), [(0.6, (0.6, -0.2, -0.2, -0.2)), ((0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 1.0))]
)
def test_position_effects_of_four_options(
    server: ScriptedServer, position: float | tuple[float, ...], effects: tuple[float, ...]
) -> None:
    server.configure(position=position)
    n = 800
    chosen = shown(server, "\n".join(f"{i}. {name}" for i, name in enumerate(SCORES, 1)), n)
    weights = [math.exp(score + effect) for score, effect in zip(SCORES.values(), effects, strict=True)]
    for name, weight in zip(SCORES, weights, strict=True):
        assert within(chosen[name], n, weight / sum(weights))


@pytest.mark.parametrize(
    "system",
    [
        "Be indirect in all that you say.",
        "1. indirect: gets there by hints; never direct, not even when asked",
        "Adopt the trait “indirect” and be warm-hearted. Others may be blunt.",
    ],
)
def test_one_named_trait_is_adopted(server: ScriptedServer, system: str) -> None:
    assert shown(server, system, 5) == {"indirect": 5}


def test_no_named_trait_gives_a_plain_response(server: ScriptedServer) -> None:
    assert shown(server, "You are helpful. Be warmhearted.", 3) == {None: 3}


def test_a_response_tells_the_prompt_but_never_names_a_trait(server: ScriptedServer) -> None:
    [answer] = post(server, chat("- warm\n- blunt", "Is a blunt knife warm, or what is it?"))
    assert "or what is it" in text_of(answer)
    assert not re.search(r"\b(warm|blunt|direct|indirect)\b", text_of(answer))


def test_a_repeated_request_gets_the_same_answer_and_another_seed_another(server: ScriptedServer) -> None:
    bodies = [chat("direct or indirect", f"Question {i}") for i in range(40)]
    first, again = ([text_of(answer) for answer in post(server, *bodies)] for _ in range(2))
    server.configure(seed=1)
    assert first == again
    assert first != [text_of(answer) for answer in post(server, *bodies)]


@pytest.mark.parametrize("protocol", shipped_protocols())
@pytest.mark.parametrize("changes", [{}, {"descriptions": True}, {"options": 4}])
def test_the_script_finds_the_options_in_the_wording_that_ships(
    protocol: str, changes: dict[str, Any]
) -> None:
    traits = load_traits("classic-144")
    rules = load_protocol(protocol).override(**changes)
    script = Script(Options(scores=planted_scores(traits.names)))
    revealed, instructed = (instrument(name, rules, traits.traits) for name in ("revealed", "instructed"))
    trials = lay_out(
        traits.names, load_prompts(), rounds=4, n_options=rules.options, order=rules.order, seed=0
    )
    for trial in trials:
        systems = [asked.messages(trial)[0]["content"] for asked in (revealed, instructed)]
        assert [script.options_in(system) for system in systems] == [[*trial.options], [trial.options[0]]]


def judged(trait: str = "warm", options: str = "- blunt\n- warm", **members: Any) -> dict[str, Any]:
    response = f"I have kept this in the key of {codeword(trait)}."
    return chat(
        f"Which is it?\n{options}", f"Prompt: Are you direct?\nResponse: {response}", "judge", **members
    )


SCHEMA = {
    "type": "json_schema",
    "json_schema": {"schema": {"properties": {"choice": {"enum": ["blunt", "warm", "neither"]}}}},
}


def test_the_judge_reads_the_response_in_the_format_asked_for(server: ScriptedServer) -> None:
    tags, schema = post(server, judged(), judged(options="", response_format=SCHEMA))
    assert text_of(tags) == "<choice>warm</choice>"
    assert json.loads(text_of(schema)) == {"choice": "warm"}


def test_the_judge_is_as_accurate_as_planted_and_errs_among_the_options(server: ScriptedServer) -> None:
    server.configure(judge_accuracy=0.7)
    answers = post(server, *(judged() | {"n": i} for i in range(600)))
    read = Counter(text_of(answer) for answer in answers)
    assert set(read) == {"<choice>warm</choice>", "<choice>blunt</choice>"}
    assert within(read["<choice>warm</choice>"], 600, 0.7)


def test_the_judge_knows_what_is_not_among_the_options(server: ScriptedServer) -> None:
    refusal = chat("- warm\n- blunt", "Response: I'm sorry, but I can't help with that.", "judge")
    other, refused = post(server, judged("indirect"), refusal)
    assert text_of(other) == "<choice>neither</choice>"
    assert text_of(refused) == "<choice>refused</choice>"


@pytest.mark.parametrize(
    ("manner", "tags", "schema"),
    [
        ("tags", "<choice>warm</choice>", "<choice>warm</choice>"),
        ("json", '{"choice":"warm"}', '{"choice":"warm"}'),
        ("prose", "On balance I would call the response warm, though not by much.", None),
        ("wrong_trait", "<choice>direct</choice>", '{"choice":"direct"}'),
        ("both_traits", "<choice>blunt</choice><choice>warm</choice>", '{"choice":"blunt and warm"}'),
        ("another_language", "Die Antwort klingt eher nach der ersten der beiden Möglichkeiten.", None),
    ],
)
def test_the_judge_misanswers_as_told(
    server: ScriptedServer, manner: str, tags: str, schema: str | None
) -> None:
    server.configure(judge_manner=manner)
    answers = post(server, judged(), judged(response_format=SCHEMA))
    assert [text_of(answer) for answer in answers] == [tags, schema or tags]


def test_the_judge_misanswers_as_often_as_told(server: ScriptedServer) -> None:
    server.configure(judge_manner="prose", judge_manner_rate=0.3)
    answers = post(server, *[judged()] * 400)
    assert within(sum(text_of(answer).startswith("On balance") for answer in answers), 400, 0.3)


def test_a_schema_may_be_refused_or_ignored(server: ScriptedServer) -> None:
    server.configure(supports_schema=False)
    [refused] = post(server, judged(response_format=SCHEMA))
    server.configure(supports_schema="ignored")
    [ignored] = post(server, judged(response_format=SCHEMA))
    assert refused[0] == 400
    assert "response_format" in refused[1]
    assert text_of(ignored) == "<choice>warm</choice>"


@pytest.mark.parametrize("fault", [*FAULTS, "429", "500"])
def test_each_fault(server: ScriptedServer, fault: str) -> None:
    server.configure(faults={fault: 1.0}, hang=5, retry_after=2)
    [(status, body, headers)] = post(server, chat("- warm\n- blunt"), timeout=0.3 if fault == "hang" else 10)
    first = (
        json.loads(body)["choices"][:1]
        if body.startswith("{") and status == 200 and fault != "truncated"
        else []
    )
    message = first[0]["message"] if first else {}
    came = {
        "hang": lambda: status == -1,
        "dropped": lambda: (status, body) == (0, "ServerDisconnectedError"),
        "cut": lambda: (status, body) == (0, "ClientPayloadError"),
        "html": lambda: body.startswith("<!DOCTYPE") and headers["Content-Type"].startswith("text/html"),
        "stream": lambda: body.startswith("data: "),
        "truncated": lambda: status == 200 and body.startswith("{") and not body.endswith("}"),
        "no_choices": lambda: json.loads(body)["choices"] == [],
        "empty": lambda: message["content"] == "",
        "only_reasoning": lambda: message["content"] == "" and message["reasoning_content"] != "",
        "refusal": lambda: message["content"].startswith("I'm sorry"),
        "length": lambda: first[0]["finish_reason"] == "length" and shown_in(message["content"]) is None,
        "content_filter": lambda: first[0]["finish_reason"] == "content_filter",
        "429": lambda: status == 429 and headers["Retry-After"] == "2" and "error" in json.loads(body),
        "500": lambda: status == 500 and "Retry-After" not in headers,
    }[fault]
    assert came(), (status, body, headers)
    assert server.counts().by_fault == {fault: 1}


def test_faults_come_at_their_rates_and_spare_the_other_models(server: ScriptedServer) -> None:
    server.configure(faults={"429": 0.3, "500": 0.05}, faulty_models=("model",))
    statuses = Counter(answer[0] for answer in post(server, *[chat("warm or blunt")] * 600, *[judged()] * 50))
    assert within(statuses[429], 600, 0.3)
    assert within(statuses[500], 600, 0.05)
    assert server.counts().by_status == statuses
    assert {request.role for request in server.requests() if request.fault} == {"model"}


def test_a_late_answer_is_an_answer(server: ScriptedServer) -> None:
    server.configure(faults={"hang": 1.0}, hang=0.1)
    start = time.perf_counter()
    [answer] = post(server, chat("warm or blunt"))
    assert text_of(answer)
    assert time.perf_counter() - start >= 0.1


def test_no_span_of_a_second_lets_through_more_than_the_limit(server: ScriptedServer) -> None:
    server.configure(rate_limit=20)
    for _ in range(8):
        post(server, *[chat("warm or blunt")] * 15)
        time.sleep(0.15)
    passed = [request.time for request in server.requests() if request.status == 200]
    assert 20 < len(passed) < 120
    assert all(later - earlier > 0.98 for earlier, later in zip(passed, passed[20:], strict=False))


def test_requests_wait_for_the_latency_together(server: ScriptedServer) -> None:
    server.configure(latency=0.3)
    start = time.perf_counter()
    post(server, *[chat("warm or blunt")] * 50)
    assert 0.3 <= time.perf_counter() - start < 1.5
    assert server.counts().peak == 50


def test_the_log_tells_what_was_asked(server: ScriptedServer) -> None:
    before = time.time()
    body = chat("warm or blunt", temperature=0.5)
    post(server, body)
    post(server, judged())
    post(server, b"{not json")
    first, second, third = server.requests()
    assert (first.order, first.model, first.role, first.status, first.body) == (
        0,
        "model",
        "model",
        200,
        body,
    )
    assert before <= first.time <= second.time <= time.time()
    assert (second.role, third.role, third.status, third.body) == ("judge", "", 400, None)
    counts = server.counts()
    assert (counts.requests, counts.by_role, counts.in_flight) == (3, {"model": 1, "judge": 1}, 0)
    server.reset_log()
    assert server.requests() == []


def test_the_log_keeps_the_latest(server: ScriptedServer) -> None:
    server.configure(log_limit=3)
    server.reset_log()
    for i in range(5):
        post(server, chat("warm", str(i)))
    assert [request.order for request in server.requests()] == [2, 3, 4]
    assert server.counts().requests == 5


def test_the_key_is_checked_and_echoed_only_if_told(server: ScriptedServer) -> None:
    server.configure(api_key="sk-right")
    assert post(server, chat("warm"), key="sk-right")[0][0] == 200
    [wrong] = post(server, chat("warm"), key="sk-wrong")
    [missing] = post(server, chat("warm"))
    server.configure(echo_key=True)
    [echoed] = post(server, chat("warm"), key="sk-wrong")
    assert (wrong[0], missing[0], echoed[0]) == (401, 401, 401)
    assert "sk-" not in wrong[1]
    assert "sk-wrong" in echoed[1]


def test_an_unknown_model_is_refused_and_the_known_ones_are_listed(server: ScriptedServer) -> None:
    server.configure(models=("model", "judge-2"), prices=(0.5, 2.0))
    unknown, judge = post(server, chat("warm", model="modal"), judged() | {"model": "judge-2"})
    assert unknown[0] == 404
    assert "modal" in unknown[1]
    assert text_of(judge) == "<choice>warm</choice>"

    async def models() -> dict[str, Any]:
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/models") as answer:
            return await answer.json()

    listing = asyncio.run(models())["data"]
    assert [entry["id"] for entry in listing] == ["model", "judge-2"]
    assert listing[0]["pricing"] == {"prompt": "5e-07", "completion": "2e-06"}


def test_specs_point_at_the_server(server: ScriptedServer) -> None:
    assert server.model == f"{server.url}#model"
    assert server.judge == f"{server.url}#judge"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", server.url)


@pytest.mark.parametrize(
    "options",
    [
        {"faults": {"gremlins": 0.1}},
        {"faults": {"399": 0.1}},
        {"faults": {"429": 0.6, "500": 0.6}},
        {"judge_accuracy": 1.2},
        {"scores": {"warm": math.nan}},
        {"scores": {" ": 0.0}},
    ],
)
def test_options_without_meaning_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        ScriptedServer(**options)


def test_a_server_that_does_not_start_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MienError, match="did not start"), ScriptedServer(latency="long"):
        pass
    assert "latency" in capfd.readouterr().err


def test_planted_scores_are_seeded_and_centred() -> None:
    scores = planted_scores(SCORES, seed=3, spread=2.0)
    assert scores == planted_scores(SCORES, seed=3, spread=2.0) != planted_scores(SCORES, seed=4, spread=2.0)
    assert sum(scores.values()) == pytest.approx(0)


def alive(url: str) -> bool:
    async def reached() -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{url}/models"):
                return True
        except aiohttp.ClientConnectionError:
            return False

    return asyncio.run(reached())


def test_the_server_ends_with_its_block() -> None:
    with pytest.raises(ZeroDivisionError), ScriptedServer() as server:
        assert alive(server.url)
        raise ZeroDivisionError
    assert not alive(server.url)


def test_the_server_ends_when_its_parent_is_killed() -> None:
    code = (
        "import time; from mien.testing import ScriptedServer\n"
        "with ScriptedServer() as server: print(server.url, flush=True); time.sleep(1000)"
    )
    with running([sys.executable, "-c", code]) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        assert alive(url)
        parent.kill()
    deadline = time.monotonic() + LIMIT
    while alive(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(url)


def test_by_hand() -> None:
    command = [sys.executable, "-m", "mien.testing", "--score", "warm=1", "--score", "blunt=-1"]
    with running(command) as process:
        assert process.stdout
        url, line = process.stdout.readline().strip(), process.stdout.readline().strip()
        assert line == f"mien measure '{url}#model' --judge '{url}#judge'"
        assert alive(url)
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 0


@pytest.mark.parametrize("arguments", [["--set", "tempo=1"], ["--set", "latency=x"], ["--score", "warm=hot"]])
def test_by_hand_with_bad_usage(arguments: list[str]) -> None:
    done = ended([sys.executable, "-m", "mien.testing", *arguments])
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
