"""A response as HTML that is safe to show: no script, style, link, image or form of its making survives."""

from __future__ import annotations

import html
from functools import cache
from typing import TYPE_CHECKING

from mien.formatting import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

#: Characters that are rendered; what follows them is shown as it is. Of some texts, such as brackets that are
#: never closed, the renderer's time grows with the square of their length: so many take it a second.
LONGEST = 20_000

#: Blocks within blocks that are rendered. The renderer passes over what lies deeper than 20, at two a list.
DEEPEST = 18

_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def rendered(text: str) -> str:
    """Render Markdown, all that a judge reads of it, too: what is nested too deep stands as it was written.

    Where a link or an image stood, its words, its target and its title are read as text.
    """
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
    parser.disable("reference")  # takes the targets of links out of the text
    parser.block.ruler.before("table", "too_deep", _too_deep)
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
    return html.escape(f"[image: {token.content}] ({_target(token, 'src')})")


def _target(token: Token, name: str) -> str:
    title = token.attrGet("title")
    return f"{token.attrGet(name)}" + (f' "{title}"' if title else "")


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take the rest of a block that is nested too deep as it was written."""
    if state.level < DEEPEST:
        return False
    last = start + 1
    while last < end and (state.isEmpty(last) or state.sCount[last] >= state.blkIndent):
        last += 1
    if not silent:
        state.push("code_block", "code", 0).content = state.getLines(start, last, state.blkIndent, False)
    state.line = last
    return True


def _show_targets(state: StateCore) -> None:
    """Write a link's target behind its words."""
    from markdown_it.token import Token

    for block in state.tokens:
        targets: list[str] = []
        shown: list[Token] = []
        for token in block.children or ():
            shown.append(token)
            if token.type == "link_open":
                targets.append(_target(token, "href"))
            elif token.type == "link_close":
                shown.append(Token("text", "", 0, content=f" ({targets.pop()})"))
        if shown:
            block.children = shown


def _lower_headings(state: StateCore) -> None:
    """Keep a response's headings below the page's own."""
    for token in state.tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
