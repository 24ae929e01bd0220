"""Requests that a server cuts, as its own count of their tokens shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from mien.runs.run import Run
from mien.store.records import JudgeRecord
from mien.store.store import Store
from mien.types import Call, Prompt, Trial, Verdict
from tests.store.test_store import add_run

if TYPE_CHECKING:
    from pathlib import Path

N = 8


def asked(lengths: list[int], tokens: list[int], path: Path, endpoint: str = "http://here/v1") -> list[str]:
    """What is told of a judge's requests of so many bytes, in which its server counts so many tokens."""
    prompts = [Prompt(f"p{i}", f"Question {i}?") for i in range(N)]
    trials = tuple(Trial(f"t{i}", 0, ("warm", "direct"), prompts[i]) for i in range(N))
    with Store(path / "mien.db") as store:
        run = add_run(store, trials=trials)
        store.add_judge(run.id, JudgeRecord(name="j", model="m", settings='{"neither": true}'))
        for trial, length, count in zip(trials, lengths, tokens, strict=True):
            body = msgspec.json.encode({"messages": [{"role": "user", "content": "x" * length}], "x": 1})
            call = Call(key=trial.id, endpoint=endpoint, model="m", request=body, text="a", tokens_in=count)
            store.put_call(call)
            verdict = Verdict(trial=trial.id, judge="j", chosen="warm", order=(), call=call.key)
            store.put_verdict(run.id, verdict)
    return [str(cut) for cut in Run(run.name, path / "mien.db").truncations("j")]


def test_one_count_for_requests_of_other_lengths(tmp_path: Path) -> None:
    (told,) = asked([3000, *range(9000, 9000 + 7000, 1000)], [700, *[2048] * 7], tmp_path)
    assert told.startswith("http://here/v1 counts 2,048 tokens in 7 of 8 requests to m, which are longer")
    assert "OLLAMA_CONTEXT_LENGTH" in told


@pytest.mark.parametrize(
    ("lengths", "tokens", "endpoint"),
    [
        (
            [1000 * i for i in range(1, 9)],
            [240 * i for i in range(1, 9)],
            "http://here/v1",
        ),  # as it should be
        ([12_000] * 8, [2048] * 8, "http://here/v1"),  # one length, one count
        ([8000 + 100 * i for i in range(8)], [2048] * 8, "http://here/v1"),  # they may well have so many
        ([9000 + 1000 * i for i in range(8)], [2048] * 8, "hf"),  # it counts for itself, and cuts nothing
        ([9000 + 1000 * i for i in range(8)], [0] * 8, "http://here/v1"),  # it does not count
        ([9000 + 1000 * i for i in range(8)], [*range(2041, 2049)], "http://here/v1"),
    ],
)
def test_what_is_no_sign_of_it(lengths: list[int], tokens: list[int], endpoint: str, tmp_path: Path) -> None:
    assert asked(lengths, tokens, tmp_path, endpoint) == []
