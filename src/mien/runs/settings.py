"""With what settings a run's model and its judge were asked, by name: what two runs may differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mien.store.records import JudgeRecord, RunRecord

#: What a protocol says and no model is told; the name and the condition are known of a run by themselves.
_NOT_ASKED: Final = frozenset({"name", "description", "source", "elo", "condition", "judge"})


def settings(run: RunRecord, judge: JudgeRecord) -> dict[str, str]:
    """Settings by names such as ``sampling.temperature``, each as text; of a table none is known."""
    if not run.design:
        return {}
    protocol = dict(run.protocol_settings)
    protocol["system prompt"] = protocol.pop("preamble", "")  # an empty one is left out of a stored protocol
    asked = {name: value for name, value in protocol.items() if name not in _NOT_ASKED}
    read: dict[str, Any] = msgspec.json.decode(judge.settings)
    read.pop("repeat", None)
    return dict(_flat(asked | {"judge": read}))


def _flat(settings: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{within}{name}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            yield f"{within}{name}", "unset" if value is None else text
