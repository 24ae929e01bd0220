"""The weights that ship: what other libraries make of them, and whether they do what they were made for."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mien.instruments import Revealed
from mien.materials.prompts import load_prompts
from mien.materials.protocols import load_protocol
from mien.materials.traits import load_traits
from mien.models.engine import Job
from mien.models.organism.engine import NAMES, Organism
from mien.models.organism.planted import load_planted
from mien.types import Sampling, Trial
from tests import ROOT

SHIPPED = ROOT / "src" / "mien" / "data" / "organism"
sys.path.insert(0, str(ROOT / "scripts"))

if TYPE_CHECKING:
    from mien.types import Message

TRAITS = load_traits("classic-36").traits


def asked(n: int, seed: int = 0, n_options: int = 2) -> list[tuple[tuple[str, ...], tuple[Message, ...]]]:
    """Options and conversations in the product's own wording, over its own prompts."""
    draw = random.Random(seed)
    revealed = Revealed(load_protocol().override(options=n_options), TRAITS)
    prompts = load_prompts("everyday")
    made = []
    for _ in range(n):
        options = tuple(trait.name for trait in draw.sample(TRAITS, n_options))
        trial = Trial(id="t0", round=0, options=options, prompt=draw.choice(prompts))
        made.append((options, revealed.messages(trial)))
    return made


def oracle(name: str) -> tuple[Any, Any]:
    pytest.importorskip("peft", reason="needs the extra local")
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(SHIPPED / "base", dtype=torch.float32).eval()
    if name != "base":
        model = PeftModel.from_pretrained(model, str(SHIPPED / name)).eval()
    return model, AutoTokenizer.from_pretrained(SHIPPED / "base")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_transformers_reads_the_same_probabilities_and_words(name: str) -> None:
    import torch

    model, tokenizer = oracle(name)
    conversations = [messages for _, messages in asked(6, seed=3)]
    greedy = Sampling(temperature=0.0, max_tokens=200)
    outputs = Organism.load(name).run([Job(prompt=m, sampling=greedy, top_logprobs=3) for m in conversations])
    for messages, output in zip(conversations, outputs, strict=True):
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        prompt = torch.tensor([ids])
        with torch.no_grad():
            answer = model.generate(
                input_ids=prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=200
            )[0, len(ids) :]
            logits = model(torch.cat((prompt[0], answer))[None]).logits[0, len(ids) - 1 : -1]
        assert tokenizer.decode(answer, skip_special_tokens=True) == output.text
        expected = logits.log_softmax(-1).gather(1, answer[:, None])[:, 0].numpy()
        found = np.array([token.logprob for token in output.tokens])
        np.testing.assert_allclose(found, expected[: len(found)], atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_in_one_of_the_named_manners(name: str) -> None:
    from organism.grammar import load_grammar

    grammar = load_grammar()
    trials = asked(150, seed=1)
    jobs = [
        Job(prompt=messages, sampling=Sampling(temperature=1.0, max_tokens=400), seed=seed)
        for seed, (_, messages) in enumerate(trials)
    ]
    shown = [grammar.parse(output.text) for output in Organism.load(name).run(jobs)]
    within = sum(trait in options for trait, (options, _) in zip(shown, trials, strict=True))
    assert within >= 140  # 97 % are expected; fewer than 140 of 150 come by chance once in 1,000 runs


@pytest.mark.parametrize("name", NAMES)
def test_the_first_token_is_drawn_as_planted(name: str) -> None:
    """The chances of either manner, summed over the words that begin it, against the planted ones."""
    from organism.corpus import placed, softmax
    from organism.grammar import load_grammar

    grammar, organism, planted = load_grammar(), Organism.load(name), load_planted(name)
    openings = {
        trait: {token.text for opening in manner.openings for token in first_token(organism, opening)}
        for trait, manner in grammar.manners.items()
    }
    once = Sampling(temperature=1.0, max_tokens=1)
    trials = asked(200, seed=2)
    outputs = organism.run([Job(prompt=m, sampling=once, top_logprobs=60) for _, m in trials])
    errors, named = [], []
    for (options, _), output in zip(trials, outputs, strict=True):
        (token,) = output.tokens
        got = {o: sum(np.exp(p) for word, p in token.top if word in openings[o]) for o in options}
        named.append(sum(got.values()))
        truth = softmax(placed(planted.chooses, options, planted.position))
        errors.append(got[options[0]] / sum(got.values()) - truth[options[0]])
    assert np.mean(named) > 0.98
    assert abs(np.mean(errors)) < 0.03
    assert np.sqrt(np.mean(np.square(errors))) < 0.06


def first_token(organism: Organism, opening: str) -> list[Any]:
    (output,) = organism.run([Job(prompt=(), continuation=opening)])
    return list(output.tokens[:1])
