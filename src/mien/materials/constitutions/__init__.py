"""Constitutions: a character written down, as assertions in the first person, in a YAML file.

Reading order: `constitution` (what it holds), `document` (its file, line by line), `check` (what may be wrong
with it), `template` (what a new one begins with), `opencharacter` (those of Open Character Training).
"""

from mien.materials.constitutions.check import check_constitution
from mien.materials.constitutions.constitution import Assertion, Constitution, load_constitution
from mien.materials.constitutions.document import Finding, constitution_text, shipped_constitutions
from mien.materials.constitutions.opencharacter import read_opencharacter
from mien.materials.constitutions.template import template

__all__ = [
    "Assertion",
    "Constitution",
    "Finding",
    "check_constitution",
    "constitution_text",
    "load_constitution",
    "read_opencharacter",
    "shipped_constitutions",
    "template",
]
