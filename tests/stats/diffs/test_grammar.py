from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import GateError
from mien.stats.diffs.grammar import parse


@pytest.mark.parametrize(
    ("text", "quantity", "trait", "above", "bound"),
    [
        ("any", "any", "", True, 0),
        ("  any  ", "any", "", True, 0),
        ('"any" > 5', "change", "any", True, 5),
        ("warm > +50", "change", "warm", True, 50),
        ("warm<-50.5", "change", "warm", False, -50.5),
        ("dry wit > .5", "change", "dry wit", True, 0.5),
        ("| dry wit | > 50", "size of change", "dry wit", True, 50),
        ('|"wry|sly"| < 3', "size of change", "wry|sly", False, 3),
        ("rms > 80", "rms", "", True, 80),
        ("rank(warm) > 20", "rank", "warm", True, 20),
        ("rank ( dry wit ) < 4", "rank", "dry wit", False, 4),
        ("anything > 1", "change", "anything", True, 1),
        ("rate(apology) < .05", "rate", "apology", False, 0.05),
        ("rate( apology )<5%", "rate", "apology", False, 0.05),
        ("mean(length) > 300", "mean", "length", True, 300),
        ("clause(no_flattery) < .9", "rate", "no_flattery", False, 0.9),
        ("clause < -.1", "change", "clause", False, -0.1),
        ("length > +20%", "change", "length", True, 0.2),
        ("|length| > 20 %", "size of change", "length", True, 0.2),
        ("mean > +50", "change", "mean", True, 50),
        ('"rate" < -5', "change", "rate", False, -5),
    ],
)
def test_what_gates_say(text, quantity, trait, above, bound):
    gate = parse(text)
    assert (gate.quantity, gate.trait, gate.above, gate.bound) == (quantity, trait, above, bound)
    assert gate.text == text
    assert gate.percent == ("%" in text)


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("", 0, "a gate is empty"),
        ("warm", 4, "a bound should stand here"),
        ("warm >", 6, "a number should stand here"),
        ("warm > fifty", 7, "a number should stand here"),
        ("warm > 50 points", 10, "the gate should end here"),
        ("warm > 5O", 7, "a number should stand here"),
        ("warm >> 50", 6, "a number should stand here"),
        ("warm >= 50", 6, "write > or <"),
        ("> 50", 0, "a trait's name should stand here"),
        ("any > 50", 4, "any takes no bound"),
        ("|warm > 50", 6, "'|' should stand here: the size of a change is written |warm|"),
        ("rank > 20", 5, "'(' should stand here: a rank is that of a trait"),
        ("rank(warm > 20", 10, "')' should stand here"),
        ("rank() > 20", 5, "a trait's name should stand here"),
        ('"warm > 20', 0, "these quotes are not closed"),
        ("warm > nan", 7, "a number should stand here"),
        ("wärm > 1e5", 7, "a number should stand here"),
        ("rate(apology < .05", 13, "')' should stand here: a rate is written rate(apology)"),
        ("rate() < .05", 5, "a trait's name should stand here"),
        ("rms > 20%", 8, "a rms takes no per cent"),
        ("rank(warm) > 20%", 15, "a rank takes no per cent"),
        ("mean(length) > 20%", 17, "a mean takes no per cent"),
        ("length > 20%%", 12, "the gate should end here"),
    ],
)
def test_a_malformed_gate_is_pointed_into(text, place, problem):
    with pytest.raises(GateError) as caught:
        parse(text)
    assert problem in caught.value.problem
    assert caught.value.place == place
    said, shown, caret = str(caught.value).split("\n")
    assert said.startswith(f"gate {text!r}: ")
    assert shown == f"  {text}"
    assert caret == " " * (2 + place) + "^"


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='any rmsktew()|<>"=+-.59%\n\u00e9', max_size=20))
def test_any_text_is_read_or_refused(text):
    try:
        gate = parse(text)
    except GateError as error:
        assert 0 <= error.place <= len(text)
        assert len(str(error).split("\n")) == 3
    else:
        assert gate.text == text.replace("\n", " ")
        assert np.isfinite(gate.bound)
