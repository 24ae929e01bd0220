"""mien: measure the character of language models, and say what changed between two of them.

>>> run = mien.measure("openrouter/openai/gpt-5.1", judge="openrouter/z-ai/glm-4.5-air")  # doctest: +SKIP
>>> mien.profile(run).table  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.calls import Limits, Progress
    from mien.comparisons import Comparisons, read_comparisons
    from mien.constitutions.constitution import Constitution, load_constitution
    from mien.contexts.profiles import Consistency
    from mien.designs import Design
    from mien.diffs.difference import Diff
    from mien.errors import MienError
    from mien.imports import import_run
    from mien.measurement import compare, consistency, diff, measure, profile
    from mien.models.engines import Hardware
    from mien.panels.panel import Panel
    from mien.prompts import load_prompts
    from mien.protocols import Protocol, load_protocol
    from mien.ratings import Profile
    from mien.runs import Run
    from mien.traits import TraitSet, load_traits
    from mien.types import Prompt, Trait, Trial

# Where each name lives. They are imported when first used: `import mien` and `mien --help` stay quick.
_HOMES = {
    "Comparisons": "comparisons",
    "Consistency": "contexts.profiles",
    "Constitution": "constitutions.constitution",
    "Design": "designs",
    "Diff": "diffs.difference",
    "Hardware": "models.engines",
    "Limits": "calls",
    "MienError": "errors",
    "Panel": "panels.panel",
    "Profile": "ratings",
    "Progress": "calls",
    "Prompt": "types",
    "Protocol": "protocols",
    "Run": "runs",
    "Trait": "types",
    "TraitSet": "traits",
    "Trial": "types",
    "compare": "measurement",
    "consistency": "measurement",
    "diff": "measurement",
    "import_run": "imports",
    "load_constitution": "constitutions.constitution",
    "load_prompts": "prompts",
    "load_protocol": "protocols",
    "load_traits": "traits",
    "measure": "measurement",
    "profile": "measurement",
    "read_comparisons": "comparisons",
}

__all__ = [
    "Comparisons",
    "Consistency",
    "Constitution",
    "Design",
    "Diff",
    "Hardware",
    "Limits",
    "MienError",
    "Panel",
    "Profile",
    "Progress",
    "Prompt",
    "Protocol",
    "Run",
    "Trait",
    "TraitSet",
    "Trial",
    "compare",
    "consistency",
    "diff",
    "import_run",
    "load_constitution",
    "load_prompts",
    "load_protocol",
    "load_traits",
    "measure",
    "profile",
    "read_comparisons",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mien' has no attribute {name!r}")
    value = getattr(import_module(f"mien.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
