"""A study's file: what may be left out, and every mistake with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError, UnknownName
from mien.measurement.study.file import examine, read_study, shipped_studies
from mien.measurement.study.study import load_study
from mien.measurement.study.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str], Path]

SMALL = "models: openai/gpt-5.1\njudge: openrouter/j\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_two_lines_are_a_study(write: Write) -> None:
    found = read_study(write(SMALL))
    assert (found.name, found.document.models[0].label) == ("mine", "gpt-5.1")
    assert found.document.judge[0].model == "openrouter/j"
    assert found.document.instruments == ("revealed",)


def test_mistakes_of_form_are_told_together_each_with_its_line(write: Write) -> None:
    text = """\
models:
  - openai/a
  - {model: openai/b, sistem: x}
  - 5
judge: j
trials: -3
description: yes
max_cost: lots
gates:
  - before: a
    fail_on: any
"""
    found, mistakes = examine(write(text))
    assert found is None
    assert [(one.line, one.problem.partition(":")[0]) for one in mistakes] == [
        (3, "key models.1.sistem"),
        (4, "key models.2"),
        (6, "key trials"),
        (7, "key description"),
        (8, "key max_cost"),
        (10, "key gates.0.after"),
    ]
    assert mistakes[0].problem.endswith("no such key")
    assert "its address, or a mapping with model:" in mistakes[1].problem
    with pytest.raises(
        InputError, match=r"line 3: key models.1.sistem: no such key \(5 more: mien study check"
    ):
        read_study(write(text))


@pytest.mark.parametrize(
    ("more", "line", "problem"),
    [
        (
            "models: [openai/a, {model: openai/a, sampling: {temperature: 0}}]",
            1,
            "called 'a' on line 1 already",
        ),
        ("models: [{model: openai/a, name: 'a:b'}]", 1, "holds :"),
        ('models: [{model: openai/a, name: "a\\u202eb"}]', 1, "the name “a"),
        ("models: [{model: openai/a, system: x, system_file: y}]", 1, "keep one"),
        ("judge: [j, j]", 2, "the judge 'j' is named twice"),
        ("trials: 5\nfull: true", 4, "trials says already"),
        ("trials: 5\nuntil_reliability: 0.9", 4, "max_trials bounds a run with a target"),
        ("max_trials: 5", 3, "else write trials"),
        ("endpoints: {opena: {rpm: 3}}", 3, "did you mean openai"),
        ("ablations: [{name: x}]", 3, "does one thing otherwise"),
        ("ablations: [{name: x, condition: like, judge: k}]", 3, "does one thing otherwise"),
        ("ablations: [{name: x, models: gpt, condition: like}]", 3, "did you mean gpt-5.1"),
        ("ablations: [{name: revealed, condition: like}]", 3, "something else already"),
        (
            "gates:\n  - before: a\n    after: b\n    fail_on: [any, warm >> 5]",
            6,
            "'warm >> 5': a number should",
        ),
        ("hypotheses: [{before: a, after: b, expect: warm}]", 3, "'warm':"),
    ],
)
def test_what_does_not_go_together_is_told_with_its_line(
    write: Write, more: str, line: int, problem: str
) -> None:
    key = more.partition(":")[0]
    lines = [row for row in SMALL.splitlines() if not row.startswith(f"{key}:")]
    place = 0 if key == "models" else 1 if key == "judge" else 2
    lines.insert(place, more)
    _, mistakes = examine(write("\n".join(lines) + "\n"))
    assert [(one.line, problem in one.problem) for one in mistakes] == [(line, True)], mistakes


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("gates: [{before: gpt-5.1, after: gpt, fail_on: any}]", "line 3: no run of the study named 'gpt'"),
        ("figures: [{figure: diff, of: [x]}]", "line 3: no run of the study named 'x'"),
        ("traits_of_interest: [warn]", "line 3: no trait named 'warn'; did you mean warm"),
        ("traits: none-such", "line 1: gpt-5.1: no trait set named"),
        ("protocol: none-such", "line 3: no protocol named"),
        ("prompts: none-such.csv", "line 3: none-such.csv: "),
    ],
)
def test_what_a_file_names_is_looked_up(write: Write, more: str, problem: str) -> None:
    with pytest.raises(InputError) as told:
        load_study(write(SMALL + more + "\n"))
    assert problem in str(told.value)


def test_no_study(write: Write) -> None:
    with pytest.raises(UnknownName, match="did you mean krishna2026"):
        read_study("krishna")
    with pytest.raises(InputError, match="no such file"):
        read_study("krishna.yaml")
    with pytest.raises(InputError, match="a study is a mapping"):
        read_study(write("- openai/a\n"))


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_are_laid_out(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    assert study.document.description
    assert not study.warnings


def test_the_published_study_is_as_it_was_published() -> None:
    study = load_study("krishna2026")
    assert {(len(cell.planned.traits.traits), len(cell.planned.design)) for cell in study.cells} == {
        (144, 10_296)
    }
    nine = study.document.figures[0].of
    assert len(nine) == 9
    (contrast,) = study.contrasts
    assert contrast.usual == contrast.other == "gpt-5.1"
    assert study.cells[0].planned.protocol.judge.sampling.temperature == 0.1
    assert study.cells[0].opinions[0].sampling == {"temperature": 0.7}


def test_the_template_is_a_study_with_every_comment_taken_for_text(write: Write) -> None:
    assert len(load_study(write(TEMPLATE)).cells) == 2
    lines = TEMPLATE.splitlines()[2:]
    full = "\n".join(line.replace("# ", "", 1) if line.lstrip().startswith("# ") else line for line in lines)
    study = load_study(write(full + "\n"))
    assert len(study.document.models) == 3
    assert study.document.gates
    assert study.document.hypotheses
    assert {"gpt-5.1:random", "gpt-5.1:instructed", "gpt-5.1:cool"} <= {cell.label for cell in study.cells}
