"""The forward pass, and what is read once for several prompts, against transformers and PEFT."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.models.organism.network import Network
from mien.models.organism.reading import Passage, read, shared_beginnings
from mien.models.organism.weights import read_weights

if TYPE_CHECKING:
    from tests.models.organism.conftest import Tiny

BASE = ("config.json", "model.safetensors")
ADAPTER = ("adapter_config.json", "adapter_model.safetensors")


def files(tiny: Tiny) -> dict[str, bytes]:
    return {f: (tiny.base / f).read_bytes() for f in BASE}


def changes(tiny: Tiny) -> dict[str, bytes]:
    return {f: (tiny.adapter / f).read_bytes() for f in ADAPTER}


def passages() -> list[Passage]:
    random = np.random.default_rng(0)
    texts = [tuple(random.integers(0, 600, n).tolist()) for n in (1, 5, 40, 41, 90, 160)]
    texts += [texts[4][:30] + texts[2], texts[4][:30] + texts[3], texts[4][:50] + texts[1], texts[4], ()]
    return [Passage(text, len(text) // 2) for text in texts]


def oracle(model: Any, passage: Passage) -> np.ndarray:
    import torch

    with torch.no_grad():
        return model(torch.tensor([passage.tokens])).logits[0, passage.wanted :].numpy()


@pytest.mark.parametrize("adapted", [False, True])
def test_logits_are_those_of_the_oracle_for_rows_of_any_length(tiny: Tiny, adapted: bool) -> None:
    network = Network(read_weights(files(tiny), "tiny", [("tuned", changes(tiny))] if adapted else []))
    reading = read(network, passages(), keep=False)
    for passage, states in zip(passages(), reading.states, strict=True):
        if passage.tokens:
            logits = network.logits(states)
            assert logits.dtype == np.float32
            expected = oracle(tiny.adapted if adapted else tiny.model, passage)
            np.testing.assert_allclose(logits, expected, atol=1e-3)


def test_reading_on_from_memory_is_reading_at_once(tiny: Tiny) -> None:
    network = Network(read_weights(files(tiny), "tiny"))
    texts = [p for p in passages() if len(p.tokens) > 2]
    cut = [Passage(p.tokens[:-2], len(p.tokens) - 2) for p in texts]
    reading = read(network, cut, keep=True, spare=2)
    rest = np.array([texts[member].tokens[-2:] for member in reading.order])
    starts = np.array([len(cut[member].tokens) for member in reading.order])
    states = network.read(rest, starts, reading.memory)
    for row, member in enumerate(reading.order):
        expected = oracle(tiny.model, texts[member])[-2:]
        np.testing.assert_allclose(network.logits(states[row]), expected, atol=1e-3)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 1), max_size=6).map(tuple), max_size=12))
def test_members_of_a_group_share_its_beginning_and_stand_in_no_other(texts: list[tuple[int, ...]]) -> None:
    groups = shared_beginnings(texts)
    members = [member for group in groups for member in group.members]
    assert len(set(members)) == len(members)
    for length, group in groups:
        assert len(group) > 1
        assert length > 0
        assert all(len(texts[m]) >= length for m in group)
        assert all(texts[a][:length] == texts[b][:length] for a, b in itertools.pairwise(group))


def test_one_wording_with_many_endings_is_one_group() -> None:
    texts = [(1, 2, 3, 4, n, 9, 9) for n in range(20)] + [(7, 7, 7), (7, 7, 8)]
    assert [(g.length, len(g.members)) for g in shared_beginnings(texts)] == [(4, 20), (2, 2)]


@pytest.mark.parametrize(
    ("file", "change", "problem"),
    [
        ("config.json", {"hidden_act": "gelu"}, "hidden_act must be 'silu', not 'gelu'"),
        ("config.json", {"tie_word_embeddings": False}, "tie_word_embeddings must be True"),
        ("config.json", {"rope_parameters": {"rope_type": "yarn"}}, "rope_type must be 'default'"),
        ("config.json", {"num_hidden_layers": 3}, r"missing: 'model\.layers\.2"),
        ("adapter_config.json", {"use_dora": True}, "use_dora must be False"),
        ("model.safetensors", b"nothing", "cannot be used"),
    ],
)
def test_other_networks_are_refused(tiny: Tiny, file: str, change: Any, problem: str) -> None:
    changed = files(tiny) | changes(tiny)
    if isinstance(change, dict):
        change = msgspec.json.encode({**msgspec.json.decode(changed[file]), **change})
    with pytest.raises(InputError, match=f"tiny: .*{problem}"):
        read_weights({**changed, file: change}, "tiny", [("tiny", {**changed, file: change})])
