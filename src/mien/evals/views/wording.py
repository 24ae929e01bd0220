"""What models and their judge are told."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec
import yaml

from mien.evals.views.questions import SHIPPED


@cache
def wording() -> dict[str, Any]:
    """All texts, by what they are for."""
    return yaml.safe_load((SHIPPED / "wording.yaml").read_text(encoding="utf-8"))


@cache
def wording_digest() -> str:
    """What tells these texts from others."""
    return blake2b(msgspec.json.encode(wording(), order="sorted"), digest_size=6).hexdigest()
