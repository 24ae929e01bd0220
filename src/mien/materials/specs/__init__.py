"""Specs: what a model is required to do, as clauses in a YAML file, each with the items that test it.

Reading order: `checks` (what an answer is checked for), `spec` (what a spec holds, and its file).
"""

from mien.materials.specs.checks import Bounds, Check
from mien.materials.specs.spec import AUTHORITIES, Clause, Example, Gates, Spec, SpecItem, read_spec

__all__ = ["AUTHORITIES", "Bounds", "Check", "Clause", "Example", "Gates", "Spec", "SpecItem", "read_spec"]
