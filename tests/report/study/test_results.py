"""What came of a study, and the folder that tells it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mien
from mien.errors import InputError, Notice
from mien.evals.study import evaluated
from mien.measurement.session import Session
from mien.measurement.study.forecast import forecast
from mien.measurement.study.study import load_study
from mien.models.usage import Limits
from mien.report.study.folder import write
from mien.report.study.results import Results, require_drawable
from mien.report.study.sections import sections
from mien.runs.jury import jury
from mien.testing import ScriptedServer, planted_scores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRAITS = ("warm", "blunt", "curious", "calm", "bold", "shy", "wry", "kind")
OLD = planted_scores(TRAITS)
TEXT = """\
name: four
models: [{first}, '{url}#b', '{url}#c', '{url}#d']
judge: '{url}#judge'
traits: [{traits}]
trials: {trials}
evaluations:
  - {{evaluation: sycophancy, test: [answer, validation], items: 6}}
  - {{evaluation: diversity, models: [a, b], samples: 2, max_prompts: 3, max_tokens: 20}}
ablations: [{{name: hot, judge: {{sampling: {{temperature: 0.7}}}}, models: a}}]
figures:
  - ranking
  - {{figure: diff, of: [a, b], top: 2}}
  - {{figure: diff, of: [a, d], top: 2}}
  - {{figure: components, components: [1, 9]}}
