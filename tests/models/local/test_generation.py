"""Answers, token by token, against `generate` of transformers."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import torch

from mien.models.engine import Job, Output
from mien.models.local import Local
from mien.types import Sampling
from tests.models.local.tiny import TEMPLATE, close, jobs, log_p, prompt_ids, say

if TYPE_CHECKING:
    from pathlib import Path


def test_greedy_answers_are_those_of_generate(engine: Local, oracle: Any, tokenizer: Any) -> None:
    asked = jobs(temperature=0)
    for job, output in zip(asked, engine.run(asked), strict=True):
        assert not isinstance(job.prompt, str)
        ids = prompt_ids(tokenizer, job.prompt)
        made = oracle.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            do_sample=False,
            top_k=None,
            max_new_tokens=job.sampling.max_tokens,
            pad_token_id=0,
        )[0, len(ids) :]
        assert output.text == tokenizer.decode(made, skip_special_tokens=True)
        assert output.tokens_in == len(ids)
        assert "".join(token.text for token in output.tokens) == output.text
        assert output.finish_reason == ("stop" if int(made[-1]) in (2, 3) else "length")


def test_logprobs_and_alternatives_are_those_of_the_model_itself(
    engine: Local, oracle: Any, tokenizer: Any
) -> None:
    """Whatever the temperature and top_p, at which tokens are drawn."""
    job = Job(
        prompt="the quick",
        sampling=Sampling(temperature=0.4, top_p=0.5, max_tokens=12),
        top_logprobs=4,
        seed=3,
    )
    lone, output = engine.run([Job(prompt="hello"), job])[1], engine.run([job])[0]
    assert close(lone, output)
    ids = tokenizer("the quick")["input_ids"]
    for token in output.tokens:
        row = log_p(oracle, ids)[-1]
        values, best = row.topk(4)
        names = [tokenizer.decode([i]) for i in best.tolist()]
        assert [name for name, _ in token.top] == names
        assert [value for _, value in token.top] == pytest.approx(values.tolist(), abs=1e-4)
        assert token.logprob is not None
        ids.append(int((row - token.logprob).abs().argmin()))
        assert float(row[ids[-1]]) == pytest.approx(token.logprob, abs=1e-4)


def test_every_end_that_the_model_has_ends_an_answer(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The generation config's list, and the template's end of turn where that list lacks it."""
    for name, ends, after in (("listed", [3], "<|stop|>"), ("template", [0], "<|stop|>")):
        copy = shutil.copytree(folder, tmp_path / name)
        (copy / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
        (copy / "chat_template.jinja").write_text(TEMPLATE.replace("<|end|>", after))
        engine = Local(str(copy), device="cpu")
        head: Any = engine._network._model.lm_head
        likely = torch.zeros(head.out_features)
        likely[3] = 99.0
        monkeypatch.setattr(head, "forward", lambda hidden, p=likely: p.expand(*hidden.shape[:2], -1))
        output = engine.run([Job(prompt=say("hello"), sampling=Sampling(max_tokens=30))])[0]
        assert output == Output(text="", finish_reason="stop", tokens_in=output.tokens_in)
