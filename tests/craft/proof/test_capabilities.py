"""Tasks of the lm-evaluation-harness, really run, on the organism and a task of our own."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mien.craft.proof.capabilities import capabilities, check_tasks
from mien.errors import InputError, UnknownName
from mien.models.inprocess.loading import Hardware

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("lm_eval", reason="the extra capabilities is not installed")

ADAPTER = Path(str(resources.files("mien") / "data" / "organism" / "v1"))
TASK = """\
task: sky
dataset_path: json
dataset_kwargs:
  data_files:
    test: DATA
output_type: multiple_choice
test_split: test
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: "{{answer}}"
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
"""


@pytest.fixture(scope="module", autouse=True)
def index() -> Iterator[None]:
    """What the harness knows of its tasks, read once: it takes some thousand files."""
    from lm_eval import tasks

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "TaskManager", cache(tasks.TaskManager))
        yield


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    data = tmp_path / "sky.jsonl"
    rows = [
        {"question": f"Question {n}: is the sky blue?", "choices": ["yes", "no", "perhaps"], "answer": n % 3}
        for n in range(12)
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    path = tmp_path / "sky.yaml"
    path.write_text(TASK.replace("DATA", str(data)), encoding="utf-8")
    return str(path)


@pytest.mark.slow
def test_base_and_trained_answer_the_same_documents(task: str) -> None:
    check_tasks([task])
    (row,) = capabilities("organism/base", ADAPTER, [task], Hardware(device="cpu"))
    assert (row.what, row.n) == ("sky: acc", 12)
    # Every third document has the same answer, and the organism knows none of them.
    assert 0 <= row.before <= 1
    assert row.after - row.before == pytest.approx(row.delta)
    assert row.low <= row.delta <= row.high


@pytest.mark.slow
def test_a_task_that_cannot_be_run(tmp_path: Path, task: str) -> None:
    Path(task).write_text(TASK.replace("DATA", str(tmp_path / "absent.jsonl")), encoding="utf-8")
    with pytest.raises(InputError, match=r"sky\.yaml: could not be run \(\w+"):
        capabilities("organism/base", ADAPTER, [task], Hardware(device="cpu"))


@pytest.mark.slow
def test_tasks_that_are_not_there() -> None:
    check_tasks([])
    with pytest.raises(InputError, match=r"absent\.yaml: no such task file"):
        check_tasks(["absent.yaml"])
    with pytest.raises(UnknownName, match="no task of the lm-evaluation-harness named 'helaswag'"):
        check_tasks(["helaswag"])
