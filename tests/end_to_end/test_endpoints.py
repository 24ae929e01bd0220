"""What real endpoints refuse, and how: what is sent to them after that, and when they are given up."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.recorded import Replies, Said, answer, needs_cases, recorded
from tests.processes import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.end_to_end.workplace import Workplace


@pytest.fixture(autouse=True)
def two_traits(place: Workplace) -> None:
    (place.folder / "two.txt").write_text("warm\nblunt\n")


def chosen(place: Workplace) -> list[str]:
    with closing(sqlite3.connect(f"file:{place.folder / 'mien.db'}?mode=ro", uri=True)) as db:
        return [row[0] for row in db.execute("SELECT chosen FROM verdict")]


# -- accounts and limits -------------------------------------------------------------------------------------


def after(n: int, said: Said) -> Any:
    """So many answers, and one reply from then on."""
    served = iter(range(n))
    return lambda _: answer("Glad you asked.") if next(served, None) is not None else said


QUOTA = {"error": {"message": "Top up: insufficient balance", "type": "insufficient_balance_error"}}


@pytest.mark.parametrize(
    "said",
    [
        Said(402, {"error": {"message": "Top up"}}),
        Said(429, QUOTA),
        *(
            pytest.param(name, marks=needs_cases)
            for name in ("quota_minimax", "quota_moonshot", "base_resp_error_in_200")
        ),
    ],
)
def test_a_spent_account_ends_the_run(place: Workplace, said: Said | str) -> None:
    said = recorded(said) if isinstance(said, str) else said
    with Replies(model=after(4, said)) as server:
        line = place.refused(*server.study("--max-concurrency", 1))
        assert "the account is spent, suspended or at its limit" in line
        assert "what was answered is kept, and the same command goes on" in line
        assert len(server.of("model")) == 5


def test_what_was_asked_when_the_account_is_spent_is_awaited_and_kept(place: Workplace) -> None:
    served, spent = iter(range(100)), threading.Event()

    def model(_: dict[str, Any]) -> Said:
        if next(served) == 3:
            spent.set()
            return Said(402, {"error": {"message": "Top up"}})
        assert spent.wait(LIMIT)
        return answer("Glad you asked.")

    with Replies(model=model) as server:
        line = place.refused(*server.study("--max-concurrency", 4))
        assert "the account is spent" in line
        # An answer may come before the refusal does, and let another request begin.
        assert 4 <= len(server.of("model")) <= 7
        # Whatever was answered is found again: but for the one that was refused, each trial was asked once.
        place.mien(*server.study())
        assert len(server.of("model")) == 60 + 1


@pytest.mark.parametrize("status", [503, 529])
def test_an_hour_is_not_waited_for(place: Workplace, status: int) -> None:
    said = Said(status, {"error": {"message": "maintenance"}}, {"Retry-After": "3600"})
    with Replies(model=lambda _: said) as server:
        assert "takes no requests for 60 minutes" in place.refused(*server.study())


@needs_cases
def test_a_recorded_hour(place: Workplace) -> None:
    with Replies(model=lambda _: recorded("retry_after_503_hour")) as server:
        assert "takes no requests for 60 minutes" in place.refused(*server.study())


def test_failures_that_differ_by_what_they_quote_end_the_run(place: Workplace) -> None:
    def quoting(asked: dict[str, Any]) -> Said:
        return Said(400, {"error": {"message": "I cannot take: " + asked["messages"][-1]["content"]}})

    with Replies(model=quoting) as server:
        assert "the first 20 calls all failed alike" in place.refused(*server.study("--max-concurrency", 4))
        assert len(server.asked) <= 24


def test_a_budget_counts_what_was_asked_in_vain(place: Workplace) -> None:
    with Replies(model=lambda _: Said(500, "oops")) as server:
        stopped = place.start(*server.study("--max-calls", 3, "--max-concurrency", 1))
        assert "the limit of 3 calls is reached" in stopped.communicate()[1]
        assert len(server.asked) == 3


# -- quirks -------------------------------------------------------------------------------------------------


def refusing(said: Said, takes: Callable[[dict[str, Any]], bool], answered: Said) -> Any:
    return lambda asked: answered if takes(asked) else said


def without_system(asked: dict[str, Any]) -> bool:
    return all(message["role"] != "system" for message in asked["messages"])


@pytest.mark.parametrize(
    "said",
    [
        Said(500, {"error": "Jinja Exception: System role not supported"}),
        pytest.param("no_system_role_400", marks=needs_cases),
    ],
)
def test_a_model_without_a_system_role_is_told_by_the_user(place: Workplace, said: Said | str) -> None:
    said = recorded(said) if isinstance(said, str) else said
    model = refusing(said, without_system, answer("Glad you asked."))
    judge = refusing(said, without_system, answer("<choice>warm</choice>"))
    with Replies(model, judge) as server:
        measured = place.mien(*server.study("--max-concurrency", 1))
        assert f"{server.url}#model: the system message is part of the user's" in measured.err
        assert len(server.asked) == 122  # one refusal each
        assert "ways of carrying yourself" in server.of("model")[-1]["messages"][0]["content"]
        shown = json.loads(place.mien("runs", "run", "--json").out)
        assert shown["adapted"] == {"the system message is part of the user's": 120}
        # The run goes on as it was, and another one knows.
        place.mien(*server.study())
        assert len(server.asked) == 122
        place.mien(*server.study("--seed", 1, "--name", "again"))
        assert all(map(without_system, server.asked[122:]))


def test_system_messages_are_merged_where_that_is_asked_for(place: Workplace) -> None:
    model = refusing(Said(500, "Internal Server Error"), without_system, answer("Glad you asked."))
    with Replies(model) as server:
        place.mien(*server.study("--system-role", "merge"))
        assert len(server.of("model")) == 60
        assert not any(map(without_system, server.of("judge")))
        protocol = json.loads(place.mien("runs", "run", "--json").out)["protocol"]
        assert protocol["sampling"]["system_role"] == "merge"
        assert "system_role" not in protocol["judge"]["sampling"]
        assert "keep" in place.refused(*server.study("--system-role", "drop"))


def test_parameters_that_are_refused_are_left_out_or_renamed(place: Workplace) -> None:
    def model(asked: dict[str, Any]) -> Said:
        if "max_tokens" in asked:
            return Said(400, {"error": {"message": "max_tokens is not supported; use max_completion_tokens"}})
        if "temperature" in asked:
            return Said(400, {"error": {"message": "temperature does not support 1.0 with this model"}})
        return answer("Glad you asked.")

    def judge(asked: dict[str, Any]) -> Said:
        if {"temperature", "top_p"} <= asked.keys():
            return Said(400, {"error": {"message": "temperature and top_p cannot both be given"}})
        return answer("<choice>warm</choice>")

    with Replies(model, judge) as server:
        measured = place.mien(*server.study("--max-concurrency", 1))
        assert len(server.of("model")) == 62
        assert "max_completion_tokens" in server.of("model")[-1]
        assert "temperature" in server.of("judge")[-1]
        assert "top_p is left out, since the endpoint takes it no other way" in measured.err


def test_a_value_that_is_out_of_range_is_named_with_its_setting(place: Workplace) -> None:
    said = Said(400, {"error": {"message": "temperature must be between 0 and 0.9"}})
    with Replies(model=lambda _: said) as server:
        line = place.refused(*server.study())
        assert "(temperature is set by sampling.temperature in the protocol or --temperature)" in line


def test_an_address_of_azure(place: Workplace) -> None:
    with Replies() as server:
        host = server.url.removesuffix("/v1")
        azure = f"{host}/openai/deployments/mine?api-version=2024-10-21#model"
        place.mien(*server.study()[:1], azure, *server.study()[2:], env={"MIEN_API_KEY": "k" * 32})
        path = "/openai/deployments/mine/chat/completions?api-version=2024-10-21"
        asked = [headers for headers, at in zip(server.headers, server.paths, strict=True) if at == path]
        assert len(asked) == 60
        assert all(h["api-key"] == "k" * 32 and "authorization" not in h for h in asked)
        assert b"kkkkkkkk" not in (place.folder / "mien.db").read_bytes()


# -- judges --------------------------------------------------------------------------------------------------


def without_schema(said: Said) -> Any:
    """A judge that says this where a schema is asked for, and answers in tags where none is."""
    return lambda asked: said if "response_format" in asked else answer("<choice>warm</choice>")


REFUSED = {"error": {"message": "response_format must be text or json_object", "type": "server_error"}}


@pytest.mark.parametrize(
    ("said", "most"),
    [
        (Said(500, REFUSED), 61),
        (Said(501, "no"), 61),
        (answer("I would say warm, on the whole."), 61),
        (answer(None, reasoning_content='{"choice": "warm"}'), 61),
        (answer('Sure!\n```json\n{"choice": "warm", "why": "kind"}\n```'), 60),
        (answer("- warm"), 60),
        (answer("**Warm**."), 60),
        pytest.param("schema_refused_500", 61, marks=needs_cases),
        pytest.param("schema_ignored_prose", 60, marks=needs_cases),
        pytest.param("schema_json_in_reasoning", 61, marks=needs_cases),
    ],
)
def test_a_judge_that_does_not_obey_a_schema_is_read_all_the_same(
    place: Workplace, said: Said | str, most: int
) -> None:
    said = recorded(said) if isinstance(said, str) else said
    with Replies(judge=without_schema(said)) as server:
        place.mien(*server.study())
        assert chosen(place) == ["warm"] * 60
        assert len(server.of("judge")) <= most
        # The store remembers: another run does not try again.
        tried = sum("response_format" in asked for asked in server.of("judge"))
        place.mien(*server.study("--seed", 1, "--name", "again"))
        assert most == 60 or sum("response_format" in asked for asked in server.of("judge")) == tried == 1


def test_a_judge_that_cannot_be_read_is_given_up_with_its_words(place: Workplace) -> None:
    with Replies(judge=lambda _: answer("As a language model I cannot judge.")) as server:
        line = place.refused(*server.study("--max-concurrency", 4))
        assert "none of the first 20 verdicts of this judge could be read" in line
        assert "“As a language model I cannot judge.”" in line
        assert len(server.of("judge")) <= 3 * 24


def test_a_judge_has_a_limit_unless_its_protocol_sets_one(place: Workplace) -> None:
    with Replies() as server:
        place.mien(*server.study())
        assert {asked["max_tokens"] for asked in server.of("judge")} == {8192}
        place.mien(*server.study())
        assert len(server.asked) == 120  # it is not in the keys
        (place.folder / "short.yaml").write_text("judge:\n  sampling:\n    max_tokens: 99\n")
        place.mien(*server.study("--protocol", "short.yaml", "--name", "short"))
        place.mien("judge", "run", "--judge", f"{server.url}#judge", "--as", "j", "--max-tokens", 77)
        place.mien(*server.study("--judge-max-tokens", 88, "--name", "shorter"))
        assert [asked["max_tokens"] for asked in server.of("judge")[60:]] == [99] * 60 + [77] * 60 + [88] * 60


SMALL = "This model's maximum context length is 4096 tokens. However, you requested 8700 tokens"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Unsupported parameter: max_tokens. Use max_completion_tokens instead.", "max_completion_tokens"),
        ("max_tokens is too large: 8192. This model supports at most 4096 completion tokens", ""),
        (SMALL, ""),
    ],
)
def test_a_judge_that_does_not_take_the_limit_is_asked_as_it_wants(
    place: Workplace, said: str, name: str
) -> None:
    def judge(asked: dict[str, Any]) -> Said:
        return Said(400, {"error": {"message": said}}) if "max_tokens" in asked else answer("warm")

    with Replies(judge=judge) as server:
        place.mien(*server.study("--max-concurrency", 1))
        assert chosen(place) == ["warm"] * 60
        asked = server.of("judge")
        assert len(asked) == 61
        assert {one for one in asked[-1] if one.startswith("max")} == ({name} if name else set())
        # The store remembers, and the model, which has a limit of its own, is asked with that.
        place.mien(*server.study("--seed", 1, "--name", "again"))
        assert sum("max_tokens" in asked for asked in server.of("judge")) == 1
        assert all("max_tokens" in asked for asked in server.of("model"))


def cut(content: str) -> Said:
    said = answer(content)
    return Said(body=said.body | {"choices": [said.body["choices"][0] | {"finish_reason": "length"}]})


def test_half_of_a_judges_reasoning_is_no_verdict(place: Workplace) -> None:
    served = iter(range(1000))

    def judge(_: dict[str, Any]) -> Said:
        return cut("Well, <choice>blunt</choice>? Hm") if next(served) < 3 else answer("warm")

    with Replies(judge=judge) as server:
        told = place.mien(*server.study("--max-concurrency", 1)).err
    assert sorted(chosen(place)) == ["unreadable"] + ["warm"] * 59
    assert "1 of 60 verdicts of" in told
    assert "could not be read: its answer was cut off at its longest" in told


def test_a_judge_whose_reasoning_never_ends_is_given_up_with_the_way_on(place: Workplace) -> None:
    with Replies(judge=lambda _: cut("<think>Warm or blunt? Warm, but")) as server:
        line = place.refused(*server.study("--max-concurrency", 4))
    assert "cut at 8,192 tokens, the limit where none is set" in line
    assert "judge.sampling.max_tokens in the protocol or --max-tokens of mien judge" in line


def test_a_protocol_turns_schemas_off(place: Workplace) -> None:
    (place.folder / "tags.yaml").write_text("judge:\n  json_schema: false\n")
    with Replies() as server:
        place.mien(*server.study("--protocol", "tags.yaml"))
        assert not any("response_format" in asked for asked in server.asked)
