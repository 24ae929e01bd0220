"""Models in torch, against transformers and peft as they are, with small random weights."""

from __future__ import annotations

import importlib
import json
import math
import shutil
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.models.engine import Job, Output
from mien.types import Message, Sampling

pytest.importorskip("peft")
torch: Any = pytest.importorskip("torch")
transformers: Any = pytest.importorskip("transformers")

import huggingface_hub  # noqa: E402
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402
from transformers.utils import logging  # noqa: E402

from mien.models.local import Local  # noqa: E402
from mien.models.local.spelling import Spelling  # noqa: E402

#: Raised inside peft, which still asks transformers by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPLATE = (
    "{% for m in messages %}<|start|>{{ m.role }}\n{{ m.content | trim }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
#: As strict as Gemma's: no system message, turns that alternate, the assistant is called "model".
STRICT = (
    "{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Turns must alternate') }}{% endif %}"
    "<|start|>{{ m.role }}\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>model\n{% endif %}"
)
TEXT = "hello world, how are you? I am well, thank you. the quick brown fox jumps over the lazy dog"
CONTEXT = 96


def build_tokenizer(folder: Path, template: str | None = TEMPLATE) -> Any:
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=310,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|pad|>", "<|start|>", "<|end|>", "<|stop|>"],
        show_progress=False,
    )
    inner.train_from_iterator([TEXT] * 3, trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|end|>")
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return tokenizer


def build(folder: Path, *, seed: int = 0, spread: float = 0.3, template: str | None = TEMPLATE) -> Path:
    tokenizer = build_tokenizer(folder, template)
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        initializer_range=spread,
        bos_token_id=None,
        eos_token_id=[2, 3],
    )
    # Greedy on purpose: the model's own defaults must not count.
    model = transformers.LlamaForCausalLM(config)
    model.generation_config.update(do_sample=True, top_k=1)
    model.save_pretrained(folder)
    return folder


def build_adapter(base: Path, folder: Path, **settings: Any) -> Any:
    """Put a random LoRA on a model and save it; returns the merged model."""
    import peft

    torch.manual_seed(5)
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    settings = {"r": 4, "target_modules": ["q_proj", "down_proj"], "init_lora_weights": False, **settings}
    adapted: Any = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **settings))
    adapted.save_pretrained(folder)
    return adapted.merge_and_unload()


