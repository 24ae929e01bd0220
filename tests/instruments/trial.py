"""A trial, and what a message lists of it."""

from __future__ import annotations

import re

from mien.types import Prompt, Trait, Trial

TRAITS = (Trait("warm", "kind and close"), Trait("blunt", "says it straight"), Trait("dry"))
TRIAL = Trial("t0", 0, ("blunt", "warm"), Prompt("p", "  What is {options} in f'{x}'?\n"))
CONDITIONS = {"feel": "feels most like you", "like": "most like to adopt", "random": "at random"}


def listed(text: str) -> list[str]:
    return re.findall(r"^- (.*)$", text, re.MULTILINE)
