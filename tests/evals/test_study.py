"""Specs that a study names: laid out for its models, asked, and part of what is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.evals.kinds import found
from mien.evals.study import evaluated
from mien.measurement.session import Session
from mien.measurement.study.registration import content
from mien.measurement.study.study import load_study
from mien.testing import ScriptedServer
from tests.evals.spec.planted import clause, spec

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
models: ['{url}#a', {{model: '{url}#b', system: Be kind.}}]
judge: '{url}#judge'
traits: [warm, curious]
rounds: 4
evaluations:
  - {{evaluation: spec, spec: spec.yaml, samples: 2}}
gates: [{{before: a, after: b, of: spec, fail_on: clause(kind) < .5}}]
"""


def written(folder: Path, url: str, text: str = TEXT) -> Path:
    (folder / "s.yaml").write_text(text.format(url=url))
    (folder / "spec.yaml").write_text(spec([clause("kind", 3, examples=1)]).yaml())
    return folder / "s.yaml"


def test_a_spec_is_asked_of_each_model(tmp_path: Path) -> None:
    with ScriptedServer(keeps={"": 1.0}, models=("a", "b", "judge")) as server:
        study = load_study(written(tmp_path, server.url))
        first, second = evaluated(study)
        assert (first.planned.name, first.planned.judge) == ("s:a:spec", server.judge)
        assert second.planned.system == "Be kind."
        session = Session(tmp_path / "m.db")
        for one in (first, second):
            session.run(lambda one=one: one.conduct(session))
    standings = [one.standing(tmp_path / "m.db") for one in (first, second)]
    assert all(one.complete for one in standings)
    assert [one.estimates.values[0] for one in found([one.found for one in standings if one.found])] == [1, 1]


def test_what_is_registered_holds_the_spec_itself(tmp_path: Path) -> None:
    path = written(tmp_path, "http://h/v1")
    before = content(load_study(path))["evaluations"]
    assert content(load_study(path))["evaluations"] == before
    (tmp_path / "spec.yaml").write_text(spec([clause("kind", 4, examples=1)]).yaml())
    assert content(load_study(path))["evaluations"] != before


def test_a_character_is_stretched_in_the_studys_traits_and_read_by_its_judge(tmp_path: Path) -> None:
    """Six told replies to each of ten prompts, and one without a word, which both traits share."""
    entry = "{{evaluation: breadth, trait: [curious], max_prompts: 10, max_tokens: 99}}"
    text = TEXT.replace("{{evaluation: spec, spec: spec.yaml, samples: 2}}", entry)
    text = text.replace("gates: [{{before: a, after: b, of: spec, fail_on: clause(kind) < .5}}]\n", "")
    study = load_study(
        written(tmp_path, "http://h/v1", text.replace("[warm, curious]", "[warm, curious, dry]"))
    )
    first, second = evaluated(study)
    assert (first.planned.name, first.planned.judge) == ("s:a:breadth", "http://h/v1#judge")
    assert {item.test for item in first.planned.items} == {"curious", "planted curious", "planted answers"}
    assert (second.planned.system, second.planned.settings["max_tokens"]) == ("Be kind.", 99)
    wrong = text.replace("max_prompts: 10", "samples: 10")
    with pytest.raises(InputError, match="breadth takes no samples"):
        evaluated(load_study(written(tmp_path, "http://h/v1", wrong)))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (" spec: spec.yaml,", "", "line 6: a: a spec's file is missing; name it by spec:"),
        ("spec: spec.yaml", "spec: other.yaml", "line 6: a: .*other.yaml: no such file"),
        ("samples: 2", "items: 2", "line 6: spec takes no items:"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        evaluated(load_study(written(tmp_path, "http://h/v1", TEXT.replace(old, new))))
