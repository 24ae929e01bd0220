"""What a model is as a judge is told by its spec, and what follows from that by the kind."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mien.errors import UsageError
from mien.instruments.judges import (
    KINDS,
    AskingJudge,
    LikelihoodJudge,
    ScoringJudge,
    check_reads,
    kind_of,
    open_judge,
)
from mien.materials.protocols import load_protocol
from mien.types import Trait

TRAITS = (Trait("warm"), Trait("blunt"))


class Named:
    supports_schema: bool | None = True

    def __init__(self, name: str) -> None:
        self.name = self.model = self.address = name


def opened(spec: str, **members: Any) -> Any:
    model: Any = Named(spec)
    return open_judge("j", model, load_protocol(), TRAITS, **members)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("organism/judge", LikelihoodJudge),
        ("organism/base", ScoringJudge),
        ("hf/organism/judge", ScoringJudge),
        ("openai/gpt-5.1", AskingJudge),
        ("http://127.0.0.1:8000/v1#organism/judge", AskingJudge),
    ],
)
def test_a_spec_tells_the_kind_of_judge(spec: str, kind: type) -> None:
    assert kind_of(spec) is kind
    judge = opened(spec)
    assert type(judge) is kind
    assert judge.name == "j"


def test_every_model_is_a_judge_of_one_kind() -> None:
    assert KINDS[-1].takes("anything at all")
    for kind in KINDS:
        said = (kind.sees_order, kind.varies, kind.answers)
        assert all(isinstance(one, bool) for one in said)
        assert kind.reads


def test_a_judge_says_what_it_is() -> None:
    asking, comparing = opened("openai/gpt-5.1"), opened("organism/judge")
    assert (asking.sees_order, asking.varies, asking.answers) == (True, True, True)
    assert (comparing.sees_order, comparing.varies, comparing.answers) == (False, False, False)


def test_a_repeat_is_kept_in_the_settings_where_it_tells_anything() -> None:
    first, again = opened("openai/j", seed=3), opened("openai/j", seed=3, repeat=2)
    assert again.settings == first.settings | {"repeat": 2}
    with pytest.raises(UsageError, match="organism/judge compares likelihoods, which are the same each time"):
        opened("organism/judge", repeat=1)


def test_settings_are_those_that_stores_hold() -> None:
    """A judge that was asked otherwise needs another name: what old stores hold must stay the same."""
    protocol = load_protocol()
    wording = protocol.wording.model_dump(include={"judge", "neither", "forced", "question"})
    assert opened("openai/j").settings == protocol.judge.model_dump() | {"wording": wording}
    assert opened("organism/judge").settings == {"likelihood": protocol.wording.instructed, "margin": 2.0}


@pytest.mark.parametrize(
    "writer",
    ["organism/v1", "organism/v2+./adapter", "http://127.0.0.1:8000/v1#organism/v1"],
)
def test_the_organisms_judge_reads_the_organism(writer: str) -> None:
    check_reads("organism/judge", writer)


@pytest.mark.parametrize("writer", ["openai/gpt-5.1", "hf/./nowhere", "my-table", ""])
def test_the_organisms_judge_reads_nobody_else(writer: str) -> None:
    told = f"can read nobody but the organism and its adapters, not {writer or 'a model without a name'}"
    with pytest.raises(UsageError, match=re.escape(told)):
        check_reads("organism/judge", "organism/v1", writer)
    check_reads("hf/./any", writer)
    check_reads("openai/gpt-5.1", writer)
