"""Forward passes over batches of texts of different length, for models of several kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import transformers

from mien.models.engine import Job
from mien.models.local import Local
from tests.models.local.tiny import CONTEXT, TEXT, build_tokenizer, close, jobs, prompt_ids, say

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_company_does_not_change_an_answer(engine: Local) -> None:
    """Nor does padding: settings of all kinds in one batch, and each alone."""
    settings = ({}, {"temperature": 0}, {"top_p": 0.7}, {"temperature": 0.7, "top_p": 0.9})
    asked = [job for options in settings for job in jobs(5, **options)]
    asked += [Job(prompt=say("hello"), continuation=TEXT[:n]) for n in (5, 20, 40)]
    together = engine.run(asked)
    backwards = engine.run(asked[::-1])[::-1]
    alone = [engine.run([job])[0] for job in asked]
    for one, two, three in zip(together, backwards, alone, strict=True):
        assert close(one, two)
        assert close(one, three)
    assert len({output.text for output in together}) > len(settings)


def test_models_of_other_kinds_answer_as_generate_does(tmp_path: Path) -> None:
    """Learnt positions, and a window that slides."""
    tokenizer = build_tokenizer(tmp_path / "gpt2")
    build_tokenizer(tmp_path / "mistral")
    torch.manual_seed(1)
    shape: dict[str, Any] = {"vocab_size": len(tokenizer), "bos_token_id": None, "eos_token_id": 2}
    gpt2 = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            n_embd=16, n_layer=2, n_head=2, n_positions=CONTEXT, initializer_range=0.3, **shape
        )
    )
    mistral = transformers.MistralForCausalLM(
        transformers.MistralConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=CONTEXT,
            sliding_window=8,
            initializer_range=0.3,
            **shape,
        )
    )
    for name, model in (("gpt2", gpt2), ("mistral", mistral)):
        model.save_pretrained(tmp_path / name)
        model.eval()
        engine = Local(str(tmp_path / name), device="cpu")
        asked = jobs(6, temperature=0)
        for job, output in zip(asked, engine.run(asked), strict=True):
            assert not isinstance(job.prompt, str)
            ids = prompt_ids(tokenizer, job.prompt)
            made = model.generate(
                torch.tensor([ids]),
                attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                do_sample=False,
                max_new_tokens=job.sampling.max_tokens,
                pad_token_id=0,
            )[0, len(ids) :]
            assert output.text == tokenizer.decode(made, skip_special_tokens=True)


def test_attention_is_planned_by_no_shape(engine: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """cuDNN's makes a plan for each; whoever shares the process keeps it."""
    model: Any = engine._network._model
    forward, seen = model.forward, list[bool]()

    def watched(**arguments: Any) -> Any:
        seen.append(torch.backends.cuda.cudnn_sdp_enabled())
        return forward(**arguments)

    monkeypatch.setattr(model, "forward", watched)
    before = torch.backends.cuda.cudnn_sdp_enabled()
    assert not engine.run([Job(prompt=say("hello"))])[0].failure
    assert before
    assert not any(seen)
    assert torch.backends.cuda.cudnn_sdp_enabled()