@pytest.fixture(scope="module", autouse=True)
def _alone() -> Iterator[None]:
    """One thread, as the models are tiny; no progress bars from what the tests themselves save."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    yield
    logging.enable_progress_bar()
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def engine(folder: Path) -> Local:
    return Local(str(folder), device="cpu")


@pytest.fixture(scope="module")
def oracle(folder: Path) -> Any:
    return transformers.AutoModelForCausalLM.from_pretrained(folder).eval()


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Any:
    return transformers.AutoTokenizer.from_pretrained(folder)


def say(text: str, system: str = "") -> tuple[Message, ...]:
    user = Message(role="user", content=text)
    return (Message(role="system", content=system), user) if system else (user,)


def prompt_ids(tokenizer: Any, messages: tuple[Message, ...]) -> list[int]:
    return tokenizer.apply_chat_template(list(messages), add_generation_prompt=True)["input_ids"]


def log_p(oracle: Any, ids: list[int]) -> Any:
    with torch.inference_mode():
        return oracle(torch.tensor([ids])).logits[0].float().log_softmax(-1)


def jobs(count: int = 12, **sampling: Any) -> list[Job]:
    """Jobs of different length and seed."""
    words = TEXT.split()
    return [
        Job(
            prompt=say(" ".join(words[: 1 + i]), "be brief" * (i % 2)),
            sampling=Sampling(**{"max_tokens": 3 + i, **sampling}),
            seed=i,
        )
        for i in range(count)
    ]


def close(one: Output, other: Output) -> bool:
    return (one.text, one.finish_reason, one.failure, one.tokens_in) == (
        other.text,
        other.finish_reason,
        other.failure,
        other.tokens_in,
    ) and np.allclose([t.logprob for t in one.tokens], [t.logprob for t in other.tokens], atol=1e-4)


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


@pytest.mark.parametrize(
    "sampling", [{}, {"temperature": 0.5}, {"top_p": 0.6}, {"temperature": 2.0, "top_p": 0.8}]
)
def test_draws_follow_the_distribution(
    engine: Local, oracle: Any, tokenizer: Any, sampling: dict[str, float]
) -> None:
    """First tokens of many seeds against the exact distribution, by the chi-square statistic."""
    count = 2000
    p = log_p(oracle, tokenizer("hello world")["input_ids"])[-1].double().numpy()
    p = np.exp(p / sampling.get("temperature", 1.0))
    p /= p.sum()
    order = np.argsort(-p)
    kept = order[: 1 + int(np.sum(np.cumsum(p[order]) < sampling.get("top_p", math.inf)))]
    expected = {tokenizer.decode([i]) if i not in (0, 1, 2, 3) else "": 0.0 for i in kept}
    for i in kept:
        expected[tokenizer.decode([i], skip_special_tokens=True)] += count * p[i] / p[kept].sum()
    asked = [
        Job(prompt="hello world", sampling=Sampling(max_tokens=1, **sampling), seed=s) for s in range(count)
    ]
    size, engine.batch_size = engine.batch_size, 500
    found = Counter(output.text for output in engine.run(asked))
    engine.batch_size = size
    assert set(found) <= set(expected)
    common = [text for text, mean in expected.items() if mean >= 5]
    rest = sum(expected.values()) - sum(expected[t] for t in common)
    statistic = sum((found[t] - expected[t]) ** 2 / expected[t] for t in common)
    statistic += (count - sum(found[t] for t in common) - rest) ** 2 / max(rest, 1)
    assert statistic < len(common) + 4.5 * math.sqrt(2 * len(common))


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


def test_seeds_tell_draws_apart_and_nothing_else_does(engine: Local) -> None:
    job = Job(prompt=say("hello"), sampling=Sampling(max_tokens=8), seed=1)
    torch.manual_seed(7)
    one = engine.run([job])
    state = torch.random.get_rng_state()
    assert engine.run([job]) == one
    assert torch.equal(torch.random.get_rng_state(), state)
    assert engine.run([Job(prompt=job.prompt, sampling=job.sampling, seed=2)]) != one


def test_a_continuation_is_scored_with_the_end_of_the_turn(
    engine: Local, oracle: Any, tokenizer: Any
) -> None:
    messages = say("how are you?", "be brief")
    output = engine.run(
        [
            Job(prompt=messages, continuation="well, thank you", top_logprobs=2),
            Job(prompt="a", continuation="b"),
        ]
    )[0]
    whole = tokenizer.apply_chat_template(
        [*messages, Message(role="assistant", content="well, thank you")], tokenize=False
    )
    ids = tokenizer(whole.removesuffix("\n"), add_special_tokens=False)["input_ids"]
    start = len(prompt_ids(tokenizer, messages))
    table = log_p(oracle, ids)
    exact = [float(table[i - 1, ids[i]]) for i in range(start, len(ids))]
    assert [token.logprob for token in output.tokens] == pytest.approx(exact, abs=1e-4)
    assert output.text == "well, thank you" == "".join(token.text for token in output.tokens)
    assert output.tokens[-1].text == ""
    assert output.tokens_in == start
    assert [v for _, v in output.tokens[0].top] == pytest.approx(
        table[start - 1].topk(2).values.tolist(), abs=1e-4
    )


def test_white_space_that_a_template_sets_before_an_answer_is_part_of_it(tmp_path: Path) -> None:
    """As in Llama 2's, whose prompt ends in "[/INST]" and whose answers start with a space."""
    template = (
        "{% for m in messages %}{% if m.role == 'user' %}[{{ m.content }}]"
        "{% else %} {{ m.content | trim }}<|end|>{% endif %}{% endfor %}"
    )
    folder = build(tmp_path / "m", template=template)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    output = Local(str(folder), device="cpu").run([Job(prompt=say("hello"), continuation="you")])[0]
    ids = tokenizer("[hello] you<|end|>")["input_ids"]
    table = log_p(transformers.AutoModelForCausalLM.from_pretrained(folder).eval(), ids)
    start = len(tokenizer("[hello]")["input_ids"])
    exact = [float(table[i - 1, ids[i]]) for i in range(start, len(ids))]
    assert [token.logprob for token in output.tokens] == pytest.approx(exact, abs=1e-4)


