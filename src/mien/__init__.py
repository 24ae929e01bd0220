"""mien: measure the character of language models, and say what changed between two of them.

>>> run = mien.measure("openrouter/openai/gpt-5.1", judge="openrouter/z-ai/glm-4.5-air")  # doctest: +SKIP
>>> mien.profile(run).table  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mien.version import __version__ as __version__

if TYPE_CHECKING:
    from mien.errors import MienError
    from mien.evals.breadth.scores import breadth
    from mien.evals.diversity.diversity import diversity
    from mien.evals.evaluation import Evaluation
    from mien.evals.spec.agreement import agreement
    from mien.evals.sycophancy.scores import sycophancy
    from mien.evals.views.views import views
    from mien.materials.constitutions.constitution import Constitution, load_constitution
    from mien.materials.prompts.prompt_set import load_prompts
    from mien.materials.protocols import Protocol, load_protocol
    from mien.materials.traits import TraitSet, load_traits
    from mien.measurement.calls import Progress
    from mien.measurement.judge_ablation import check_judges
    from mien.measurement.measure import measure
    from mien.models.inprocess.loading import Hardware
    from mien.models.usage import Limits
    from mien.report.study.study import study
    from mien.runs.analysis import compare, consistency, diff, profile, sides
    from mien.runs.interop.imports import import_run
    from mien.runs.interop.tables import read_comparisons
    from mien.runs.manner import manner
    from mien.runs.run import Run
    from mien.stats.comparisons import Comparisons
    from mien.stats.consistency.by_context import Consistency
    from mien.stats.design.trials import Design
    from mien.stats.diffs.difference import Diff
    from mien.stats.panels.panel import Panel
    from mien.stats.profiles.profile import Profile
    from mien.types import Prompt, Trait, Trial

# Where each name lives. They are imported when first used: `import mien` and `mien --help` stay quick.
_HOMES = {
    "Comparisons": "stats.comparisons",
    "Consistency": "stats.consistency.by_context",
    "Constitution": "materials.constitutions.constitution",
    "Design": "stats.design.trials",
    "Diff": "stats.diffs.difference",
    "Evaluation": "evals.evaluation",
    "Hardware": "models.inprocess.loading",
    "Limits": "models.usage",
    "MienError": "errors",
    "Panel": "stats.panels.panel",
    "Profile": "stats.profiles.profile",
    "Progress": "measurement.calls",
    "Prompt": "types",
    "Protocol": "materials.protocols",
    "Run": "runs.run",
    "Trait": "types",
    "TraitSet": "materials.traits",
    "Trial": "types",
    "agreement": "evals.spec.agreement",
    "breadth": "evals.breadth.scores",
    "check_judges": "measurement.judge_ablation",
    "compare": "runs.analysis",
    "consistency": "runs.analysis",
    "diff": "runs.analysis",
    "diversity": "evals.diversity.diversity",
    "import_run": "runs.interop.imports",
    "load_constitution": "materials.constitutions.constitution",
    "load_prompts": "materials.prompts.prompt_set",
    "load_protocol": "materials.protocols",
    "load_traits": "materials.traits",
    "manner": "runs.manner",
    "measure": "measurement.measure",
    "profile": "runs.analysis",
    "read_comparisons": "runs.interop.tables",
    "sides": "runs.analysis",
    "study": "report.study.study",
    "sycophancy": "evals.sycophancy.scores",
    "views": "evals.views.views",
}

__all__ = [
    "Comparisons",
    "Consistency",
    "Constitution",
    "Design",
    "Diff",
    "Evaluation",
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
    "agreement",
    "breadth",
    "check_judges",
    "compare",
    "consistency",
    "diff",
    "diversity",
    "import_run",
    "load_constitution",
    "load_prompts",
    "load_protocol",
    "load_traits",
    "manner",
    "measure",
    "profile",
    "read_comparisons",
    "sides",
    "study",
    "sycophancy",
    "views",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mien' has no attribute {name!r}")
    value = getattr(import_module(f"mien.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