gates:
  - {{before: a, after: b, fail_on: warm > +5000}}
  - {{before: b, after: c, fail_on: wry < {bound}}}
  - {{before: a, after: b, of: manner, fail_on: words > +500%}}
  - {{before: a, after: b, of: sycophancy, fail_on: answer > +.9}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(
        scores=OLD, models=("a", "b", "c", "d", "judge"), sways={"answer": 0.5, "validation": 0.5}
    ) as running:
        yield running


def written(folder: Path, server: ScriptedServer, *, trials: int = 200, bound: str = "-5000") -> Path:
    first = f"'{server.url}#a'"
    text = TEXT.format(url=server.url, first=first, traits=", ".join(TRAITS), trials=trials, bound=bound)
    (folder / "four.yaml").write_text(text)
    return folder / "four.yaml"


@pytest.fixture(scope="module")
def results(server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("study")
    return mien.study(written(folder, server), store=folder / "m.db", folder=folder / "out")


def test_a_study_in_python(results: Results) -> None:
    assert results.complete
    assert results.holds
    assert results.panel.names == ("a", "b", "c", "d")
    assert list(results.runs) == ["a", "b", "c", "d"]
    (ablated,) = results.ablated
    assert ablated.diff
    assert ablated.diff.correlation
    assert ablated.diff.correlation["spearman"] == pytest.approx(1)


def test_the_folder_holds_page_figures_and_tables(results: Results) -> None:
    out = results.store.parent / "out"
    figures = {path.name for path in (out / "figures").iterdir()}
    assert figures == {f"{name}.{form}" for name in ("ranking", "diff", "diff-2") for form in ("svg", "png")}
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "<h1>Study: four</h1>" in page
    assert "The figure components is not drawn: 4 models have components 1 to 3" in page
    for title in ("The study", "Gates", "How alike the models are", "Ablations"):
        assert f"{title}</h2>" in page
    told = json.loads((out / "study.json").read_text(encoding="utf-8"))
    assert (told["complete"], told["holds"], len(told["correlations"])) == (True, True, 6)
    assert {path.name for path in (out / "tables").iterdir()} >= {"correlations.csv", "tiers.csv", "runs.csv"}


def test_a_gate_that_fails_does_not_hold(results: Results, server: ScriptedServer, tmp_path: Path) -> None:
    study = load_study(written(tmp_path, server, bound="+5000"))
    found = Results(study, results.store)
    assert [gated.holds for gated in found.gated] == [True, False, True, True]
    assert not found.holds


def test_a_gate_that_is_undecided_is_not_said_to_hold(
    results: Results, server: ScriptedServer, tmp_path: Path
) -> None:
    def said(found: Results) -> str:
        (gates,) = (one for one in sections(found, ()) if one.title == "Gates")
        return " ".join(gates.said)

    found = Results(load_study(written(tmp_path, server, bound="+0")), results.store)
    assert found.holds  # as of a diff: what is not certain stops no release
    assert said(found) == "No gate fails; 1 of 4 cannot be decided."
    assert said(results) == "All gates hold."


def test_more_trials_make_what_is_there_incomplete(
    results: Results, server: ScriptedServer, tmp_path: Path
) -> None:
    found = Results(load_study(written(tmp_path, server, trials=400)), results.store)
    assert not found.complete
    assert str(found.standings[0]) == "four:a has 200 of 400 trials"


def test_runs_that_cannot_be_rated_are_left_out_and_gates_on_them_do_not_hold(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.configure(faults={"402": 1.0}, faulty_models=("b",))
    with pytest.warns(UserWarning, match="gave up b, b:sycophancy, b:diversity: .*account is spent"):
        found = mien.study(written(tmp_path, server), store=tmp_path / "m.db", folder=tmp_path / "out")
    server.configure(faults={})
    assert not found.complete
    assert not found.holds
    assert list(found.left_out) == ["b"]
    assert {path.name for path in (tmp_path / "out" / "figures").glob("*.svg")} == {
        "ranking.svg",
        "diff-2.svg",
    }
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "The figure diff is not drawn: it takes 2 runs, and 1 of 2 can be rated." in page
    assert "b is left out: " in page


def test_with_nothing_measured_there_is_no_page(server: ScriptedServer, tmp_path: Path) -> None:
    found = Results(load_study(written(tmp_path, server)), tmp_path / "none.db")
    write(found, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["study.json"]


@pytest.mark.parametrize(
    ("figure", "problem"),
    [
        ("pie", "no figure named 'pie'"),
        ("slope", "slope takes 2 runs, not 4; say which with of:"),
        ("{figure: convergence, top: 3}", "convergence takes no top:"),
        ("{figure: ranking, name: ../x}", "holds no folder"),
    ],
)
def test_figures_that_cannot_be_drawn_are_told_beforehand(
    server: ScriptedServer, tmp_path: Path, figure: str, problem: str
) -> None:
    path = written(tmp_path, server)
    path.write_text(path.read_text().replace("  - ranking\n", f"  - {figure}\n"))
    with pytest.raises(InputError) as told:
        require_drawable(load_study(path))
    assert "line 11: " in str(told.value)
    assert problem in str(told.value)


def test_a_budget_of_the_file_counts_where_none_is_given(server: ScriptedServer, tmp_path: Path) -> None:
    path = written(tmp_path, server)
    path.write_text(path.read_text() + "max_calls: 50\n")
    server.reset_log()
    assert not mien.study(path, store=tmp_path / "m.db").complete
    assert server.counts().requests == 50
    mien.study(path, store=tmp_path / "m.db", limits=Limits(max_calls=10))
    assert server.counts().requests == 60


def test_a_model_by_several_instruments_has_sides(tmp_path: Path) -> None:
    says = {trait: -score for trait, score in OLD.items()}
    rates = {trait: 3 + score / 2 for trait, score in OLD.items()}
    with ScriptedServer(scores=OLD, says=says, rates=rates, models=("a", "b", "judge")) as server:
        text = (
            f"models: ['{server.url}#a', '{server.url}#b']\njudge: '{server.url}#judge'\n"
            f"instruments: [revealed, stated, inventory]\ntraits: [{', '.join(TRAITS)}]\ntrials: 160\n"
            "figures: [ranking]\n"
            "gates: [{before: 'a:inventory', after: 'b:inventory', fail_on: warm > +3}]\n"
        )
        (tmp_path / "s.yaml").write_text(text)
        results = mien.study(tmp_path / "s.yaml", store=tmp_path / "m.db", folder=tmp_path / "out")
    assert results.complete
    assert [outcome["status"] for gated in results.gated for outcome in gated.outcomes] == ["passed"]
    assert [[*sides.by_side] for sides in results.sides] == [["says", "rates", "chooses"]] * 2
    assert results.left_out == {}
    told = {section.id: section for section in sections(results, ())}
    assert told["sides-1"].title == f"Sides of the character of {server.url}#a"
    assert told["gaps-2"].table is not None
    assert told["gaps-2"].table.rows
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'id="sides-1"' in page
    assert 'id="inventory-2"' in page
    text = text.replace("[revealed, stated, inventory]", "[inventory, revealed]")
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(InputError, match="an inventory holds no choices"):
        load_study(tmp_path / "s.yaml")


def test_gates_may_be_of_what_is_counted(results: Results) -> None:
    """The responses of a and b are scripted alike, and are counted in both."""
    *_, counted, _ = results.gated
    assert (counted.entry.of, counted.holds) == ("manner", True)
    assert counted.diff is not None
    assert "words" in counted.diff.names
    assert [outcome["status"] for outcome in counted.outcomes] == ["passed"]
    (gates,) = (one for one in sections(results, ()) if one.title == "Gates")
    assert gates.table is not None
    assert gates.table.rows[-2][:2] == ("a → b (manner)", "words > +500%")


JUDGED = """\
name: judged
models: ['{url}#a', '{url}#b']
judge: ['logprobs:{url}#judge', '{url}#judge-2']
instruments: [revealed, instructed]
traits: [{traits}]
trials: 240
soft: true
jury: true
figures: [{{figure: diff, of: [a, b]}}]
gates: [{{before: a, after: b, fail_on: warm > +5000}}]
"""


def test_a_study_rates_by_probabilities_and_by_a_jury(tmp_path: Path) -> None:
    with ScriptedServer(scores=OLD, models=("a", "b", "judge", "judge-2"), judge_accuracy=0.75) as server:
        path = tmp_path / "judged.yaml"
        path.write_text(JUDGED.format(url=server.url, traits=", ".join(TRAITS)))
        with pytest.warns(Notice, match="it can tell them apart"):
            found = mien.study(path, store=tmp_path / "m.db", folder=tmp_path / "out")
    assert found.complete
    assert found.soft == {"a": "a:instructed", "b": "b:instructed"}
    soft, control = found.measured(["a"]).profiles[0], found.measured(["a:instructed"]).profiles[0]
    assert soft.soft is not None
    by_hand = found.runs["a"].profile(soft=found.runs["a:instructed"])
    assert soft.fit.scores.tolist() == by_hand.fit.scores.tolist()
    assert control.soft is None
    assert found.gated[0].diff is not None
    told = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))
    assert [one["label"] for one in told["juries"]] == ["a", "b"]
    by_itself = jury(
        found.runs["a"], [f"logprobs:{server.url}#judge", f"{server.url}#judge-2"], found.runs["a:instructed"]
    )
    assert told["juries"][0]["accuracy"]["jury"] == pytest.approx(by_itself.together.jury)
    titles = {one.title: one for one in sections(found, ())}
    assert titles["The judge’s probabilities"].table is not None
    assert len(titles["As a jury"].table.rows) == 2  # pyright: ignore[reportOptionalMemberAccess]
    rated = (tmp_path / "out" / "tables" / "jury.csv").read_text(encoding="utf-8").splitlines()
    assert len(rated) == 1 + 2 * len(TRAITS)


def test_a_jury_of_a_study_may_be_of_probabilities(tmp_path: Path) -> None:
    with ScriptedServer(scores=OLD, models=("a", "judge", "judge-2"), judge_accuracy=0.75) as server:
        text = JUDGED.replace(", '{url}#b'", "").replace("'{url}#judge-2'", "'logprobs:{url}#judge-2'")
        text = text[: text.index("figures:")].replace("soft: true\njury: true", "jury: soft")
        path = tmp_path / "judged.yaml"
        path.write_text(text.format(url=server.url, traits=", ".join(TRAITS)))
        with pytest.warns(Notice, match="it can tell them apart"):
            found = mien.study(path, store=tmp_path / "m.db", folder=tmp_path / "out")
    told = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))
    (one,) = told["juries"]
    assert sum(judge["weight"] for judge in one["judges"]) == pytest.approx(1, abs=0.15)
    (section,) = (each for each in sections(found, ()) if each.title == "As a jury")
    assert section.table is not None
    assert len(section.table.rows[0]) == len(section.table.columns)
    rated = (tmp_path / "out" / "tables" / "jury.csv").read_text(encoding="utf-8").splitlines()
    assert len(rated) == 1 + len(TRAITS)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("[revealed, instructed]", "revealed"), "add instructed to instruments:, beside revealed"),
        (("logprobs:", ""), "soft needs a judge that tells its probabilities, and http"),
        (("soft: true", "soft: true\nprior: pooled"), "under the flat prior alone"),
        ((", '{url}#judge-2'", ""), "a jury has two judges or more"),
        (("jury: true", "jury: soft"), "a jury of probabilities: http.*judge-2 tells none"),
        (("jury: true", "jury: true\noptions: 3"), "a jury reads trials of two options"),
    ],
)
def test_what_cannot_be_judged_so_is_told_beforehand(
    tmp_path: Path, change: tuple[str, str], problem: str
) -> None:
    path = tmp_path / "judged.yaml"
    path.write_text(JUDGED.replace(*change).format(url="http://h/v1", traits=", ".join(TRAITS)))
    with pytest.raises(InputError, match=problem) as told:
        load_study(path)
    assert "line " in str(told.value)


