"""Reading the files that users bring, so that every error names the file and the place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mien.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_text(path: Path) -> str:
    """Read UTF-8 text, with or without a byte-order mark.

    Raises:
        InputError: there is no such file, or it is not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("no such file", source=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read as UTF-8 text: {error}", source=path) from error


def read_jsonl(text: str, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """JSON objects, a line each, with the number of the line; blank lines don't count.

    Raises:
        InputError: a line is no JSON object.
    """
    # Not splitlines(): JSON strings may hold other line separators than "\n".
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield number, msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise InputError(f"not a JSON object: {error}", source=source, where=f"row {number}") from error


def yaml_text(value: Any) -> str:
    """YAML as a person would write it: keys in their order, long texts as blocks, no escapes."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """A dumper to which the block style can be taught without teaching it to all others."""

    def text(dumper: yaml.SafeDumper, words: str) -> yaml.ScalarNode:
        style = "|" if "\n" in words else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", words, style=style)  # pyright: ignore[reportUnknownMemberType]

    Dumper.add_representer(str, text)
    # Newer stubs of PyYAML leave a part of its type open.
    return yaml.dump(  # pyright: ignore[reportUnknownMemberType]
        value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=96
    )
