"""A response as HTML that is safe to show: no script, style, link, image or form of its making survives."""

from __future__ import annotations

import html
from functools import cache
from typing import TYPE_CHECKING

from mien.formatting import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

#: Characters that are rendered; what follows them is shown as it is. Of some texts, such as brackets that are
#: never closed, the renderer's time grows with the square of their length: so many take it a second.
LONGEST = 20_000

_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def rendered(text: str) -> str:
    """Render Markdown. Where a link or an image stood, its words and its target are read as text."""
    import nh3

    text = visible(text)
    end = len(text) if len(text) <= LONGEST else text.rfind("\n", 0, LONGEST) + 1 or LONGEST
    # The renderer makes none but these tags, without any raw HTML; the sanitiser does not rely on it.
    shown = nh3.clean(_parser().render(text[:end]), tags=_TAGS, attributes={}, link_rel=None)
    return f"{shown}<pre>{html.escape(text[end:])}</pre>" if end < len(text) else shown


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("link_open", _nothing)
    parser.add_render_rule("link_close", _nothing)
    parser.add_render_rule("image", _image)
    parser.core.ruler.push("show_targets", _show_targets)
    parser.core.ruler.push("lower_headings", _lower_headings)
    return parser


def _nothing(*_: object) -> str:
    return ""


def _image(_: object, tokens: Sequence[Token], index: int, *__: object) -> str:
    token = tokens[index]
    return html.escape(f"[image: {token.content}] ({token.attrGet('src')})")


def _show_targets(state: StateCore) -> None:
    """Write a link's target behind its words."""
    from markdown_it.token import Token

    for block in state.tokens:
        targets: list[str] = []
        shown: list[Token] = []
        for token in block.children or ():
            shown.append(token)
            if token.type == "link_open":
                targets.append(str(token.attrGet("href")))
            elif token.type == "link_close":
                shown.append(Token("text", "", 0, content=f" ({targets.pop()})"))
        if shown:
            block.children = shown


def _lower_headings(state: StateCore) -> None:
    """Keep a response's headings below the page's own."""
    for token in state.tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
