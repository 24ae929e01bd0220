from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mien.errors import UsageError
from mien.report import figures
from mien.report.rendering import PNG_SCALE
from mien.report.saving import page, save, specification, title

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile


FULL = Path("/dev/full")


def test_each_format(profiles: list[Profile], tmp_path: Path) -> None:
    chart = figures.ranking(profiles[:1], top=4)
    for suffix in ("svg", "png", "json", "html"):
        save(chart, tmp_path / f"figure.{suffix}", theme="dark")
    assert profiles[0].rows[0]["trait"] in (tmp_path / "figure.svg").read_text()
    png = (tmp_path / "figure.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") > 500 * PNG_SCALE
    assert json.loads((tmp_path / "figure.json").read_text()) == specification(chart, theme="dark")
    html = (tmp_path / "figure.html").read_text()
    assert " src=" not in html.split("</head>")[0]
    assert "cdn.jsdelivr.net" not in html
    assert "default-src 'none'" in html  # nor may it ask for anything
    with pytest.raises(UsageError, match=r"figure.pdf: figures are saved as .html, .svg, .png, .json"):
        save(chart, tmp_path / "figure.pdf")


@pytest.mark.skipif(not FULL.exists(), reason="no file on this machine that is always full")
def test_no_space_is_told_with_the_file(profiles: list[Profile], tmp_path: Path) -> None:
    path = tmp_path / "figure.json"
    path.symlink_to(FULL)
    said = r"figure\.json: no space left; free some space and run the same command again$"
    with pytest.raises(UsageError, match=said):
        save(figures.ranking(profiles[:1], top=2), path)


def test_a_name_broken_over_lines_is_one_name_in_the_title() -> None:
    lines = ["From lab/", "model-", "one to", "lab/two"]
    assert title({"title": {"text": lines}}) == "From lab/model-one to lab/two"


def test_hostile_names_cannot_leave_the_script(profiles: list[Profile]) -> None:
    spec = specification(figures.ranking(profiles[:1], top=2))
    spec["title"]["text"] = "</script><script>alert(1)</script>"
    html = page(spec)
    assert "<script>alert(1)" not in html
    assert "<title>&lt;/script&gt;" in html