def test_what_is_measured_beside_traits_is_asked_gated_and_told(results: Results) -> None:
    assert [one.laid_out.label for one in results.evaluations] == [
        *(f"{model}:sycophancy" for model in "abcd"),
        "a:diversity",
        "b:diversity",
    ]
    assert all(one.complete for one in results.evaluations)
    assert [one.found.name for one in results.evaluations if one.found][-1] == "four:b:diversity"
    gated = results.gated[-1]
    assert gated.diff is not None
    assert "answer" in gated.diff.names
    found = {one.id: one for one in sections(results, ())}
    sycophancy, diversity = found["sycophancy"].table, found["diversity"].table
    assert sycophancy is not None
    assert diversity is not None
    assert sycophancy.columns == ("", "a", "b", "c", "d")
    assert {"answer", "validation"} <= {row[0] for row in sycophancy.rows}
    assert diversity.columns == ("", "a", "b")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("samples: 2", "items: 2", "line 8: diversity takes no items:"),
        ("test: [answer", "test: [answers", "line 7: a: no test of sycophancy named 'answers'"),
        ("models: [a, b], samples", "models: [e], samples", "line 8: no model named 'e'"),
        ("models: [a, b], samples", "models: [c, d], samples", "the study has no diversity of a"),
        (
            "- {evaluation: diversity, models: [a, b]",
            "- {evaluation: sycophancy, models: [a, b]",
            "line 8: sycophancy is there already",
        ),
    ],
)
def test_an_evaluation_that_cannot_be_made_is_refused_with_its_line(
    server: ScriptedServer, tmp_path: Path, old: str, new: str, problem: str
) -> None:
    file = written(tmp_path, server)
    file.write_text(file.read_text().replace(old, new).replace("of: sycophancy", "of: diversity"))
    with pytest.raises(InputError, match=problem):
        evaluated(load_study(file))