def test_a_plain_continuation_follows_the_tokens_of_its_prompt(engine: Local, tokenizer: Any) -> None:
    """Also where the two would be tokenised differently as one text."""
    prompts = ("the quick", "the ", "")
    outputs = engine.run([Job(prompt=prompt, continuation="quick fox") for prompt in prompts])
    assert tokenizer("the quick")["input_ids"] != [
        *tokenizer("the ")["input_ids"],
        *tokenizer("quick")["input_ids"],
    ]
    for prompt, output in zip(prompts, outputs, strict=True):
        assert output.text == "quick fox"
        assert output.tokens_in == len(tokenizer(prompt)["input_ids"])
        assert [token.logprob is None for token in output.tokens] == [
            not prompt and not i for i in range(len(output.tokens))
        ]


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


def test_pieces_add_up_to_the_text_also_within_characters(tokenizer: Any) -> None:
    spelling = Spelling(tokenizer)
    for text in ("hello world", "wörld 🙂 of 日本語, ok", "🙂", "a\ufffdb", "<|start|>hello<|end|> you"):
        ids = tokenizer(text)["input_ids"]
        assert "".join(spelling.pieces(ids)) == tokenizer.decode(ids, skip_special_tokens=True)
    broken = tokenizer("🙂")["input_ids"][:-1]
    assert "".join(spelling.pieces(broken)) == tokenizer.decode(broken)
    assert spelling.name(2, first=True) == "<|end|>"


def test_words_that_drop_their_first_space_keep_it_inside(tmp_path: Path) -> None:
    """As in tokenizers of the SentencePiece family."""
    inner = Tokenizer(models.BPE({"▁": 0, "a": 1, "b": 2, "▁a": 3, "▁b": 4}, [("▁", "a"), ("▁", "b")]))
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    inner.decoder = decoders.Metaspace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner)
    spelling = Spelling(tokenizer)
    assert spelling.pieces([3, 4, 1]) == ["a", " b", "a"]
    assert spelling.name(4, first=True) == "b"
    assert spelling.name(4, first=False) == " b"


def test_an_adapter_answers_as_the_model_that_peft_merged(
    folder: Path, tmp_path: Path, tokenizer: Any
) -> None:
    merged = build_adapter(folder, tmp_path / "adapter").eval()
    engine = Local(f"{folder}+{tmp_path / 'adapter'}", device="cpu")
    output = engine.run([Job(prompt=say("hello"), continuation="how are you")])[0]
    ids = prompt_ids(tokenizer, say("hello"))
    table = log_p(merged, [*ids, *tokenizer("how are you")["input_ids"], 2])
    exact = [
        float(table[len(ids) - 1 + i, t]) for i, t in enumerate([*tokenizer("how are you")["input_ids"], 2])
    ]
    assert [token.logprob for token in output.tokens] == pytest.approx(exact, abs=1e-4)
    plain = Local(str(folder), device="cpu")
    assert plain.run([Job(prompt=say("hello"), continuation="how are you")])[0] != output
    assert plain.digest != engine.digest


def test_an_adapter_may_bring_its_chat_template(tmp_path: Path) -> None:
    base = build(tmp_path / "base", template=None)
    build_adapter(base, tmp_path / "adapter")
    build_tokenizer(tmp_path / "adapter")
    engine = Local(f"{base}+{tmp_path / 'adapter'}", device="cpu")
    assert engine.run([Job(prompt=say("hello"), sampling=Sampling(max_tokens=1))])[0].failure == ""


def test_a_system_message_that_is_refused_goes_to_the_user(tmp_path: Path) -> None:
    strict = Local(str(build(tmp_path / "strict", template=STRICT)), device="cpu")
    given = Job(prompt=say("hello", "be brief"), continuation="well")
    meant = Job(prompt=say("be brief\n\nhello"), continuation="well")
    alone = Job(prompt=(Message(role="system", content="be brief"),), continuation="well")
    outputs = strict.run([given, meant, alone])
    assert close(outputs[0], outputs[1])
    assert not outputs[2].failure
    twice = strict.run([Job(prompt=say("hello") * 2), Job(prompt=say("x", "y") + say("z")), meant])
    assert [output.failure for output in twice] == [
        "the model's chat template refuses the conversation: Turns must alternate"
    ] * 2 + [""]


def test_variables_of_the_chat_template_can_be_set(tmp_path: Path) -> None:
    engine = Local(
        str(build(tmp_path / "m", template=TEMPLATE + "{{ mood }}{{ reasoning_effort }}")), device="cpu"
    )
    options = Sampling(
        max_tokens=1, reasoning_effort="low", extra={"chat_template_kwargs": {"mood": "glad "}}
    )
    plain, told = engine.run(
        [Job(prompt=say("x"), sampling=Sampling(max_tokens=1)), Job(prompt=say("x"), sampling=options)]
    )
    assert told.tokens_in > plain.tokens_in


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
    assert outputs[0] == engine.run([fine])[0]
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


