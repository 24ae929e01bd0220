"""Which form a spec of others has: told by what the file holds, and read by the module that knows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import InputError, UnknownName
from mien.files import format_of, read_jsonl, read_text, read_yaml_documents
from mien.materials.constitutions import shipped_constitutions
from mien.materials.specs.foreign.character import import_constitution
from mien.materials.specs.foreign.imported import keyed, listed
from mien.materials.specs.foreign.model_spec import FILE, import_model_spec
from mien.materials.specs.foreign.promptfoo import KEYS, import_promptfoo
from mien.materials.specs.foreign.speceval import import_speceval
from mien.materials.specs.foreign.stress import COLUMNS, import_stress
from mien.materials.specs.foreign.weval import PROMPT, import_weval

if TYPE_CHECKING:
    from mien.materials.specs.foreign.imported import Imported


def import_spec(source: str | Path) -> Imported:
    """Make a spec of what others have written.

    Read are OpenAI's model spec (a folder of ``model_spec.md`` and ``examples``, or the file), statements of
    SpecEval in JSON lines, blueprints of weval and configurations of promptfoo in YAML or JSON, rows of the
    stress test of model specs as a table, and mien's own constitutions, also built-in ones by name.

    Raises:
        UnknownName: neither a file nor a built-in constitution.
        InputError: it cannot be read, is a spec already, or has none of these forms.
    """
    path = Path(source)
    if str(source) in shipped_constitutions():
        return import_constitution(source)
    if path.is_dir():
        if not (path / FILE).is_file():
            raise InputError(f"is a folder without {FILE}", source=path)
        return import_model_spec(path)
    if not path.is_file():
        if path.suffix or path.name != str(source):
            raise InputError("no such file", source=path)
        raise UnknownName("constitution", str(source), shipped_constitutions())
    match format_of(path):
        case ".md" | ".markdown":
            return import_model_spec(path)
        case ".csv" | ".tsv" | ".parquet":
            return import_stress(path)
        case ".jsonl":
            columns = next((row.keys() for _, row in read_jsonl(read_text(path), str(path))), ())
            return import_stress(path) if COLUMNS.issubset(columns) else import_speceval(path)
        case ".yaml" | ".yml" | ".json":
            return _yaml(path)
        case ending:
            problem = f"unknown format {ending}; specs come as .md, .jsonl, .yaml, .json or .csv"
            raise InputError(problem, source=path)


def _yaml(path: Path) -> Imported:
    documents = read_yaml_documents(read_text(path), path)  # JSON is YAML, too
    first = keyed(documents[0]) if documents else {}
    if "clauses" in first:
        raise InputError(f"is a spec already; look at it with: mien spec check {path}", source=path)
    if "assertions" in first:
        return import_constitution(path)
    if KEYS & first.keys():
        return import_promptfoo(first, path)
    prompts = [keyed(one) for document in documents for one in listed(document)]
    prompts += [keyed(one) for one in listed(first.get("prompts"))]
    if any(PROMPT & one.keys() for one in prompts):
        return import_weval(documents, path)
    problem = "is neither a constitution nor a blueprint of weval nor a configuration of promptfoo"
    raise InputError(problem, source=path)
