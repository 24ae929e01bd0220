"""Reading the files that users bring, so that every error names the file and the place in it.

Reading order: `text` (bytes to text), `rows` (tables in every format that people have), `yaml_documents`
(YAML, and what is wrong with it in the user's words).
"""

from mien.files.rows import FORMATS, UPLOADED, Row, Table, read_jsonl, read_rows, read_uploaded
from mien.files.text import format_of, read_text
from mien.files.yaml_documents import (
    compose_yaml,
    line_of,
    part_of,
    read_yaml,
    read_yaml_documents,
    yaml_text,
)

__all__ = [
    "FORMATS",
    "UPLOADED",
    "Row",
    "Table",
    "compose_yaml",
    "format_of",
    "line_of",
    "part_of",
    "read_jsonl",
    "read_rows",
    "read_text",
    "read_uploaded",
    "read_yaml",
    "read_yaml_documents",
    "yaml_text",
]
