from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.craft.tuning.config import PRESETS, TrainingConfig, load_config
from mien.errors import InputError, UnknownName

if TYPE_CHECKING:
    from pathlib import Path


def test_the_defaults_are_the_published_ones() -> None:
    config = load_config()
    assert config == TrainingConfig()
    assert (config.rank, config.scale, config.learning_rate, config.warmup) == (64, 2.0, 5e-5, 0.1)
    assert (config.batch_size, config.beta, config.nll, config.epochs) == (32, 0.1, 0.1, 1)
    assert config.max_length == 1024


def test_options_lie_over_the_file_and_the_file_over_the_preset(tmp_path: Path) -> None:
    path = tmp_path / "more.yaml"
    path.write_text("learning_rate: 1.0e-3\nrank: 8\n")
    config = load_config(path, preset="small", learning_rate=None, rank=4)
    assert (config.learning_rate, config.rank) == (1e-3, 4)
    assert config.scale == 2  # alpha follows the rank where it is not given
    assert config.batch_size == PRESETS["small"]["batch_size"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rnak: 4", r"more\.yaml, key rnak: no such key"),
        ("beta: -1", "key beta: .*greater than 0"),
        ("method: ppo", "key method"),
        ("- 1", "is a mapping"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_unusable_files_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "more.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=problem):
        load_config(path)


def test_unusable_options_are_refused() -> None:
    with pytest.raises(UnknownName, match="no preset named 'smal'; did you mean small"):
        load_config(preset="smal")
    with pytest.raises(InputError, match="the options, key epochs"):
        load_config(epochs=0)
