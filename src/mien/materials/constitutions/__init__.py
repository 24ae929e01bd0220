"""Constitutions: a character written down, as assertions in the first person, in a YAML file.

Reading order: `constitution` (what it holds), `document` (its file, line by line), `check` (what may be wrong
with it), `template` (what a new one begins with), `foreign` (what others have written down), `opencharacter`
(those of Open Character Training among it).
"""

from mien.materials.constitutions.check import check_constitution
from mien.materials.constitutions.constitution import Assertion, Constitution, load_constitution
from mien.materials.constitutions.document import constitution_text, shipped_constitutions
from mien.materials.constitutions.foreign import Imported, import_constitution
from mien.materials.constitutions.template import template
from mien.materials.structure import Finding

__all__ = [
    "Assertion",
    "Constitution",
    "Finding",
    "Imported",
    "check_constitution",
    "constitution_text",
    "import_constitution",
    "load_constitution",
    "shipped_constitutions",
    "template",
]
