"""The report: what it says, in which order, and that nothing in it runs but its own script."""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import Future
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mien
from mien.errors import UsageError
from mien.report import pictures
from mien.report.folder import write
from mien.report.measured import Measured
from mien.report.model_card import model_card
from mien.report.names import brief, shared
from mien.report.page import Heading, page
from mien.report.pictures import AtOnce
from mien.runs.interop.imports import import_run
from mien.runs.run import Run
from mien.testing import ScriptedServer
from tests.processes import ended

TRAITS = ("warm", "blunt", "direct", "indirect", "curious", "calm", "bold", "shy", "wry", "kind <b>")
HOSTILE = (
    "</p></div><script>document.title = 'taken'</script>"
    "<img src=x onerror=\"document.title = 'taken'\"><a href=\"javascript:document.title='taken'\">here</a> "
    "{{ 7 * 7 }} <style>body { display: none }</style>"
)
FULL = Path("/dev/full")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of three models on the same trials, with responses that mean harm."""
    folder = tmp_path_factory.mktemp("report")
    pairs = [(TRAITS[i % 10], TRAITS[(i % 10 + 1 + i // 10 % 9) % 10], f"p{i // 10}") for i in range(400)]
    for number, (name, instrument) in enumerate(
        (("alpha", "revealed"), ("beta", "revealed"), ("gamma", "revealed"), ("told", "instructed"))
    ):
        rng = np.random.default_rng(number)
        scores = dict(zip(TRAITS, rng.normal(size=10), strict=True))
        table = pd.DataFrame(pairs, columns=["option_1", "option_2", "prompt_id"])
        gap = table["option_1"].map(scores) - table["option_2"].map(scores) + rng.logistic(size=len(table))
        table["chosen"] = np.where(gap > 0, table["option_1"], table["option_2"])
        table = table.assign(model=name, instrument=instrument, response=HOSTILE, judge="reader")
        table.to_csv(folder / f"{name}.csv", index=False)
        import_run(folder / f"{name}.csv", name, store=folder / "mien.db")
    return folder / "mien.db"


def reported(store: Path, folder: Path, *names: str) -> tuple[Measured, str]:
    measured = Measured([Run(name, store) for name in names])
    write(measured, folder)
    return measured, (folder / "index.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """Elements, what they point to, and the text outside of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data

    def each(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize(
    ("names", "title", "figures"),
    [
        (("alpha",), "Character card: alpha", {"expression", "ranking", "precision"}),
        (("told",), "Character card: told", {"expression", "ranking", "precision", "judges"}),
        (("alpha", "beta"), "Changelog of character: alpha to beta", {"diff", "slope", "expression"}),
        (
            ("alpha", "beta", "gamma"),
            "Field report: the characters of 3 models",
            {"extremes", "expression", "components", "clusters", "convergence"},
        ),
    ],
)
def test_report(store: Path, tmp_path: Path, names: tuple[str, ...], title: str, figures: set[str]) -> None:
    measured, html = reported(store, tmp_path, *names)
    page = Page(html)
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert page.text.strip().startswith(title)
    assert headings[:3] == ["What was measured, and how", "The instrument’s own health", "Findings"]
    assert headings[-1] == "Limits"
    drawn = {f"{name}.{suffix}" for name in figures for suffix in ("svg", "png")}
    assert {path.name for path in (tmp_path / "figures").iterdir()} == drawn
    assert len(page.each("img")) == 2 * len(figures)
    assert all(image["alt"] and (image["src"] or "").startswith("data:") for image in page.each("img"))
    # One script, no form, no link but to places on the page: nothing that came from a model became markup.
    assert len(page.each("script")) == 1
    assert not page.each("form") + page.each("iframe") + page.each("link") + page.each("base")
    links = {link["href"] or "" for link in page.each("a")}
    files = {link for link in links if not link.startswith("#")}
    assert files == {
        f"{path.parent.name}/{path.name}" for path in tmp_path.rglob("*.*") if path.parent != tmp_path
    }
    assert HOSTILE in page.text  # as words
    assert "kind <b>" in page.text
    assert len(page.each("style")) == 1
    # Tables can be read out: a caption, and heads with their scope.
    counted = ["Manner that can be counted"] * (len(names) <= 2)
    assert headings[5:-1] == counted or headings[4:-1] == counted
    assert len(page.each("caption")) == len(page.each("table")) == 1 + len(counted)
    assert {head.get("scope") for head in page.each("th")} == {"col", "row"}
    ratings = pd.read_parquet(tmp_path / "tables" / "ratings.parquet")
    assert len(ratings) == len(pd.read_csv(tmp_path / "tables" / "ratings.csv")) == 10 * len(names)
    told = json.loads((tmp_path / "tables" / "ratings.json").read_text())
    assert [profile["run"] for profile in told] == list(names)
    assert (tmp_path / "tables" / "diff.json").exists() == (len(names) == 2)
    rows = measured.profiles[0].rows if measured.diff is None else measured.diff.rows
    numbers = [f"{row['rating']:.0f}" if "rating" in row else f"{row['delta']:+.0f}" for row in rows]
    assert all(number in page.text for number in numbers)


def test_the_first_screen_says_what_is_found(store: Path, tmp_path: Path) -> None:
    def first(*names: str) -> tuple[Measured, str]:
        measured = Measured([Run(name, store) for name in names])
        html = page(measured, [])
        return measured, html[html.index("</h1>") : html.index('<nav aria-label="Contents">')]

    measured, said = first("alpha")
    best = measured.profiles[0].rows[0]
    assert f"Most expressed: {best['trait']} {best['rating']:.0f} (" in said
    measured, said = first("alpha", "beta")
    assert measured.diff is not None
    largest = next(change for change in measured.diff.changes if change.changed)
    assert f"of 10 (q &lt; 0.05). The largest: {largest.name} {largest.delta:+.0f} (" in said
    assert "95% intervals" in said
    assert "As a whole: changed" in said
    _, said = first("alpha", "beta", "gamma")
    assert "Furthest apart, for the precision of both (95% intervals): " in said
    assert "Most alike in their ranks" in said


def test_long_names_are_cut_in_the_table_and_what_stands_for_them_is_told(
    store: Path, tmp_path: Path
) -> None:
    head = "organisation/experiment-2026-11/llama-3.3-70b-instruct-"
    labels = {name: f"{head}{name}" for name in ("alpha", "beta", "gamma")}
    html = page(Measured([Run(name, store) for name in labels], labels=labels), [])
    assert f"… stands for {shared([*labels.values()])}" in html
    assert f'<button type="button">{brief([*labels.values()])[0]}</button>' in html
    assert brief([*labels.values()])[0] != labels["alpha"]


def test_print_has_a_head_on_every_page_that_nothing_can_end(store: Path) -> None:
    measured = Measured([Run("alpha", store)])
    html = page(measured, [], heading=Heading('</style>"}\\\n<b>é', "said"))
    style = html[html.index("<style>") : html.index("</style>")]
    assert r'content: "\3c \2f style\3e \22 \7d \5c \a \3c b\3e \e9 "' in style
    assert "@page :first { @top-left { content: none; } }" in style
    # Chromium repeats a table's head on each page, but no button in it.
    assert "thead button { display: contents; }" in style[style.index("@media print") :]
    assert '<section id="table" aria-labelledby="table-title">' in html


def test_many_models_are_printed_across(store: Path, tmp_path: Path) -> None:
    names = [f"copy-{i}" for i in range(7)]
    for name in names:
        import_run(store.parent / "alpha.csv", name, store=tmp_path / "mien.db")
    html = page(Measured([Run(name, tmp_path / "mien.db") for name in names]), [])
    assert '<section id="table" aria-labelledby="table-title" class="wide">' in html
    assert "#table.wide { page: wide; }" in html


def test_answers_are_shown_as_their_markdown_says(tmp_path: Path) -> None:
    rows = [
        {"option_1": a, "option_2": b, "chosen": a, "prompt_id": f"p{i}", "model": "m", "judge": "j"}
        | {"instrument": "revealed", "response": f"# Of {a}\n\nIt is **{a}** [here](http://x.example/)."}
        for i in range(40)
        for a, b in ((TRAITS[i % 6], TRAITS[(i + 1 + i // 6) % 6]),)
        if a != b
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "runs.csv", index=False)
    import_run(tmp_path / "runs.csv", "m", store=tmp_path / "mien.db")
    html = page(Measured([Run("m", tmp_path / "mien.db")]), [])
    trait = re.search(r"It is <strong>(\w+)</strong> here \(http://x.example/\)", html)
    assert trait
    assert f"<h3>Of {trait[1]}</h3>" in html
    assert "x.example" not in "".join(link["href"] or "" for link in Page(html).each("a"))


@pytest.mark.skipif(not FULL.exists(), reason="no file on this machine that is always full")
def test_no_space_is_told_with_the_folder(store: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").symlink_to(FULL)
    said = "no space left; free some space and run the same command again$"
    with pytest.raises(UsageError, match=said):
        write(Measured([Run("alpha", store)]), tmp_path, executor=Undrawn())


class Undrawn(AtOnce):
    """Draws nothing, and does the rest."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if fn is pictures._picture:
            done: Future[Any] = Future()
            done.set_result(pictures.Picture(args[0], "", "<svg/>", "<svg/>", b""))
            return done
        return super().submit(fn, *args, **kwargs)


def test_a_changelog_shows_both_answers_to_one_trial(store: Path, tmp_path: Path) -> None:
    measured, html = reported(store, tmp_path, "alpha", "beta")
    assert measured.diff is not None
    first = next(row for row in measured.diff.rows if row["changed"])
    page = Page(html)
    examples = page.text[page.text.index("Examples\n") :]
    trials = re.findall(r"(alpha|beta), trial (t\d+)", examples)
    assert trials
    assert [run for run, _ in trials] == ["alpha", "beta"] * (len(trials) // 2)
    assert trials[0][1] == trials[1][1]
    assert first["trait"] in examples


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_in_a_browser_only_the_own_script_runs(store: Path, tmp_path: Path) -> None:
    reported(store, tmp_path, "alpha")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom"]
    page = (tmp_path / "index.html").as_uri()
    done = ended([*command, page], check=True)
    assert "<title>Character card: alpha</title>" in done.stdout
    assert re.search(r'<p class="filter">\s*<label', done.stdout)  # shown by the script, so it ran


def test_card(store: Path) -> None:
    profile = Run("alpha", store).profile()
    written = model_card(profile)
    lines = written.splitlines()
    assert lines[0] == "## Character"
    assert sum(line.startswith("| ") for line in lines) == 2 + 10
    best = profile.rows[0]
    shown = best["trait"].replace("<", "\\<").replace(">", "\\>")
    assert f"| 1 | {shown} | {best['rating']:.0f} | {best['low']:.0f} … {best['high']:.0f} |" in lines
    assert "- reliability: " in written
    assert "### Limits of this measurement" in lines


def test_refusals(store: Path) -> None:
    with pytest.raises(UsageError, match="run 'alpha' is named twice"):
        Measured([Run("alpha", store), Run("alpha", store)])


def test_an_inventory_is_told_beside_runs_with_choices(tmp_path: Path) -> None:
    path, traits = tmp_path / "mien.db", [f"t{i}" for i in range(6)]
    rates = {trait: 1.5 + 0.6 * i for i, trait in enumerate(traits)}
    with ScriptedServer(scores={trait: rate - 3 for trait, rate in rates.items()}, rates=rates) as server:
        asked = {"traits": traits, "rounds": 24, "store": path}
        rated = mien.measure(server.model, instrument="inventory", **asked)
        chooses = mien.measure(server.model, judge=server.judge, **asked)
    measured, page = reported(path, tmp_path / "report", rated.name, chooses.name)
    assert measured.sides is not None
    assert [*measured.sides.by_side] == ["rates", "chooses"]
    text = Page(page).text
    assert f"How the model rates itself: {rated.name}" in text
    assert "from 2 sides" in text
    assert {path.stem for path in (tmp_path / "report" / "figures").iterdir()} == {"four-sides", "expression"}
    with pytest.raises(UsageError, match="inventories alone make no report"):
        reported(path, tmp_path / "alone", rated.name)


def test_sides_of_one_model_are_told_as_such(store: Path, tmp_path: Path) -> None:
    made = Run("alpha", store)
    for instrument in ("stated", "exhibited"):
        table = made.table.assign(instrument=instrument, model="alpha", judge="reader")
        if instrument == "exhibited":  # of wry nothing is known, and bold always loses
            options = table[["option_1", "option_2"]]
            for i, other in (("option_1", "option_2"), ("option_2", "option_1")):
                table.loc[options[i] == "bold", "chosen"] = table[other]
            table.loc[(options == "wry").any(axis=1), "chosen"] = "neither"
        table.to_csv(tmp_path / f"{instrument}.csv", index=False)
        import_run(tmp_path / f"{instrument}.csv", instrument, store=store)
    measured, page = reported(store, tmp_path / "report", "stated", "alpha", "exhibited")
    assert measured.sides is not None
    assert measured.change is None
    assert "<h1>alpha from 3 sides</h1>" in page
    assert measured.left_out == ["bold", "wry"]
    assert "not every run was seen to show them: bold, wry." in Page(page).text
    assert "8 traits, 1,200 trials in 3 runs." in Page(page).text
    assert "Claims more than it does: bold" in page
    assert page.index("Sides of the character") < page.index("Where the sides part") < page.index("Findings")
    figures = {path.name for path in (tmp_path / "report" / "figures").iterdir()}
    assert {"four-sides.svg", "four-sides.png", "expression.svg"} <= figures
    assert Measured([Run("alpha", store), Run("told", store)]).sides is None  # of two models
    assert Measured([Run("alpha", store)]).sides is None
