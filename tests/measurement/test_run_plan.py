"""What is to be measured is laid out, and refused, before a call is made."""

import pytest

from mien.errors import UnknownName, UsageError
from mien.measurement.length import Length
from mien.measurement.run_plan import Materials, plan
from mien.stats.design.shards import Shard

TRAITS = [f"trait {i}" for i in range(10)]


def test_arguments_that_cannot_be_used() -> None:
    with pytest.raises(UnknownName, match="no instrument named 'reveald'; did you mean revealed"):
        Materials(instrument="reveald")  # type: ignore[arg-type]


def test_under_a_target_the_design_is_the_most_there_may_be() -> None:
    planned = plan("openai/m", "openai/j", length=Length(until_stderr=40))
    assert planned.until is not None
    assert (planned.until.reliability, planned.until.stderr) == (None, 40)
    assert len(planned.design) == 144 * 143 / 2
    shorter = plan("openai/m", "openai/j", length=Length(until_stderr=40, max_trials=1500))
    assert len(shorter.design) == 1440


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("openai/gpt-5.1", "gpt-5.1-revealed"),
        ("openrouter/z-ai/glm-4.5-air", "glm-4.5-air-revealed"),
        ("http://127.0.0.1:8000/v1#model", "model-revealed"),
        ("http://127.0.0.1:8000/v1#org/model", "model-revealed"),
    ],
)
def test_a_run_is_named_after_its_model_and_instrument(model: str, name: str) -> None:
    assert plan(model, "openai/j", length=Length(rounds=1)).name == name


def test_a_system_prompt_is_part_of_the_protocol_and_of_the_name() -> None:
    planned = plan("openai/m", "openai/j", materials=Materials(system="Be terse.\n"), length=Length(rounds=1))
    assert (planned.name, planned.protocol.preamble) == ("m-revealed-system", "Be terse.")
    protocol = planned.protocol.override(preamble="You are Ada.")
    both = plan("openai/m", "openai/j", materials=Materials(protocol=protocol, system="Be terse."))
    assert both.protocol.preamble == "You are Ada.\n\nBe terse."


def test_how_much_is_asked_for() -> None:
    assert len(plan("openai/m", "openai/j").design) == 2016  # whole rounds of 144 traits
    few = Materials(traits=TRAITS)
    assert len(plan("openai/m", "openai/j", materials=few, length=Length(trials=11)).design) == 15
    assert len(plan("openai/m", "openai/j", materials=few, length=Length(full=True)).design) == 45


def test_the_control_is_counterbalanced_whatever_the_protocol() -> None:
    asked, short = Materials(instrument="instructed", protocol="krishna2026"), Length(rounds=1)
    control = plan("openai/m", "openai/j", materials=asked, length=short)
    assert (control.protocol.order, control.protocol.judge.order) == ("counterbalanced", "shuffled")
    assert control.protocol.judge.forced
    assert control.design.order == "counterbalanced"
    published = plan("openai/m", "openai/j", materials=Materials(protocol="krishna2026"), length=short)
    assert (published.protocol.order, published.protocol.judge.order) == ("listed", "listed")


def test_responses_that_serve_several_trials_are_not_parted_among_shards() -> None:
    with pytest.raises(UsageError, match="without --shard"):
        plan("m", "j", materials=Materials(instrument="exhibited"), length=Length(shard=Shard(1, 4)))
