"""The organism as an engine, against transformers and against a slow twin of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mien.errors import InputError, UnknownName
from mien.models.engine import Job
from mien.models.organism import engine
from mien.models.organism.engine import Organism
from mien.types import Sampling

if TYPE_CHECKING:
    from mien.types import Message
    from tests.models.organism.conftest import Tiny

GREEDY = Sampling(temperature=0, max_tokens=70)  # more than memory is made for at first


def chat(user: str, system: str = "You answer as a warm person would.") -> tuple[Message, ...]:
    return ({"role": "system", "content": system}, {"role": "user", "content": user})


def ids(tiny: Tiny, job: Job) -> list[int]:
    if isinstance(job.prompt, str):
        return tiny.tokenizer(job.prompt)["input_ids"]
    return tiny.tokenizer.apply_chat_template(job.prompt, add_generation_prompt=True, return_dict=False)


def log_softmax(tiny: Tiny, tokens: list[int]) -> np.ndarray:
    import torch

    with torch.no_grad():
        return torch.log_softmax(tiny.model(torch.tensor([tokens])).logits[0], -1).numpy()


PROMPTS = [chat(user) for user in ("Hello!", "What is a model?", "Où est 北京?", "a" * 70)]
PROMPTS += [chat("Hello!", "Be blunt."), "Once upon a time", "The"]


def test_greedy_answers_are_those_of_generate(tiny: Tiny, organism: Organism) -> None:
    import torch

    end = tiny.tokenizer.eos_token_id
    jobs = [Job(prompt=prompt, sampling=GREEDY) for prompt in PROMPTS]
    for job, output in zip(jobs, organism.run(jobs), strict=True):
        prompt = ids(tiny, job)
        tokens = torch.tensor([prompt])
        made = tiny.model.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            do_sample=False,
            max_new_tokens=70,
            pad_token_id=end,
        )[0, len(prompt) :].tolist()
        ended = made[-1] == end
        assert output.text == tiny.tokenizer.decode(made, skip_special_tokens=True)
        assert "".join(token.text for token in output.tokens) == output.text
        assert output.finish_reason == ("stop" if ended else "length")
        assert (output.tokens_in, len(output.tokens)) == (len(prompt), len(made) - ended)
        expected = log_softmax(tiny, prompt + made)[len(prompt) - 1 :]
        found = [token.logprob for token in output.tokens]
        np.testing.assert_allclose(found, [expected[i, made[i]] for i in range(len(found))], atol=1e-3)


def test_a_job_is_answered_alike_whatever_it_is_batched_with(
    organism: Organism, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [
        Job(
            prompt=PROMPTS[i % len(PROMPTS)],
            seed=i,
            top_logprobs=i % 3,
            sampling=Sampling(
                temperature=(None, 0.7, 0)[i % 3], top_p=(None, 0.9)[i % 2], max_tokens=3 + 9 * (i % 5)
            ),
        )
        for i in range(30)
    ]
    jobs += [Job(prompt=PROMPTS[i % 7], continuation=" a model's answer"[: 4 * i]) for i in range(8)]
    together = organism.run(jobs)
    monkeypatch.setattr(engine, "_BATCH", 5)
    for others in (
        organism.run(jobs),
        [organism.run([job])[0] for job in jobs],
        organism.run(jobs[::-1])[::-1],
    ):
        for one, other in zip(together, others, strict=True):
            assert (one.text, one.finish_reason) == (other.text, other.finish_reason)
            for a, b in zip(one.tokens, other.tokens, strict=True):
                assert a.logprob == pytest.approx(b.logprob, abs=1e-4)
    assert len({output.text for output in together}) > 20


@pytest.mark.parametrize(("temperature", "top_p"), [(None, None), (0.7, None), (None, 0.8)])
def test_first_tokens_come_as_often_as_the_oracle_expects(
    tiny: Tiny, organism: Organism, temperature: float | None, top_p: float | None
) -> None:
    n = 2000
    sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=1)
    jobs = [Job(prompt="Once upon a time", seed=seed, sampling=sampling) for seed in range(n)]
    outputs = organism.run(jobs)
    log_p = log_softmax(tiny, ids(tiny, jobs[0]))[-1].astype(np.float64)
    p = np.exp(log_p / (temperature or 1))
    p /= p.sum()
    order = np.argsort(-p)
    p[order[np.cumsum(p[order]) - p[order] >= (top_p or 1)]] = 0
    p /= p.sum()
    # Tokens of equal log-probability are few enough to be told apart by it.
    value = np.array([o.tokens[0].logprob if o.tokens else np.nan for o in outputs])
    for token in order[:8]:
        if token != tiny.tokenizer.eos_token_id:
            share = np.mean(np.abs(value - log_p[token]) < 1e-4)
            assert abs(share - p[token]) < 4 * np.sqrt(p[token] * (1 - p[token]) / n) + 1e-3
    assert np.nanmin(value) >= log_p[p > 0].min() - 1e-3


def twin(tiny: Tiny, job: Job) -> list[float | None]:
    """Log-probabilities of a continuation, a token at a time, by the oracle."""
    prompt = ids(tiny, job)
    words = tiny.tokenizer(job.continuation)["input_ids"]
    if not isinstance(job.prompt, str):
        words = [*words, tiny.tokenizer.eos_token_id]
    found: list[float | None] = []
    for i, token in enumerate(words):
        before = prompt + words[:i]
        found.append(float(log_softmax(tiny, before)[-1, token]) if before else None)
    return found


def test_continuations_are_scored_as_by_the_oracle(tiny: Tiny, organism: Organism) -> None:
    said = ["I am well.", "", "Ja, 北京 🦊!", " and then"]
    jobs = [Job(prompt=prompt, continuation=words) for prompt in (*PROMPTS[::3], "The", "") for words in said]
    for job, output in zip(jobs, organism.run(jobs), strict=True):
        found = [token.logprob for token in output.tokens]
        expected = twin(tiny, job)
        assert [v is None for v in found] == [v is None for v in expected]
        np.testing.assert_allclose([v or 0 for v in found], [v or 0 for v in expected], atol=1e-3)
        assert output.text == job.continuation == "".join(token.text for token in output.tokens)
        assert output.finish_reason == "stop"


@pytest.mark.parametrize("continuation", [None, "Well, yes"])
def test_alternatives_are_the_likeliest_tokens(
    tiny: Tiny, organism: Organism, continuation: str | None
) -> None:
    job = Job(prompt=PROMPTS[0], continuation=continuation, sampling=GREEDY, top_logprobs=3)
    plain, output = organism.run([replace(job, top_logprobs=0), job])
    assert all(token.top == () for token in plain.tokens)
    prompt = ids(tiny, job)
    expected = np.sort(log_softmax(tiny, prompt)[-1])[::-1][:3]
    np.testing.assert_allclose([value for _, value in output.tokens[0].top], expected, atol=1e-3)
    assert [token.logprob for token in output.tokens] == pytest.approx(
        [t.logprob for t in plain.tokens], abs=1e-4
    )
    if continuation is None:
        assert all(token.logprob == token.top[0][1] for token in output.tokens)


def test_what_does_not_fit_fails_by_itself(organism: Organism) -> None:
    long = Job(prompt="9 " * 200)
    jobs = [
        long,
        Job(prompt="The", sampling=GREEDY),
        replace(long, continuation="."),
        Job(prompt=""),
        Job(prompt="The", sampling=Sampling(max_tokens=0)),
    ]
    too_long, answered, unscored, empty, none = organism.run(jobs)
    assert "the prompt has" in too_long.failure
    assert "context of 200" in too_long.failure
    assert too_long.tokens_in > 200
    assert answered.text and not answered.failure
    assert "prompt and continuation have" in unscored.failure
    assert "empty prompt" in empty.failure
    assert (none.text, none.tokens, none.finish_reason, none.failure) == ("", (), "length", "")
    assert organism.run([]) == []


def test_answers_end_where_they_must(organism: Organism) -> None:
    limited = [Job(prompt=PROMPTS[i % 7], seed=i, sampling=Sampling(max_tokens=4)) for i in range(40)]
    outputs = organism.run(limited)
    assert {o.finish_reason for o in outputs} <= {"stop", "length"}
    assert all(len(o.tokens) == 4 if o.finish_reason == "length" else len(o.tokens) < 4 for o in outputs)
    unlimited = organism.run([Job(prompt="The", seed=i) for i in range(40)])
    ends = {o.finish_reason: len(o.tokens) + o.tokens_in for o in unlimited}
    assert "stop" in {o.finish_reason for o in unlimited}
    assert ends.get("length", 200) == 200


def test_adapters_make_another_model_with_another_digest(tiny: Tiny, organism: Organism) -> None:
    adapted = Organism(tiny.base, tiny.adapter, name="tuned")
    assert adapted.name == "tuned"
    assert organism.name == str(tiny.base)
    assert adapted.digest != organism.digest == Organism(tiny.base).digest
    jobs = [Job(prompt=text, sampling=GREEDY) for text in ("Once upon a time", "Hello", "1 2 3")]
    assert [output.text for output in adapted.run(jobs)] != [output.text for output in organism.run(jobs)]


def test_only_known_organisms_are_opened(tmp_path: Any) -> None:
    with pytest.raises(UnknownName, match="no model organism named 'v3'; did you mean"):
        Organism.load("v3")
    with pytest.raises(InputError, match=r"config\.json: no such file"):
        Organism(tmp_path)
