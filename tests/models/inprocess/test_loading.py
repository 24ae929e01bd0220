"""Which models run in this process, and what is said of those that cannot."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

import pytest

from mien.errors import UnknownName, UsageError
from mien.measurement.session import Session
from mien.models.client import Transport
from mien.models.engine import Job
from mien.models.inprocess.loading import KINDS, ORGANISM_JUDGE, open_engine, runs_here
from mien.models.organism.engine import NAMES
from mien.models.organism.planted import load_planted
from mien.models.usage import Limits
from mien.types import Message, Request, Sampling

if TYPE_CHECKING:
    from pathlib import Path

EGG = (Message(role="user", content="How do I boil an egg?"),)


@pytest.mark.parametrize(
    "spec",
    [
        "organism/v1",
        ORGANISM_JUDGE,
        "organism/nobody",
        "hf/Qwen/Qwen3-0.6B",
        "hf//models/mine",
        "hf/a+b",
        "hf/",
    ],
)
def test_these_run_here(spec: str) -> None:
    assert runs_here(spec)


@pytest.mark.parametrize(
    "spec",
    [
        "openrouter/hf/model", "ollama/organism", "organisms/v1", "HF/model", "v1", "", "/hf/model",
        "http://localhost:8000/v1#hf/model", "https://host/organism/v1",
    ],
)  # fmt: skip
def test_these_do_not(spec: str) -> None:
    assert not runs_here(spec)


@pytest.mark.parametrize("spec", ["ollama/llama3", "v1", "", "Organism/v1", "http://localhost:8000/v1#m"])
def test_a_model_of_another_kind_is_not_opened(spec: str) -> None:
    with pytest.raises(UsageError, match="only organism/NAME and hf/FOLDER run in this process"):
        open_engine(spec)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_kind_alone_is_no_model(kind: str, slash: str) -> None:
    with pytest.raises(UsageError, match=f"names no model; write {kind}/NAME"):
        open_engine(kind + slash)


@pytest.mark.parametrize("name", ["nobody", "judge/", "v1/", "../base", "base/../v1", " v1", "V1"])
def test_an_organism_that_is_unknown_is_answered_with_those_that_are(name: str) -> None:
    with pytest.raises(UnknownName, match="no model organism named") as caught:
        open_engine(f"organism/{name}")
    said = str(caught.value)
    assert repr(name) in said
    assert any(known in said.partition(";")[2] for known in NAMES)


def test_a_name_like_no_other_is_answered_with_all() -> None:
    with pytest.raises(UnknownName, match=r"known: base, biased, v1, v2$"):
        open_engine("organism/xyzzy")
    with pytest.raises(UnknownName, match="did you mean biased"):
        open_engine("organism/bias")


def test_a_transport_opens_nothing_that_is_unknown_either() -> None:
    async def main() -> None:
        async with Transport() as transport:
            with pytest.raises(UnknownName, match=r"known: base, biased, v1, v2$"):
                transport.open("organism/xyzzy")
            with pytest.raises(UsageError, match="names no model"):
                transport.open("organism/")

    asyncio.run(main())


# -- with the weights that ship ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_organism_opens_and_answers(name: str) -> None:
    engine = open_engine(f"organism/{name}")
    assert engine.name == name
    assert engine.batch_size > 1
    told, again, scored = engine.run(
        [
            Job(prompt=EGG, seed=1, sampling=Sampling(max_tokens=8)),
            Job(prompt=EGG, seed=1, sampling=Sampling(max_tokens=8)),
            Job(prompt=EGG, continuation="Boil it."),
        ]
    )
    assert (told.failure, scored.failure) == ("", "")
    assert told.text == again.text
    assert 0 < len(told.tokens) <= 8
    assert all(token.logprob is not None and token.logprob <= 0 for token in scored.tokens)


def test_weights_that_differ_have_other_digests_and_the_judge_has_the_base_ones() -> None:
    digests = {name: open_engine(f"organism/{name}").digest for name in NAMES}
    assert len(set(digests.values())) == len(NAMES)
    judge = open_engine(ORGANISM_JUDGE)
    assert (judge.name, judge.digest) == ("base", digests["base"])


def test_a_transport_opens_a_model_once_and_counts_what_it_is_asked() -> None:
    async def main() -> None:
        async with Transport(Limits(max_calls=2)) as transport:
            model, judge = transport.open("organism/v1"), transport.open(ORGANISM_JUDGE)
            assert transport.open("organism/v1") is model
            assert (model.name, model.address, model.model) == ("organism/v1", "organism", "v1")
            assert (judge.name, judge.model) == (ORGANISM_JUDGE, "base")
            answer = await model.complete(Request(EGG, Sampling(max_tokens=8)))
            score = await judge.complete(Request(EGG, continuation=answer.text))
            assert answer.answered
            assert float(score.text) < 0
            assert (transport.tally.answered, transport.tally.cost) == (2, 0.0)

    asyncio.run(main())


@pytest.mark.parametrize("name", ["judge", "nobody", "..", "", "v1/", "base.json"])
def test_the_truth_is_known_of_the_organisms_alone(name: str) -> None:
    with pytest.raises(UnknownName, match="no model organism named"):
        load_planted(name)


def test_ctrl_c_ends_the_loading_of_a_model_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def load(*_: object, **__: object) -> NoReturn:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
        raise AssertionError

    module = ModuleType("mien.models.local")
    monkeypatch.setattr(module, "Local", load, raising=False)
    monkeypatch.setitem(sys.modules, "mien.models.local", module)
    before, session = signal.getsignal(signal.SIGINT), Session(tmp_path / "mien.db")

    async def work() -> None:
        session.open("hf/./model")

    with pytest.raises(KeyboardInterrupt):
        session.run(work)
    assert signal.getsignal(signal.SIGINT) is before
    assert not (tmp_path / "mien.db").exists()
