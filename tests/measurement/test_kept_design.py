"""A design in a file: read as it was written, whole or in part; and what is no such file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.materials.traits import traits_from_names
from mien.measurement import kept_design
from mien.measurement.kept_design import KeptDesign, read_design, write_design
from mien.measurement.length import Length
from mien.measurement.run_plan import Materials, plan
from mien.stats.design.shards import Shard
from mien.stats.design.trials import TRIAL_ARRAYS, lay_out
from mien.types import Prompt
from tests.measurement.planted import TRAITS

if TYPE_CHECKING:
    from pathlib import Path

PROMPTS = [Prompt(f"p{i}", f"Hello {i}", "a", "en", "s") for i in range(300)]
KEPT = KeptDesign(
    traits_from_names(TRAITS), lay_out(TRAITS, PROMPTS, rounds=70, n_options=3, order="listed", seed=9)
)
MODELS = ("http://localhost/v1#m", "http://localhost/v1#j")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_design(tmp_path / "file.design", KEPT)
    return tmp_path / "file.design"


@pytest.mark.parametrize("shard", [Shard(), Shard(1, 4), Shard(4, 4), Shard(2, 5)])
def test_a_shard_is_read_as_it_would_be_laid_out(
    file: Path, shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_design, "_PIECE", 7)
    read = read_design(file, shard)
    expected = KEPT.design.part(shard)
    assert read.traits == KEPT.traits
    assert (read.design.name, read.design.prompts) == (expected.name, expected.prompts)
    assert list(read.design) == list(expected)
    for name in TRIAL_ARRAYS:
        assert getattr(read.design, name).dtype == np.int32
        assert np.array_equal(getattr(read.design, name), getattr(expected, name))


def test_a_run_takes_its_trials_from_the_file(file: Path) -> None:
    materials = Materials(design=file)
    with pytest.raises(InputError, match=r"file\.design: the design's options is 3, the run's is to be 2"):
        plan(*MODELS, materials=materials)
    protocol = kept_protocol()
    planned = plan(*MODELS, materials=replace(materials, protocol=protocol), length=Length(shard=Shard(2, 3)))
    assert list(planned.design) == list(KEPT.design.part(Shard(2, 3)))
    assert planned.traits.names == tuple(TRAITS)


def kept_protocol() -> Any:
    from mien.materials.protocols import load_protocol

    return load_protocol().override(options=3, order="listed")


@pytest.mark.parametrize(
    ("beside", "problem"),
    [
        ({"length": Length(rounds=3)}, "says how long the run is"),
        ({"length": Length(until_reliability=0.9)}, "says how long the run is"),
        ({"seed": 4}, "the design's seed is 9, the run's is to be 4"),
        ({"length": Length(shard=Shard(1, 999))}, "234 trials make no 999 shards"),
    ],
)
def test_what_a_design_says_is_not_said_otherwise(file: Path, beside: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        plan(*MODELS, materials=Materials(design=file, protocol=kept_protocol()), **beside)
    with pytest.raises(UsageError, match="leave out --traits and --prompts"):
        Materials(design=file, traits=TRAITS)


def test_what_is_no_design_is_refused(file: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    with pytest.raises(InputError, match=r"none\.design: no such file; `mien design -o FILE` makes one"):
        read_design(tmp_path / "none.design")
    other = tmp_path / "other"
    for content in (b"", b"{}", file.read_bytes()[:-5]):
        other.write_bytes(content)
        with pytest.raises(InputError, match=r"other: is no design, or is damaged"):
            read_design(other)
    arrays = load_file(file)
    save_file(arrays, other)
    with pytest.raises(InputError, match="is no design of this version"):
        read_design(other)
    for changed in (
        arrays | {"options": arrays["options"][:, ::-1].copy()},
        arrays | {"round": arrays["round"][:9]},
    ):
        save_file(changed, other, {"format": "mien-design-1"})
        with pytest.raises(InputError, match="not those that this version of mien lays out"):
            read_design(other)
