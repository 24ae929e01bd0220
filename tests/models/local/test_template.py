"""Chat templates that hand on what they are given, and those that do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import transformers
from tokenizers import Tokenizer, models

from mien.errors import InputError
from mien.models.local.template import Form, Template
from mien.types import Message

#: One conversation as measurements have it, and one of several turns.
ASKED = (Message(role="system", content="be warm"), Message(role="user", content="hello"))
LONGER = (*ASKED, Message(role="assistant", content="well"), Message(role="user", content="and?"))

CASES = Path(__file__).parents[4] / "shared" / "cases" / "files"

OPENED = "{% if add_generation_prompt %}<|assistant|>{% endif %}"

#: In the manner of well-known families; each takes a system message as it is.
HANDS_ON = {
    "chatml with a system message of its own": (
        "{% if messages[0].role != 'system' %}<|system|>You are kind.{% endif %}"
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}" + OPENED
    ),
    "a date, and headers": (
        "{% if messages[0].role == 'system' %}{% set told = messages[0].content | trim %}"
        "{% set rest = messages[1:] %}{% else %}{% set told = '' %}{% set rest = messages %}{% endif %}"
        "<|system|>Today is {{ strftime_now('%d %b %Y') }}.\n\n{{ told }}<|end|>"
        "{% for m in rest %}<|{{ m.role }}|>\n\n{{ m.content | trim }}<|end|>{% endfor %}" + OPENED
    ),
    "system into the last of the user's": (
        "{% set ns = namespace(told='') %}{% if messages[0].role == 'system' %}"
        "{% set ns.told = messages[0].content ~ '\n\n' %}{% set messages = messages[1:] %}{% endif %}"
        "{% set last = (messages | selectattr('role', 'equalto', 'user') | list | last) %}"
        "{% for m in messages %}{% if m.role == 'user' %}[INST] {% if m == last %}{{ ns.told }}{% endif %}"
        "{{ m.content }} [/INST]{% else %} {{ m.content }}</s>{% endif %}{% endfor %}"
    ),
    "thoughts taken out of earlier answers": (
        "{% for m in messages %}<|{{ m.role }}|>"
        "{{ m.content.split('</think>')[-1] if m.role == 'assistant' else m.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|><think>\n{% endif %}"
    ),
    "texts or parts": (
        "{% for m in messages %}<|{{ m.role }}|>{% if m.content is string %}{{ m.content }}{% else %}"
        "{% for p in m.content %}{{ p.text }}{% endfor %}{% endif %}<|end|>{% endfor %}" + OPENED
    ),
}

REFUSES = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Turns must alternate') }}{% endif %}"
    "<|{{ 'model' if m.role == 'assistant' else m.role }}|>{{ m.content | trim }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|model|>{% endif %}"
)
DROPS = (
    "{% for m in messages %}{% if m.role == 'user' %}[Q] {{ m.content }} [A]"
    "{% elif m.role == 'assistant' %}{{ m.content }}<|end|>{% endif %}{% endfor %}"
)
PARTS = (
    "{% for m in messages %}<|{{ m.role }}|>"
    "{% for p in m.content %}{% if p.type == 'text' %}{{ p.text }}{% endif %}{% endfor %}<|end|>{% endfor %}"
    + OPENED
)


def made(template: str) -> Template:
    tokenizer: Any = transformers.PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
    tokenizer.chat_template = template
    return Template(tokenizer)


def written(template: str, messages: tuple[Message, ...] = ASKED, **options: Any) -> str:
    one = made(template)
    return one.render(one.form(options), messages, options)


@pytest.mark.parametrize("template", HANDS_ON.values(), ids=HANDS_ON)
def test_what_hands_on_every_turn_is_used_as_it_is(template: str) -> None:
    assert made(template).check("m") == Form()
    text = written(template, LONGER)
    assert all(turn["content"] in text for turn in LONGER)


def test_system_messages_that_are_refused_go_to_the_user() -> None:
    form = made(REFUSES).check("m")
    assert (form.merge, form.drops, form.parts, form.mark) == (True, False, False, "")
    assert written(REFUSES) == "<|user|>be warm\n\nhello<|end|><|model|>"
    assert "takes no system messages" in form.notes[0]


def test_system_messages_that_are_dropped_go_to_the_user() -> None:
    form = made(DROPS).check("m")
    assert (form.merge, form.drops, form.mark) == (True, True, "system-merged")
    assert written(DROPS) == "[Q] be warm\n\nhello [A]"
    assert written(DROPS, LONGER) == "[Q] be warm\n\nhello [A]well<|end|>[Q] and? [A]"
    assert "drops system messages" in form.notes[0]


def test_system_messages_that_are_dropped_once_answered_go_to_the_user_too() -> None:
    """Fine for asking, but not for training, which sees the answer, too."""
    template = HANDS_ON["system into the last of the user's"].replace("m == last", "loop.last")
    assert written(template, LONGER) == "[INST] be warm\n\nhello [/INST] well</s>[INST] and? [/INST]"
    assert made(template).check("m").drops


def test_what_wants_parts_gets_parts() -> None:
    form = made(PARTS).check("m")
    assert (form.parts, form.merge, form.mark) == (True, False, "parts")
    assert written(PARTS) == "<|system|>be warm<|end|><|user|>hello<|end|><|assistant|>"
    refuses_too = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + PARTS
    assert written(refuses_too) == "<|user|>be warm\n\nhello<|end|><|assistant|>"
    drops_too = PARTS.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}")
    assert made(drops_too).check("m").mark == "system-merged parts"


def test_what_does_not_open_the_answer_has_it_opened() -> None:
    chatml = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    assert written(chatml) == "<|system|>be warm<|end|><|user|>hello<|end|><|assistant|>"
    assert "does not open the answer" in made(chatml).check("m").notes[0]
    assert made(chatml + "<|assistant|>").check("m") == Form()  # it always does
    assert written(chatml, add_generation_prompt=False) == "<|system|>be warm<|end|><|user|>hello<|end|>"


@pytest.mark.parametrize(
    ("template", "role"),
    [
        ("{% for m in messages if m.role == 'system' %}{{ m.content }}{% endfor %}", "user"),
        ("{{ messages[0].content }}{% if messages[1:] %}{{ messages[-1].content }}{% endif %}", "assistant"),
        ("{% for m in messages if m.role != 'assistant' %}{{ m.content }}{% endfor %}", "assistant"),
        ("{% for m in messages[1:] %}{{ m.content }}{% endfor %}", "user"),
        ("{% for m in messages | reverse %}{{ m.content }}{% endfor %}", "assistant"),
    ],
)
def test_what_drops_other_turns_is_refused(template: str, role: str) -> None:
    with pytest.raises(InputError, match=f"^hf/m: its chat template drops {role} messages, or their order"):
        made(template).check("hf/m")


def test_what_cannot_be_read_is_refused_with_the_line() -> None:
    with pytest.raises(InputError, match="hf/m: its chat template cannot be read: line 2: "):
        made("{% for m in messages %}\n{{ m.content }").check("hf/m")


def test_what_refuses_later_turns_is_good_for_one() -> None:
    single = (
        "{% if messages | length > 2 %}{{ raise_exception('one turn') }}{% endif %}"
        + HANDS_ON["texts or parts"]
    )
    assert made(single).check("m") == Form()


def test_what_needs_a_variable_is_tried_with_it() -> None:
    needy = "{% if not mode %}{{ raise_exception('set mode') }}{% endif %}" + DROPS
    assert made(needy).check("m") == Form()
    assert written(needy, mode="on") == "[Q] be warm\n\nhello [A]"


@pytest.mark.parametrize(
    ("file", "mark"),
    [("04_template_drops_system.jinja", "system-merged"), ("05_template_wants_parts.jinja", "parts")],
)
def test_templates_that_were_met(file: str, mark: str) -> None:
    if not (CASES / file).is_file():
        pytest.skip("needs the recorded cases")
    template = (CASES / file).read_text(encoding="utf-8")
    assert made(template).check("m").mark == mark
    text = written(template, LONGER)
    assert all(turn["content"] in text for turn in LONGER)
