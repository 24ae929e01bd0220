"""Jobs in batches: memory that runs out, and jobs that cannot be done."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
import torch
import transformers

from mien.models.engine import Job
from mien.models.local import Local
from mien.types import Sampling
from tests.models.local.tiny import CONTEXT, build_tokenizer, close, jobs, refusal, say

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("error", "most"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), 3),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), 3),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory"), 1),
        (MemoryError(), 2),
    ],
)
def test_memory_that_runs_out_halves_the_batch(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, most: int
) -> None:
    engine = Local(str(folder), device="cpu", batch_size=8)
    asked = [*jobs(10), Job(prompt=say("hello"), continuation="you")]
    calm = engine.run(asked)
    model: Any = engine._network._model
    forward, sizes = model.forward, []

    def narrow(**arguments: Any) -> Any:
        sizes.append(len(arguments["input_ids"]))
        if sizes[-1] > most:
            raise error
        return forward(**arguments)

    monkeypatch.setattr(model, "forward", narrow)
    assert all(map(close, engine.run(asked), calm))
    assert engine.batch_size <= most
    sizes.clear()
    engine.run(asked)
    assert max(sizes) <= most


def test_a_job_too_large_for_the_memory_fails_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Local(str(folder), device="cpu")
    model: Any = engine._network._model
    forward = model.forward

    def narrow(**arguments: Any) -> Any:
        if arguments["attention_mask"].shape[1] > 40:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(**arguments)

    monkeypatch.setattr(model, "forward", narrow)
    long = Job(prompt=say("the quick brown fox " * 6), sampling=Sampling(max_tokens=2))
    short = Job(prompt=say("hello"), sampling=Sampling(max_tokens=2))
    outputs = engine.run([short, long, short])
    assert outputs[1].failure.startswith("out of memory with ")
    assert outputs[0] == outputs[2]
    assert not outputs[0].failure

    def fail(**_: Any) -> None:
        raise RuntimeError("device-side assert")

    monkeypatch.setattr(model, "forward", fail)
    with pytest.raises(RuntimeError, match="device-side"):
        engine.run([short])


def test_what_does_not_fit_the_context_fails_alone(engine: Local) -> None:
    fine = Job(prompt=say("hello"), sampling=Sampling(max_tokens=2))
    outputs = engine.run(
        [
            fine,
            Job(prompt="fox " * CONTEXT),
            Job(prompt="hello", continuation=" fox" * CONTEXT),
            Job(prompt=""),
            Job(prompt="hello " * 30, sampling=Sampling(temperature=0)),
            Job(prompt="a", sampling=Sampling(temperature=-1)),
            Job(prompt="a", sampling=Sampling(top_p=0)),
            Job(prompt="a", sampling=Sampling(max_tokens=0)),
            Job(prompt="a", sampling=Sampling(extra={"top_k": 3})),
        ]
    )
    # Alike as far as rounding lets it: matrices of another height are multiplied in another order.
    alone = engine.run([fine])[0]
    assert outputs[0].text == alone.text
    assert [t.logprob for t in outputs[0].tokens] == pytest.approx(
        [t.logprob for t in alone.tokens], abs=1e-5
    )
    assert "leaves no room for an answer in a context of 96" in outputs[1].failure
    assert "prompt and continuation have" in outputs[2].failure
    assert outputs[3].failure == "an empty prompt cannot be continued"
    # Unlimited: up to the end of the context, or where the model stops.
    whole = outputs[4]
    assert not whole.failure
    assert whole.finish_reason == "stop" or whole.tokens_in + len(whole.tokens) == CONTEXT
    assert outputs[5].failure == "a temperature of -1 is not 0 or above"
    assert outputs[6].failure == "a top_p of 0 is not above 0 and at most 1"
    assert outputs[7].failure == "an answer of at most 0 tokens is none"
    assert outputs[8].failure == "a model in this process does not take top_k"


@pytest.mark.parametrize("sampling", [{}, {"temperature": 0}, {"top_p": 0.5}])
def test_numbers_that_overflow_fail_their_job(folder: Path, sampling: dict[str, float]) -> None:
    engine = Local(str(folder), device="cpu")
    with torch.no_grad():
        engine._network._model.lm_head.weight[7] = math.nan
    told = "the model's numbers overflow in float32; choose another dtype"
    asked = [*jobs(2, **sampling), Job(prompt="a", continuation="b")]
    assert [output.failure for output in engine.run(asked)] == [told] * 3


def test_models_with_another_kind_of_memory_are_refused(tmp_path: Path) -> None:
    tokenizer = build_tokenizer(tmp_path)
    config = transformers.MambaConfig(
        vocab_size=len(tokenizer), hidden_size=16, state_size=4, num_hidden_layers=1, expand=1
    )
    transformers.MambaForCausalLM(config).save_pretrained(tmp_path)
    assert "models of the kind mamba keep their state in a way of their own" in refusal(tmp_path)


def test_it_tells_how_much_it_has_written_of_what_it_is_at(
    engine: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    step = type(engine._network).step

    def watched(*arguments: Any) -> Any:
        seen.append(engine.written)
        return step(*arguments)

    monkeypatch.setattr(type(engine._network), "step", watched)
    outputs = engine.run(
        [Job(prompt=say("hello"), sampling=Sampling(max_tokens=8), seed=n) for n in range(2)]
    )
    assert seen == sorted(seen)
    assert seen[0] == 2  # a token each
    assert engine.written == 0
    assert sum(len(output.tokens) for output in outputs) >= seen[-1]
