"""A study's progress: what is told of its runs, and what they did not do."""

from __future__ import annotations

from collections import Counter

import pytest

from mien.cli.output import console
from mien.cli.study_progress import StudyReport, print_study_outcome
from mien.measurement.calls import Progress
from mien.measurement.study.progress import RunProgress, StudyProgress
from mien.models.usage import Tally


@pytest.fixture
def progress() -> StudyProgress:
    whole = Tally(requests=90, tokens_in=1000, tokens_out=500, cost=0.25)
    runs: list[RunProgress] = []
    for label, state, done in (
        ("a", "done", 20),
        ("b\x1b[2J", "running", 5),
        ("c", "failed", 0),
        ("d", "waiting", 0),
    ):
        tally = Tally(whole=whole, tokens_in=done)
        of = Progress(total=20, tally=tally, done=done, failed=done // 5, reasons=Counter({"no answer": 1}))
        run = RunProgress(label=label, trials=20, tally=tally, state=state, progress=of, ended=[])  # type: ignore[arg-type]
        run.ended = [of] if state == "done" else []
        run.failure = "the account is spent" if state == "failed" else ""
        runs.append(run)
    return StudyProgress(runs=runs, tally=whole)


def test_a_plain_line_tells_of_all_and_names_who_is_behind(progress: StudyProgress) -> None:
    line = StudyReport().line(progress)
    assert line.startswith("25/80 trials, ")
    assert "1,500 tokens, $0.2500, 5 failed" in line
    assert line.endswith("1 of 4 runs done; b␛[2J 25%")


def test_the_table_has_a_row_a_run_those_under_way_first(
    progress: StudyProgress, capsys: pytest.CaptureFixture[str]
) -> None:
    console().print(StudyReport().table(progress))
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows[1:5]] == ["b␛[2J", "c", "d", "a"]
    assert "gave up: the account is spent" in rows[2]
    assert rows[5].split()[:3] == ["4", "runs", "25/80"]


def test_what_was_not_done_is_told_once(progress: StudyProgress, capsys: pytest.CaptureFixture[str]) -> None:
    progress.runs[3].failure = "the account is spent"
    progress.runs[0].ended[0].stopped = "the limit of 5 calls is reached"
    print_study_outcome(progress)
    told = capsys.readouterr().err
    assert "Gave up c, d: the account is spent\n" in told
    assert "Stopped: the limit of 5 calls is reached. 25 of 80 trials are through" in told
    assert "a: 4 trials ended without a verdict:\n  1 × no answer\n" in told
