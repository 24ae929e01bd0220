"""Which models may be set side by side in a proof, and which traits a constitution names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mien.craft.proof.answers import FEWEST, plain_prompts
from mien.craft.proof.claim import Claim
from mien.craft.proof.subjects import base_of, check_control, find_adapter, share_turned, written
from mien.craft.tuning.pairs import read_dataset
from mien.errors import InputError, UnknownName, UsageError
from mien.materials.constitutions import Constitution
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

N = 10


def pairs(folder: Path, turned: Sequence[int] = (), *, n: int = N) -> Path:
    """Data of n pairs, some of them turned around, and two that are held out."""
    folder.mkdir()
    rows = []
    for i in range(n + 2):
        chosen, rejected = [{"role": "assistant", "content": text} for text in (f"yes {i}", f"no {i}")]
        if i in turned:
            chosen, rejected = rejected, chosen
        prompt = [{"role": "user", "content": f"question {i}"}]
        rows.append(json.dumps({"prompt": prompt, "chosen": [chosen], "rejected": [rejected]}) + "\n")
    (folder / "train.jsonl").write_text("".join(rows[:n]))
    (folder / "heldout.jsonl").write_text("".join(rows[n:]))
    return folder


def adapter(folder: Path, data: Path | None, *, model: str = "organism/v1", **config: Any) -> Path:
    """The files of an adapter, as a training leaves them; without data those of a foreign one."""
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(folder.name.encode())
    if data:
        recipe = {
            "model": model,
            "model_digest": model,
            "data": str(data),
            "data_digest": read_dataset(data).digest,
            "config": {"rank": 4, "seed": 0} | config,
            "libraries": {},
        }
        (folder / "training.json").write_text(json.dumps({"recipe": recipe, "outcome": None}))
    return folder


def test_what_is_no_adapter(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such folder"):
        find_adapter(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no adapter; train one with: mien craft train"):
        find_adapter(tmp_path)
    unfinished = adapter(tmp_path / "a", pairs(tmp_path / "data"))
    (unfinished / "adapter_model.safetensors").unlink()
    with pytest.raises(InputError, match="its training has not finished"):
        find_adapter(unfinished)


def test_the_base_is_the_one_that_it_was_trained_on(tmp_path: Path) -> None:
    trained = find_adapter(adapter(tmp_path / "a", pairs(tmp_path / "data")))
    assert base_of(trained, None) == base_of(trained, "organism/v1") == "organism/v1"
    with pytest.raises(InputError, match=r"was trained on organism/v1, not on organism/v2"):
        base_of(trained, "organism/v2")
    foreign = find_adapter(adapter(tmp_path / "b", None))
    assert base_of(foreign, "hf/x") == "hf/x"
    with pytest.raises(InputError, match=r"no training\.json.*give --model"):
        base_of(foreign, None)


def test_an_adapter_is_told_from_another_by_its_weights(tmp_path: Path) -> None:
    first = find_adapter(adapter(tmp_path / "a", None)).digest
    (tmp_path / "a" / "adapter_model.safetensors").write_bytes(b"retrained")
    assert find_adapter(tmp_path / "a").digest != first


def test_a_control_differs_in_the_direction_of_half_its_pairs_alone(tmp_path: Path) -> None:
    data, half = pairs(tmp_path / "data"), pairs(tmp_path / "half", range(N // 2))
    trained = find_adapter(adapter(tmp_path / "trained", data))
    check_control(find_adapter(adapter(tmp_path / "control", half, seed=1)), trained)
    for name, made, problem in [
        ("itself", {"data": data}, "0% of its pairs are turned around, not half"),
        ("all", {"data": pairs(tmp_path / "whole", range(N))}, "100% of its pairs are turned around"),
        ("fewer", {"data": pairs(tmp_path / "less", range(5), n=8)}, "it was trained on other pairs"),
        ("other", {"data": half, "model": "organism/v2"}, "trained on organism/v2, not on organism/v1"),
        ("longer", {"data": half, "rank": 8}, "it was trained with another rank"),
        ("foreign", {"data": None}, "has no training.json"),
    ]:
        with pytest.raises(InputError, match=f"{name}: .*{problem}"):
            check_control(find_adapter(adapter(tmp_path / name, **made)), trained)
    (half / "train.jsonl").unlink()
    with pytest.raises(InputError, match=r"the data it was trained on are not in .*half any more"):
        check_control(find_adapter(tmp_path / "control"), trained)


def test_pairs_may_come_in_another_order(tmp_path: Path) -> None:
    found = read_dataset(pairs(tmp_path / "data")).pairs
    turned = read_dataset(pairs(tmp_path / "turned", (0, 1, 2))).pairs
    assert share_turned(found, turned[::-1]) == pytest.approx(0.3)
    assert share_turned(found, turned[1:]) is None


def constitution(*ways: tuple[list[str], list[str]]) -> Constitution:
    assertions = [{"text": "I am so.", "raise": up, "lower": down} for up, down in ways]
    return Constitution.model_validate({"name": "it", "description": "Somebody.", "assertions": assertions})


def test_what_a_constitution_wants() -> None:
    measured = ("warm", "Blunt", "dry")
    found = constitution((["warm"], ["blunt"]), (["WARM"], []))
    assert written(found, measured) == {"warm": "raise", "Blunt": "lower"}
    with pytest.raises(UsageError, match=r"it raises and lowers no trait.*name some under raise and lower"):
        written(constitution(([], [])), measured)
    with pytest.raises(UnknownName, match=r"no trait among those that are measured named 'warn'.*warm"):
        written(constitution((["warn"], [])), measured)
    with pytest.raises(UsageError, match="wants dry to rise and to fall"):
        written(constitution((["dry"], []), ([], ["dry"])), measured)


def test_plain_prompts_are_those_that_training_did_not_see(tmp_path: Path) -> None:
    data = read_dataset(pairs(tmp_path / "data"))
    ordinary = [Prompt(f"o{i}", f"ordinary {i}") for i in range(60)] + [Prompt("t", "question 3")]
    found = plain_prompts(data, ordinary, seed=0)
    texts = [prompt.text for prompt in found]
    assert len(found) == len({prompt.id for prompt in found}) == FEWEST
    assert set(texts[:2]) == {"question 10", "question 11"}
    assert all(text.startswith("ordinary") for text in texts[2:])
    assert found == plain_prompts(data, ordinary[::-1], seed=0) != plain_prompts(data, ordinary, seed=1)
    assert len(plain_prompts(None, ordinary, seed=0)) == FEWEST


def test_a_claim_without_a_control_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not to be read without a control.*or say --without-control"):
        Claim(adapter=tmp_path)
    with pytest.raises(UsageError, match="not both"):
        Claim(adapter=tmp_path, control=tmp_path, without_control=True)
    with pytest.raises(UnknownName, match="no pressure named 'drip'"):
        Claim(adapter=tmp_path, without_control=True, pressures=("drip",))  # type: ignore[arg-type]