def test_extremes_of_sampling_are_sound(engine: Local) -> None:
    greedy = engine.run(jobs(3, temperature=0))
    for sampling in ({"temperature": 1e-30}, {"temperature": 5e-324}, {"top_p": 1e-9}):
        assert [output.text for output in engine.run(jobs(3, **sampling))] == [o.text for o in greedy]
    hot = engine.run(jobs(3, temperature=1e30))
    assert not any(output.failure for output in hot)


def test_a_digest_follows_every_file_that_counts(folder: Path, tmp_path: Path) -> None:
    engine = Local(str(folder), device="cpu")
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "README.md").write_text("changes nothing")
    assert Local(str(copy), device="cpu").digest == engine.digest
    assert Local(str(copy), device="cpu", dtype="bfloat16").digest != engine.digest
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    one = Local(str(copy), device="cpu").digest
    (copy / "chat_template.jinja").write_text(TEMPLATE + " ")
    assert len({one, engine.digest, Local(str(copy), device="cpu").digest}) == 3


def test_formats_are_as_asked(folder: Path) -> None:
    for name in ("float32", "bfloat16", "float16"):
        engine = Local(str(folder), device="cpu", dtype=name)
        assert str(engine._network._model.dtype) == f"torch.{name}"
        output = engine.run([Job(prompt=say("hello"), sampling=Sampling(max_tokens=3))])[0]
        assert not output.failure


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


def test_loading_and_answering_print_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    logging.enable_progress_bar()
    Local(str(folder), device="cpu").run(jobs(2))
    assert logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    assert capfd.readouterr() == ("", "")


def refusal(spec: object, **settings: Any) -> str:
    with pytest.raises(UsageError) as caught:
        Local(str(spec), **{"device": "cpu", **settings})
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_settings_that_cannot_be(folder: Path) -> None:
    assert refusal(folder, dtype="foo") == "dtype 'foo' is not one of auto, float32, float16, bfloat16"
    assert refusal(folder, device="foo") == "device 'foo' is not one of auto, cuda, mps, cpu, cuda:N"
    assert refusal(folder, device="cuda:x") == "device 'cuda:x' is not one of auto, cuda, mps, cpu, cuda:N"
    assert "is not seen by torch" in refusal(folder, device="cuda:99")
    assert refusal(folder, batch_size=0) == "a batch of 0 jobs is none; give at least 1"


def test_places_that_hold_no_model(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    assert refusal(tmp_path) == f"{tmp_path}: no config.json in this folder, so it holds no model"
    assert "no such folder; give one that holds config.json, or a hub id" in refusal(tmp_path / "nowhere")
    assert "no such folder" in refusal("")
    assert "the Hugging Face hub cannot be reached" in refusal("someone/something")
    assert "hf download someone/something" in refusal("someone/something")
    assert refusal(f"{folder}+{tmp_path}") == (
        f"{tmp_path}: no adapter_config.json in this folder, so it holds no adapter"
    )
    assert "give one that holds adapter_config.json" in refusal(f"{folder}+{tmp_path / 'nowhere'}")
    assert "the Hugging Face hub cannot be reached" in refusal(f"{folder}+someone/adapter")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("GatedRepoError", "accept its terms on the hub, then log in: hf auth login"),
        ("RepositoryNotFoundError", "no folder of this name, and no model on the Hugging Face hub"),
        ("EntryNotFoundError", "no config.json in this repository of the hub"),
        ("OfflineModeIsEnabled", "cannot be reached"),
        ("OSError", "cannot be fetched from the Hugging Face hub: it broke"),
    ],
)
def test_refusals_of_the_hub(monkeypatch: pytest.MonkeyPatch, error: str, words: str) -> None:
    def fail(*_: Any, **__: Any) -> str:
        kind = OSError if error == "OSError" else getattr(huggingface_hub.errors, error)
        raised = kind.__new__(kind)
        raised.args = ("it broke\nin two lines",)
        raise raised

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    assert words in refusal("someone/something")


