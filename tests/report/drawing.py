"""Where the words of a figure come to lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import vl_convert

from mien.report.figures.theme import CHARACTER
from mien.report.saving import specification

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mien.report.figures.theme import Chart


def words(chart: Chart, theme: Any = "light") -> list[dict[str, Any]]:
    """All texts of the figure as Vega draws it, with their places on the page."""
    found: list[dict[str, Any]] = []

    def walk(node: dict[str, Any], x: float, y: float) -> None:
        for item in node.get("items", ()):
            if node.get("marktype") == "text" and str(item.get("text", "")).strip():
                lines = item["text"] if isinstance(item["text"], list) else [item["text"]]
                for i, line in enumerate(lines):
                    shift = i * item.get("lineHeight", 12)
                    moved = {"x": x + item.get("x", 0), "y": y + item.get("y", 0) + shift}
                    found.append({"fontSize": 11} | item | moved | {"text": line})
            elif "items" in item or "marktype" in item:
                inside = node.get("marktype") == "group"
                dx, dy = (item.get("x", 0), item.get("y", 0)) if inside else (0, 0)
                walk(item, x + dx, y + dy)

    walk(vl_convert.vegalite_to_scenegraph(specification(chart, theme=theme))["scenegraph"], 0, 0)
    return found


def box(word: dict[str, Any]) -> np.ndarray:
    """(4, 2) corners of a text, a little smaller than its letters."""
    width, height = 0.85 * CHARACTER * word["fontSize"] * len(word["text"]), 0.6 * word["fontSize"]
    left = {"left": 0.0, "center": -width / 2, "right": -width}[word.get("align", "left")]
    top = {"middle": -height / 2, "top": 0.0, "bottom": -height}.get(word.get("baseline", ""), -height)
    dx, dy = word.get("dx", 0), word.get("dy", 0)
    corners = np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
    turn = np.radians(word.get("angle", 0))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return (corners + np.array([dx, dy])) @ rotation + np.array([word["x"], word["y"]])


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two rectangles overlap: no side of either has them on different sides (separating axes)."""
    for shape in (a, b):
        for side in (shape[1] - shape[0], shape[3] - shape[0]):
            first, second = a @ side, b @ side
            if first.max() <= second.min() or second.max() <= first.min():
                return False
    return True


def collisions(words: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Those of the words that lie on one another."""
    placed: dict[tuple[Any, ...], np.ndarray] = {}
    for word in words:  # a word and its halo are at one place
        placed[word["text"], round(word["x"], 3), round(word["y"], 3)] = box(word)
    texts, boxes = [str(text) for text, *_ in placed], np.array([*placed.values()])
    low, high = boxes.min(axis=1), boxes.max(axis=1)
    # Most are nowhere near one another, which is seen of all at once.
    near = np.all((low[:, None] < high) & (low < high[:, None]), axis=2)
    pairs = np.argwhere(np.triu(near, 1))
    return [(texts[one], texts[other]) for one, other in pairs if overlap(boxes[one], boxes[other])]
