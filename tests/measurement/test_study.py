"""What is to be measured is laid out, and refused, before a call is made."""

import pytest

from mien.errors import UnknownName, UsageError
from mien.measurement.study import plan

TRAITS = [f"trait {i}" for i in range(10)]


def test_arguments_that_cannot_be_used() -> None:
    with pytest.raises(UnknownName, match="no instrument named 'reveald'; did you mean revealed"):
        plan("openai/m", judge="openai/j", instrument="reveald")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="one of rounds, trials and full"):
        plan("openai/m", judge="openai/j", rounds=1, trials=5)


@pytest.mark.parametrize("length", [{"rounds": 3}, {"trials": 3}, {"full": True}])
def test_a_target_finds_the_length_itself(length: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=r"leave out rounds, trials and full, .* --max-trials"):
        plan("openai/m", judge="openai/j", until_reliability=0.9, **length)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="--max-trials is for a run that stops at a target"):
        plan("openai/m", judge="openai/j", max_trials=3, **length)  # type: ignore[arg-type]


def test_under_a_target_the_design_is_the_most_there_may_be() -> None:
    study = plan("openai/m", judge="openai/j", until_stderr=40)
    assert study.until is not None
    assert (study.until.reliability, study.until.stderr) == (None, 40)
    assert len(study.design) == 144 * 143 / 2
    assert len(plan("openai/m", judge="openai/j", until_stderr=40, max_trials=1500).design) == 1440


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
    assert plan(model, judge="openai/j", rounds=1).name == name


def test_how_much_is_asked_for() -> None:
    assert len(plan("openai/m", judge="openai/j").design) == 2016  # whole rounds of 144 traits
    assert len(plan("openai/m", judge="openai/j", traits=TRAITS, trials=11).design) == 15
    assert len(plan("openai/m", judge="openai/j", traits=TRAITS, full=True).design) == 45


def test_the_control_is_counterbalanced_whatever_the_protocol() -> None:
    control = plan("openai/m", judge="openai/j", instrument="instructed", protocol="krishna2026", rounds=1)
    assert (control.protocol.order, control.protocol.judge.order) == ("counterbalanced", "shuffled")
    assert control.protocol.judge.forced
    assert control.design.order == "counterbalanced"
    published = plan("openai/m", judge="openai/j", protocol="krishna2026", rounds=1)
    assert (published.protocol.order, published.protocol.judge.order) == ("listed", "listed")
