"""What a run would take, told beforehand and held against what it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mien
from mien.errors import UnknownName
from mien.materials.multiturn import Conversation
from mien.materials.protocols import load_protocol
from mien.materials.traits import load_traits
from mien.measurement.cost import Estimate, estimate
from mien.measurement.length import Length
from mien.measurement.run_plan import Materials, plan
from mien.testing import ScriptedServer, planted_scores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mien.measurement.calls import Progress
    from mien.measurement.run_plan import RunPlan

TRAITS = load_traits("classic-144").names[:12]


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(scores=planted_scores(TRAITS)) as running:
        yield running


def planned(server: ScriptedServer, **choices: Any) -> RunPlan:
    return laid_out(server.model, server.judge, **choices)


def laid_out(model: str, judge: str, rounds: int = 10, **materials: Any) -> RunPlan:
    return plan(
        model,
        judge,
        materials=Materials(**{"traits": TRAITS} | materials),
        length=Length(rounds=rounds),
    )


def test_a_user_who_is_a_model_is_asked_once_a_later_turn(server: ScriptedServer) -> None:
    scripted, written = (
        plan(
            server.model,
            server.judge,
            materials=Materials(traits=TRAITS),
            length=Length(rounds=10),
            conversation=Conversation(turns=3, pressure="drop", user=user),
        )
        for user in ("", server.model)
    )
    before, after = (estimate(one, priced(1.0, 1.0)) for one in (scripted, written))
    assert (before.calls, after.calls) == (360, 480)
    assert (before.generations, after.generations) == (180, 180)
    assert after.tokens_in > before.tokens_in + 120 * 400
    assert after.cost is not None
    assert after.cost == pytest.approx((after.tokens_in + after.tokens_out) / 1e6)


def priced(price_in: float | None, price_out: float | None) -> mien.Limits:
    return mien.Limits(price_in=price_in, price_out=price_out)


def test_calls_are_those_of_model_and_judge_and_none_is_made(server: ScriptedServer) -> None:
    server.reset_log()
    assert estimate(planned(server), mien.Limits()).calls == 120
    assert estimate(planned(server, rounds=1), mien.Limits()).calls == 12
    assert server.counts().requests == 0


def test_tokens_in_are_near_to_what_is_counted(server: ScriptedServer, tmp_path: Path) -> None:
    # The scripted model's answers are short: of the estimate, what is assumed of answers is taken away.
    found = estimate(planned(server), mien.Limits())
    reports: list[Progress] = []
    run = mien.measure(
        server.model,
        judge=server.judge,
        traits=TRAITS,
        rounds=10,
        store=tmp_path / "mien.db",
        on_progress=reports.append,
    )
    read = sum(len(row["response"]) for row in run.rows()) // 4
    expected = found.tokens_in - 60 * 400 + read
    counted = reports[-1].tally.tokens_in  # with the JSON around the messages
    assert 0.6 * counted < expected < counted


def test_what_the_store_has_is_left_out(server: ScriptedServer, tmp_path: Path) -> None:
    store, two_dollars = tmp_path / "mien.db", priced(1.0, 1.0)

    def found(rounds: int) -> Estimate:
        return estimate(planned(server, rounds=rounds), two_dollars, store=store)

    before = found(10)
    assert (before.calls, before.stored) == (120, 0)
    mien.measure(server.model, judge=server.judge, traits=TRAITS, rounds=4, store=store)
    partly, wholly = found(10), found(4)
    assert (partly.calls, partly.stored, partly.generations) == (72, 48, 36)
    assert partly.cost == pytest.approx(0.6 * (before.cost or 0.0), rel=1e-3)
    assert (wholly.calls, wholly.stored, wholly.cost, wholly.seconds) == (0, 48, 0, 0)


def test_time_is_that_of_the_busiest_endpoint(server: ScriptedServer) -> None:
    one_by_one = estimate(planned(server), mien.Limits(max_concurrency=4))
    assert one_by_one.seconds == pytest.approx((60 * 10 + 60 * 2) / 4)
    slowly = estimate(planned(server), mien.Limits(rpm=6))
    assert slowly.seconds == pytest.approx(120 * 10)
    here = estimate(plan("organism/v1", "organism/judge"), mien.Limits())
    assert here.seconds is None


def test_answers_are_taken_to_be_of_the_usual_length_or_the_limit(server: ScriptedServer) -> None:
    short, shorter, unlimited = (
        estimate(
            planned(server, protocol=load_protocol().override(sampling={"max_tokens": limit})), mien.Limits()
        )
        for limit in (100, 40, 100_000)
    )
    assert short.tokens_out - shorter.tokens_out == 60 * 60
    assert short.tokens_in - shorter.tokens_in == 60 * 60  # which the judge reads
    assert unlimited.tokens_out == 60 * (400 + 12)


def test_cost_follows_the_prices_given(server: ScriptedServer) -> None:
    nothing, first, second, both = (
        estimate(planned(server), priced(*prices)) for prices in ((0, 0), (3.0, 0), (None, 10.0), (3.0, 10.0))
    )
    assert nothing.cost == 0
    assert first.cost == pytest.approx(3e-6 * first.tokens_in)
    assert second.cost == pytest.approx(1e-5 * second.tokens_out)
    assert first.cost is not None
    assert second.cost is not None
    assert both.cost == pytest.approx(first.cost + second.cost)


def test_cost_follows_the_prices_that_an_endpoint_lists(server: ScriptedServer) -> None:
    assert estimate(planned(server), mien.Limits()).cost is None
    server.configure(prices=(3.0, 10.0))
    try:
        listed = estimate(planned(server), mien.Limits()).cost
    finally:
        server.configure(prices=None)
    assert listed is not None
    assert listed == pytest.approx(estimate(planned(server), priced(3.0, 10.0)).cost)


def test_cost_is_unknown_where_one_of_two_prices_is(server: ScriptedServer) -> None:
    with ScriptedServer(scores=planted_scores(TRAITS), prices=(1.0, 1.0)) as other:
        mixed = laid_out(other.model, server.judge, rounds=2)
        assert estimate(mixed, mien.Limits()).cost is None


def test_no_key_is_needed_for_an_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    found = estimate(laid_out("openai/m", "openai/j", rounds=2), mien.Limits())
    assert (found.calls, found.cost) == (24, None)
    assert found.tokens_in > 0


def test_an_endpoint_that_is_not_there_lists_no_prices() -> None:
    gone = "http://127.0.0.1:9/v1#m"  # the port of the discard service, where nobody listens
    assert estimate(laid_out(gone, gone, rounds=2), mien.Limits()).cost is None


def test_an_unknown_provider() -> None:
    with pytest.raises(UnknownName, match="no provider named 'opnai'; did you mean openai"):
        estimate(laid_out("opnai/m", "openai/j", rounds=2), mien.Limits())


def test_longer_texts_take_more_tokens(server: ScriptedServer) -> None:
    plain = estimate(planned(server), mien.Limits())
    described = estimate(
        planned(server, traits="classic-144", protocol=load_protocol().override(descriptions=True), rounds=1),
        mien.Limits(),
    )
    bare = estimate(planned(server, traits="classic-144", rounds=1), mien.Limits())
    instructed = estimate(planned(server, instrument="instructed"), mien.Limits())
    assert described.tokens_in > bare.tokens_in
    assert instructed.tokens_in < plain.tokens_in


def test_where_a_response_serves_five_trials_the_model_writes_a_fifth(server: ScriptedServer) -> None:
    unasked = planned(server, instrument="exhibited")
    found = estimate(unasked, mien.Limits())
    assert (found.generations, found.calls) == (12, 72)
    assert estimate(planned(server), mien.Limits()).generations == 60
