"""One tiny model for all tests, and transformers' own beside it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mien.models.local import Local

if not all(find_spec(library) for library in ("peft", "torch", "transformers")):
    pytest.skip("needs the extra local", allow_module_level=True)


@pytest.fixture(scope="package", autouse=True)
def _alone() -> Iterator[None]:
    """One thread, as the models are tiny; no progress bars from what the tests themselves save."""
    import torch
    from transformers.utils import logging

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    yield
    logging.enable_progress_bar()
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.models.local.tiny import build

    return build(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def engine(folder: Path) -> Local:
    from mien.models.local import Local

    return Local(str(folder), device="cpu")


@pytest.fixture(scope="session")
def oracle(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder).eval()


@pytest.fixture(scope="session")
def tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)
