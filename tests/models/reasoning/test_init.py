"""Reasoning inside answers: taken out where it is meant, left where an answer is about such marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.models.reasoning import Split, markup, opened, split

HM = "I am to be warm or curious. Curious it is."
YES = "Glad you asked. Here we go."
HARMONY = "<|channel|>{}<|message|>"
START = "<|start|>assistant"

LEADING = {
    "think": ("<think>", "</think>"),
    "spaced": ("\n<think>\n", "\n</think>\n\n"),
    "thinking": ("<thinking>", "</thinking>\n"),
    "thought": ("<thought>", "</thought>\n"),
    "thoughts": ("<Thoughts>", "</Thoughts>\n"),
    "reasoning": ("<reasoning>", "</reasoning>"),
    "attribute": ('<think effort="low">', "</think>"),
    "seed": ("<seed:think>", "</seed:think>"),
    "brackets": ("[THINK]", "[/THINK]"),
    "kimi": ("◁think▷", "◁/think▷"),
    "command": ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    "openthinker": ("<|begin_of_thought|>", "<|end_of_thought|>\n\n<|begin_of_solution|>"),
    "apertus": ("<|inner_prefix|>", "<|inner_suffix|>"),
    "gemma": ("<|channel>thought\n", "<channel|>"),
    "solar": ("<|think|>", "<|end|><|begin|>assistant<|content|>"),
    "harmony": (HARMONY.format("analysis"), f"<|end|>{START}{HARMONY.format('final')}"),
    "harmony from its start": (
        START + HARMONY.format("analysis"),
        f"<|end|>{START}{HARMONY.format('commentary')}I look.<|end|>{START}{HARMONY.format('final')}",
    ),
    "harmony without its tokens": ("analysis", "assistantfinal"),
    "wrapped": ("<think>", "</think>\n<answer>"),
}


@pytest.mark.parametrize("name", LEADING)
def test_reasoning_that_leads(name: str) -> None:
    begin, end = LEADING[name]
    found = split(f"{begin}{HM}{end}{YES}")
    assert found.answer == YES
    assert found.reasoning.startswith(HM)
    assert not found.unopened
    assert not markup(found.answer)


@pytest.mark.parametrize("name", LEADING)
def test_reasoning_that_was_cut_off_leaves_no_answer(name: str) -> None:
    assert split(LEADING[name][0] + HM, cut=True) == Split("", HM)


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("<think>a</think><think>b</think>yes", "yes"),
        ("<think>\n\n</think>\n\nyes", "yes"),
        ("<think>It ends with `</think>`, so.</think>yes", "yes"),
        ("<think>a</think><answer>yes</answer>", "yes"),
        ("<think>a</think>yes<|im_end|>", "yes"),
        ("<|start|>assistant<|channel|>final<|message|>yes<|return|>", "yes"),
        ("assistantfinalYes", "Yes"),
        ("finalYes, gladly.", "Yes, gladly."),
        ('analysis"Warm" it is.assistantfinalYes', "Yes"),
        ("Here is my thought process: a. Here is my response: yes", "yes"),
        ("Okay.\n<think>a</think>\nyes", "Okay.\nyes"),
        ("Okay. <think>\na\n</think>\nyes", "Okay. yes"),
        ("Okay.\n[THINK]a[/THINK]\nOn.\n[THINK]b[/THINK]\nyes", "Okay.\nOn.\nyes"),
    ],
)
def test_reasoning_in_other_places(content: str, answer: str) -> None:
    assert split(content).answer == answer


@pytest.mark.parametrize("end", ["</think>", "\n</think>\n\n", "[/THINK]", "assistantfinal", "</thinking>\n"])
def test_a_closing_mark_alone_ends_what_the_template_opened(end: str) -> None:
    assert split(f"{HM}{end}{YES}") == Split(YES, HM, unopened=True)
    assert split(f"{end}{YES}").unopened is False  # nothing was thought


def test_reasoning_that_begins_late_and_was_cut_off_leaves_no_answer() -> None:
    assert split("Okay.\n<think>I am to be warm", cut=True) == Split("", "Okay.\nI am to be warm")
    assert split("Okay.\n<think>I am to be warm").answer == "Okay.\n<think>I am to be warm"


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("Write <think> and </think> around it.", "<think>"),
        ("Close it with </think>, then answer.", "</think>"),
        ("Sure. <think>I am warm.</think> Yes.", "<think>"),
        ("Such as:\n<think>\nhm\n</think>\nyes", "<think>"),
        ("thought\nI am warm", "thought\n"),
        ("yes<|eot_id|>", "<|eot_id|>"),
        ("yes<end_of_turn>", "<end_of_turn>"),
        ("Use:\n```\n<think>\nhm\n</think>\n```\nand go on.", ""),
        ("Close it with `</think>` and answer.", ""),
        ('It is called "<think>" there.', ""),
        ("let f = x <| g -> 1 |> h", ""),
        ("An analysis: in the assistantfinal state.", ""),
        ("analysis of a pot", ""),
        ("analysisResult = analyse(pot)", ""),
        ('analysis("pot")', ""),
        ("finalAnswer = 5", ""),
        ("final words", ""),
        ("Here is my thought process: first, the pot.", ""),
        ("if a < b and c > d: [1]", ""),
        ("  I think > you. ", ""),
    ],
)
def test_what_may_be_meant_is_left_as_it_is_and_told(answer: str, left: str) -> None:
    assert split(answer) == Split(answer)
    assert markup(answer) == left


def test_prompts_that_open_reasoning() -> None:
    assert opened("<|im_start|>assistant\n<think>\n")
    assert opened("[INST]Hello[/INST][THINK]")
    assert not opened("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert not opened("<|im_start|>assistant\n")


@given(st.text(alphabet="ab<>[]/think|channel◁▷`\n .:", max_size=60), st.booleans())
def test_nothing_is_made_up(content: str, cut: bool) -> None:
    found = split(content, cut=cut)
    assert len(found.answer) + len(found.reasoning) <= len(content)
    if not found.reasoning and found.answer:
        assert found.answer in content


def test_long_texts_are_read_quickly() -> None:
    for text in ("x\n<think>" * 20_000, "<think>a</think>\n" * 10_000, "a</think> b " * 10_000):
        split(text)
        markup(text)
