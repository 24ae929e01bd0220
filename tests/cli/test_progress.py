"""What is told of long work while it goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mien.cli import progress as progress_module
from mien.cli.progress import ProgressReport
from mien.measurement.calls import Progress
from mien.models.usage import Tally, Wait

if TYPE_CHECKING:
    import pytest


def test_a_wait_is_told_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress_module, "LINE_SECONDS", 0.0)
    now = time.monotonic()
    waits = {
        "openai/gpt": Wait(now + 40.4, "HTTP 429: slow [b]down[/b]\x1b[2J"),
        "old": Wait(now - 1, "HTTP 503: past"),
        "short": Wait(now + 1, "HTTP 429: no need to say"),
    }
    ProgressReport()(Progress(total=5, tally=Tally(waits=waits)))
    line = capsys.readouterr().err
    assert "openai/gpt waits 40 s (HTTP 429: slow [b]down[/b]" in line
    assert "past" not in line
    assert "\x1b" not in progress_module.waits(Progress(total=5, tally=Tally(waits=waits)))[0]
    assert "short" not in line


def test_a_long_answer_moves_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress_module, "LINE_SECONDS", 0.0)
    tally = Tally(tokens_in=1_000, tokens_out=200)
    tally.writers["hf/./model"] = lambda: 34
    progress = Progress(
        total=5, tally=Tally(whole=tally)
    )  # a part's own progress tells of the whole's writers
    ProgressReport()(progress)
    assert "0/5 trials, 0.0/s, 34 tokens" in capsys.readouterr().err
    ProgressReport()(Progress(total=5, tally=tally))
    assert "1,234 tokens" in capsys.readouterr().err
