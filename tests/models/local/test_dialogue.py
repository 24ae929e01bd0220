"""Conversations through chat templates of several kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import transformers

from mien.errors import InputError, Notice
from mien.models.engine import Job
from mien.models.local import Local
from mien.types import Message, Sampling
from tests.models.local.tiny import TEMPLATE, build, build_adapter, build_tokenizer, close, log_p, say

if TYPE_CHECKING:
    from pathlib import Path


#: Raised inside peft, which still asks transformers by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
#: As strict as Gemma's: no system message, turns that alternate, the assistant is called "model".
STRICT = (
    "{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Turns must alternate') }}{% endif %}"
    "<|start|>{{ m.role }}\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>model\n{% endif %}"
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


def test_an_adapter_may_bring_its_chat_template(tmp_path: Path) -> None:
    base = build(tmp_path / "base", template=None)
    build_adapter(base, tmp_path / "adapter")
    build_tokenizer(tmp_path / "adapter")
    engine = Local(f"{base}+{tmp_path / 'adapter'}", device="cpu")
    assert engine.run([Job(prompt=say("hello"), sampling=Sampling(max_tokens=1))])[0].failure == ""


def test_a_system_message_that_is_refused_goes_to_the_user(tmp_path: Path) -> None:
    with pytest.warns(Notice, match="takes no system messages"):
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


def test_a_conversation_needs_a_chat_template(tmp_path: Path) -> None:
    base = build(tmp_path / "base", template=None)
    engine = Local(str(base), device="cpu")
    assert not engine.run([Job(prompt="hello", sampling=Sampling(max_tokens=2))])[0].failure
    with pytest.raises(
        InputError, match="base: the model has no chat template, and a conversation needs one"
    ):
        engine.run([Job(prompt=say("hello"))])


def test_a_template_that_opens_reasoning_is_seen_to(tmp_path: Path) -> None:
    template = TEMPLATE.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")
    engine = Local(str(build(tmp_path / "m", template=template)), device="cpu")
    sampling = Sampling(max_tokens=2)
    talk, text = engine.run([Job(prompt=p, sampling=sampling) for p in (say("hello"), "hello <think>")])
    assert (talk.opened, text.opened) == (True, False)