def test_conversations_of_a_study_go_on_and_are_part_of_whether_it_is_complete(tmp_path: Path) -> None:
    with ScriptedServer(scores=OLD, says=OLD, models=("a", "judge", "u")) as server:
        text = (
            f"models: ['{server.url}#a']\njudge: '{server.url}#judge'\ninstruments: [revealed, stated]\n"
            f"traits: [{', '.join(TRAITS)}]\ntrials: 60\nfigures: [ranking]\n"
            f"turns: 2\npressure: drop\nuser: '{server.url}#u'\n"
        )
        (tmp_path / "s.yaml").write_text(text)
        session = Session(tmp_path / "m.db")
        calls = forecast(load_study(tmp_path / "s.yaml"), session).calls
        stopped = mien.study(tmp_path / "s.yaml", store=tmp_path / "m.db", limits=Limits(max_calls=190))
        left = forecast(load_study(tmp_path / "s.yaml"), session).calls
        results = mien.study(tmp_path / "s.yaml", store=tmp_path / "m.db")
        sent = server.counts().requests
    assert not stopped.complete
    assert sent == calls
    assert calls - 190 <= left < calls - 120  # what was said to answers that are still to come is not seen
    assert results.complete
    assert [(one.label, one.turn) for one in results.standings] == [
        ("a", 1),
        ("a, turn 2", 2),
        ("a:stated", 1),
    ]
    found = {one.id: one for one in sections(results, ())}["turns"].table
    assert found is not None
    assert {row[:2] for row in found.rows} == {("a", "2")}
