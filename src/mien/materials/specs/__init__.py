"""Specs: what a model is required to do, as clauses in a YAML file, each with the items that test it.

Reading order: `checks` (what an answer is checked for), `spec` (what a spec holds, and its file), `soundness`
(what may be wrong with it), `changes` (between two versions), `template` (what a new one begins with),
`foreign` (what others have written).
"""

from mien.materials.specs.changes import Change, Changes, compare_specs
from mien.materials.specs.checks import Bounds, Check
from mien.materials.specs.foreign.form import import_spec
from mien.materials.specs.foreign.imported import Imported
from mien.materials.specs.soundness import Names, check_spec, require_sound
from mien.materials.specs.spec import AUTHORITIES, Clause, Example, Gates, Spec, SpecItem, read_spec
from mien.materials.specs.template import template

__all__ = [
    "AUTHORITIES",
    "Bounds",
    "Change",
    "Changes",
    "Check",
    "Clause",
    "Example",
    "Gates",
    "Imported",
    "Names",
    "Spec",
    "SpecItem",
    "check_spec",
    "compare_specs",
    "import_spec",
    "read_spec",
    "require_sound",
    "template",
]