def test_a_model_from_the_hub_goes_by_its_commit(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the hub's cache, as it is laid out on disk; nothing is fetched."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    digests = set[str]()
    for commit in ("1" * 40, "2" * 40):
        kept = tmp_path / "models--someone--tiny"
        shutil.copytree(folder, kept / "snapshots" / commit)
        (kept / "refs").mkdir(exist_ok=True)
        (kept / "refs" / "main").write_text(commit)
        engine = Local("someone/tiny", device="cpu")
        assert engine.name == "someone/tiny"
        assert not engine.run(jobs(1))[0].failure
        digests.add(engine.digest)
    assert len(digests) == 2


def test_files_that_cannot_be_loaded(folder: Path, tmp_path: Path) -> None:
    def broken(name: str) -> Path:
        return shutil.copytree(folder, tmp_path / name)

    weightless = broken("weightless")
    (weightless / "model.safetensors").unlink()
    assert "cannot be loaded:" in refusal(weightless)
    damaged = broken("damaged")
    (damaged / "model.safetensors").write_bytes(b"nonsense")
    assert "cannot be loaded:" in refusal(damaged)
    wordless = broken("wordless")
    (wordless / "tokenizer.json").unlink()
    (wordless / "tokenizer_config.json").unlink()
    assert "tokenizer cannot be loaded" in refusal(wordless)
    garbled = broken("garbled")
    (garbled / "config.json").write_text("{")
    assert "cannot be loaded:" in refusal(garbled)
    larger = broken("larger")
    config = json.loads((larger / "config.json").read_text())
    (larger / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    assert "no causal language model, or not all of it: 9 tensors are missing" in refusal(larger)
    (larger / "config.json").write_text(json.dumps({**config, "hidden_size": 32}))
    assert "its weights are not of the shapes that its config.json says" in refusal(larger)
    own = {"AutoConfig": "configuration_x.X", "AutoModelForCausalLM": "modeling_x.X"}
    (larger / "config.json").write_text(json.dumps({**config, "model_type": "own", "auto_map": own}))
    assert "it comes with code of its own, which mien does not run" in refusal(larger)


def test_adapters_that_do_not_fit(folder: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    build_adapter(folder, adapter)
    config = json.loads((adapter / "adapter_config.json").read_text())
    for change in (
        {"target_modules": ["c_attn"]},
        {"r": 8},
        {"target_modules": ["q_proj", "down_proj", "v_proj"]},
    ):
        (adapter / "adapter_config.json").write_text(json.dumps({**config, **change}))
        assert f"{adapter}: the adapter does not fit {folder}: " in refusal(f"{folder}+{adapter}")
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    shorter = shutil.copytree(folder, tmp_path / "shorter")
    shape = json.loads((shorter / "config.json").read_text())
    (shorter / "config.json").write_text(json.dumps({**shape, "num_hidden_layers": 1}))
    assert "the model has no place for base_model.model.model.layers.1" in refusal(f"{shorter}+{adapter}")
    (adapter / "adapter_model.safetensors").unlink()
    assert refusal(f"{folder}+{adapter}") == (
        f"{adapter}: no adapter_model.safetensors beside its adapter_config.json"
    )


def test_a_conversation_needs_a_chat_template(tmp_path: Path) -> None:
    base = build(tmp_path / "base", template=None)
    engine = Local(str(base), device="cpu")
    assert not engine.run([Job(prompt="hello", sampling=Sampling(max_tokens=2))])[0].failure
    with pytest.raises(
        InputError, match="base: the model has no chat template, and a conversation needs one"
    ):
        engine.run([Job(prompt=say("hello"))])


def test_models_with_another_kind_of_memory_are_refused(tmp_path: Path) -> None:
    tokenizer = build_tokenizer(tmp_path)
    config = transformers.MambaConfig(
        vocab_size=len(tokenizer), hidden_size=16, state_size=4, num_hidden_layers=1, expand=1
    )
    transformers.MambaForCausalLM(config).save_pretrained(tmp_path)
    assert "models of the kind mamba keep their state in a way of their own" in refusal(tmp_path)


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_the_extra_is_named_where_it_is_missing(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "mien.models.local")
    with pytest.raises(UsageError, match=r"pip install 'mien\[local\]'"):
        importlib.import_module("mien.models.local")


def test_peft_is_named_where_it_is_missing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_adapter(folder, tmp_path / "adapter")
    monkeypatch.setitem(sys.modules, "peft", None)
    assert "is an adapter, which needs peft" in refusal(f"{folder}+{tmp_path / 'adapter'}")
