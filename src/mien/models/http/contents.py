"""What a message says, and what reasoning is disclosed beside it, in all the shapes that it comes in."""

from __future__ import annotations

from typing import Any

from mien.models.http.decoding import as_json, items, members

# Members of a message that hold reasoning: OpenRouter's and vLLM's, DeepSeek's, Ollama's.
_REASONING = ("reasoning", "reasoning_content", "thinking", "reasoning_details")
_THINKING = frozenset(("thinking", "reasoning", "reasoning_text", "thought", "redacted_thinking"))


def content(message: dict[str, Any]) -> tuple[str, str]:
    """The text of a message, and the reasoning that stood beside it or between its parts."""
    text, thought = _join(message.get("content"))
    disclosed = next((found for name in _REASONING if (found := _inner_text(message.get(name)))), "")
    refusal = message.get("refusal")
    if not text.strip() and isinstance(refusal, str):
        text = refusal
    return text, "\n".join(part for part in (disclosed, thought) if part)


def _join(value: Any) -> tuple[str, str]:
    """Text and reasoning of a content that may come in parts; what is no text is given as its JSON."""
    if value is None or isinstance(value, str):
        return value or "", ""
    if not isinstance(value, list):
        value = [value]
    text: list[str] = []
    reasoning: list[str] = []
    for part in items(value):
        if _is_thought(part):
            reasoning.append(_inner_text(part))
        elif found := _inner_text(part):
            text.append(found)
        elif _is_data(part):
            text.append(as_json(part))
    return "".join(text), "".join(reasoning)


def _is_thought(part: Any) -> bool:
    told = members(part)
    return str(told.get("type")) in _THINKING or told.get("thought") is True


def _is_data(part: Any) -> bool:
    """Whether a part is itself the answer: an object that is no part of a known kind, or a number."""
    if isinstance(part, dict):
        return bool(members(part)) and "type" not in part and "text" not in part
    return part is not None and not isinstance(part, (str, list))


def _inner_text(value: Any, depth: int = 4) -> str:
    """The text in a part, a few levels deep; empty for what has none."""
    if isinstance(value, str) or not depth:
        return value if isinstance(value, str) else ""
    if isinstance(value, list):
        return "".join(_inner_text(part, depth - 1) for part in items(value))
    told = members(value)
    inner = (told[name] for name in ("text", "thinking", "summary", "content", "value") if name in told)
    return next((found for part in inner if (found := _inner_text(part, depth - 1))), "")
