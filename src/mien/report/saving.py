"""Figures as files: HTML that needs no network, SVG, PNG, or the Vega-Lite specification as JSON."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UsageError
from mien.files.space import space_for
from mien.report.fonts import lacking, tell
from mien.report.rendering import png, seen, svg, uncut

if TYPE_CHECKING:
    from pathlib import Path

    from mien.report.figures.theme import Chart, Theme
    from mien.report.renderer import Renderer

PICTURES: Final = (".svg", ".png")
SUFFIXES: Final = (".html", *PICTURES, ".json")

LIBRARIES: Final = "window.vegaEmbed = vegaEmbed;"

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ background: {ground}; margin: 0; text-align: center; }}</style>
</head>
<body>
<div id="figure"></div>
<script>{libraries}</script>
<script>
vegaEmbed("#figure", {specification}, {{"renderer": "svg", "actions": {{"export": true, "source": false, \
"compiled": false, "editor": false}}}});
</script>
</body>
</html>
"""


def check_suffix(path: Path) -> None:
    """Refuse a file whose ending is none of `SUFFIXES`.

    Raises:
        UsageError: it is none of them.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path}: figures are saved as {', '.join(SUFFIXES)}; give the file one of these endings"
        )


def save(chart: Chart, path: Path, *, theme: Theme = "light", renderer: Renderer | None = None) -> None:
    """Write a figure in the format that the file's ending names.

    Args:
        chart: the figure.
        path: the file; it is written over.
        theme: of its colours.
        renderer: draws SVG and PNG; None has them drawn in this process.

    Raises:
        UsageError: the ending is none of `SUFFIXES`, or no space is left.
        MienError: the figure cannot be drawn.
    """
    check_suffix(path)
    found = specification(chart, theme=theme)
    if path.suffix.lower() in PICTURES:
        written = json.dumps(found, ensure_ascii=False)
        tell(path, renderer(lacking, written) if renderer else lacking(written))
    with space_for(path):
        match path.suffix.lower():
            case ".png":
                path.write_bytes(renderer(png, found) if renderer else png(found))
            case ".svg":
                path.write_text(renderer(svg, found) if renderer else svg(found), encoding="utf-8")
            case ".json":
                path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            case _:
                path.write_text(page(found), encoding="utf-8")


def specification(chart: Chart, *, theme: Theme = "light") -> dict[str, Any]:
    """The Vega-Lite specification of a figure, its data inside."""
    import altair as alt

    # Altair's limit on rows guards notebooks; here the data are to be in the file, whatever their number.
    # That figures are as Vega-Lite's schema has it is held by tests: seeing to it takes half as long again.
    with alt.data_transformers.disable_max_rows():  # pyright: ignore[reportUnknownMemberType]
        found: Any = chart.to_dict(validate=False)  # pyright: ignore[reportUnknownMemberType]
    return in_theme(seen(found), theme)


def in_theme(specification: dict[str, Any], theme: Theme) -> dict[str, Any]:
    """The same specification in the colours of a theme."""
    from mien.report.figures.theme import config

    return uncut(specification | {"config": config(theme)})


def title(specification: dict[str, Any]) -> str:
    """What a figure is called, in one line."""
    text: str | list[str] = specification["title"]["text"]
    if isinstance(text, str):
        return text
    return "".join(f"{line} " if line[-1:] not in ("/", "_", "-") else line for line in text).rstrip()


def page(specification: dict[str, Any]) -> str:
    """A page that holds the figure and all that draws it; it asks for nothing on the network."""
    import vl_convert

    # Names come from people and files: what would end the script must not stand in it.
    data = json.dumps(specification, ensure_ascii=False).replace("<", "\\u003c")
    return _PAGE.format(
        title=escape(title(specification)),
        ground=specification["config"]["background"],
        libraries=vl_convert.javascript_bundle(LIBRARIES),
        specification=data.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"),
    )
