"""Samples are drawn from real endpoints and models, kept, and drawn no more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import RunConflict, UsageError
from mien.evals.diversity.diversity import Diversity, diversity, samples
from mien.evals.diversity.drawing import Drawing, draw, plan
from mien.evals.evaluation import Evaluation
from mien.measurement.session import Session
from mien.models.usage import Limits
from mien.store.store import Store
from mien.types import Prompt
from tests.evals.diversity.endpoint import Endpoint

if TYPE_CHECKING:
    from pathlib import Path

    from mien.measurement.calls import Progress

PROMPTS = tuple(Prompt(id=f"p{n}", text=f"Name a colour, {n}.") for n in range(4))


def carried_out(
    model: str, path: Path, *, name: str = "e", limits: Limits = Limits(), **drawing: Any
) -> Progress:
    settings: dict[str, Any] = {"samples": 6} | drawing
    how = Drawing(**settings)
    session = Session(path, limits=limits)
    return session.run(lambda: draw(plan(model, PROMPTS, how, name=name), session))


def told(path: Path, name: str = "e") -> Diversity:
    return diversity([Evaluation(name, path)])[0]


def values(found: Diversity) -> dict[str, float]:
    return dict(zip(found.estimates.names, found.estimates.values.tolist(), strict=True))


def test_an_endpoint_that_tells_all_has_its_planted_factor(tmp_path: Path):
    path = tmp_path / "mien.db"
    with Endpoint() as endpoint:
        assert carried_out(endpoint.model, path, limits=Limits(max_calls=10)).stopped
        whole = carried_out(endpoint.model, path)
        assert (whole.done, whole.failed, len(endpoint.asked)) == (4, 0, 24)  # nothing was asked twice
        assert {(body["top_p"], body["temperature"], body["top_logprobs"]) for body in endpoint.asked} == {
            (1.0, 1.0, 20)
        }
        carried_out(endpoint.model, path, samples=8)
        assert len(endpoint.asked) == 32
        with pytest.raises(RunConflict, match="with other max_tokens"):
            carried_out(endpoint.model, path, max_tokens=5)
    found = told(path)
    assert values(found)["bf"] == pytest.approx(4 ** (8 / 9))  # of nine steps, one is certain
    assert values(found)["bf_start"] == values(found)["bf_published"] ** (9 / 8) == pytest.approx(4)
    assert found.known == "top"
    assert found.factors[0].bounds == pytest.approx((4 ** (8 / 9), 4 ** (8 / 9)))
    assert found.stop_told
    assert found.each == 8
    assert found.absent == {}


def test_an_endpoint_is_asked_for_as_much_as_it_tells(tmp_path: Path):
    path = tmp_path / "mien.db"
    for name, wanted, asked in (("five", 5, 5), ("drawn", 0, None), ("none", None, None)):
        with Endpoint(tells=wanted, end=name != "five") as endpoint:
            progress = carried_out(endpoint.model, path, name=name)
            assert (progress.done, progress.failed) == (4, 0)
            assert endpoint.asked[-1].get("top_logprobs") == asked
            assert endpoint.asked[-1].get("logprobs") == (None if name == "none" else True)
    five, drawn, none = (told(path, name) for name in ("five", "drawn", "none"))
    assert values(five)["bf"] == pytest.approx(4)
    assert not five.stop_told
    assert (drawn.known, values(drawn)["bf"]) == ("drawn", pytest.approx(4 ** (8 / 9)))
    assert set(drawn.absent) == {"bf_published"}
    assert none.known is None
    assert none.absent["bf"] == "the endpoint tells no log-probabilities"
    together = diversity([Evaluation(name, path) for name in ("five", "none")])
    assert "bf" not in together[0].estimates.names  # only what is told of both
    assert together[0].estimates.names == together[1].estimates.names


def test_silence_and_other_settings_have_no_factor(tmp_path: Path):
    path = tmp_path / "mien.db"
    with Endpoint(silent=True) as endpoint:
        carried_out(endpoint.model, path, name="silent")
    with Endpoint() as endpoint:
        carried_out(endpoint.model, path, name="cooler", temperature=0.7)
    assert "tells no log-probabilities" in told(path, "silent").absent["bf"]
    assert "draw at temperature 1" in told(path, "cooler").absent["bf"]


def test_the_organism_tells_whole_distributions_and_what_ends_answers(tmp_path: Path):
    path = tmp_path / "mien.db"
    carried_out("organism/v1", path, samples=5, max_tokens=40)
    found = told(path)
    assert (found.known, found.stop_told, found.absent) == ("distribution", True, {})
    traces = [one for of in found.samples.traces.values() for one in of]
    assert 0 < found.samples.cut_off < len(traces)
    assert all(len(one) <= 40 for one in traces)
    assert 1 < values(found)["bf_published"] < values(found)["bf"] < values(found)["bf_start"]
    # At another temperature the factor is of what was drawn from.
    carried_out("organism/v1", path, name="cooler", samples=5, max_tokens=40, temperature=0.5)
    assert 1 < values(told(path, "cooler"))["bf"] < values(found)["bf"]


def test_a_base_model_goes_on_with_the_prompt_as_it_stands(tmp_path: Path):
    path = tmp_path / "mien.db"
    for name, model in (("plain", "base:organism/base"), ("chat", "organism/base")):
        carried_out(model, path, name=name, samples=4, max_tokens=6)
    plain, chat = told(path, "plain"), told(path, "chat")
    assert plain.known == "distribution"
    assert values(plain)["bf"] != values(chat)["bf"]
    with Store(path, read_only=True) as store:
        (answer, *_) = store.evaluations.answers(plain.evaluation.record.id)
        call = store.call(answer.place.call, raw=True)
    assert call is not None
    assert b'"prompt":"Name a colour, 0."' in call.request


def test_what_is_no_drawing_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="one sample says nothing"):
        Drawing(samples=1)
    with pytest.raises(UsageError, match="1 prompts say nothing"):
        plan("organism/v1", PROMPTS[:1], Drawing(), name="e")
    carried_out("organism/v1", tmp_path / "mien.db", samples=2, max_tokens=3)
    found = Evaluation("e", tmp_path / "mien.db")
    object.__setattr__(found.record, "kind", "another")
    with pytest.raises(UsageError, match="an evaluation of another"):
        samples(found)
