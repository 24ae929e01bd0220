"""What a model is called in the names of runs and in lists: its own name, and where it is."""

from __future__ import annotations

from urllib.parse import urlsplit

from mien.models.prefixes import bare


def own_name(spec: str) -> str:
    """The last part of a spec: ``gpt-5.1``, ``model`` of ``http://host/v1#model``, a folder's name."""
    return spec.rstrip("/").rpartition("/")[2].rpartition("#")[2]


def place(spec: str) -> str:
    """Its host and port, or its provider; empty where the spec tells neither."""
    spec = bare(spec)
    if "://" in spec:
        return urlsplit(spec).netloc.rpartition("@")[2]
    return spec.partition("/")[0] if "/" in spec else ""
