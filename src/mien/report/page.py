"""The report: a folder with one page that needs nothing else, its figures, and its tables."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mien.errors import UsageError
from mien.formatting import counted
from mien.report import findings, tables
from mien.report import transcripts as examples
from mien.report.diagnostics import health
from mien.report.figures.registry import Settings, draw
from mien.report.saving import PNG_SCALE, specification
from mien.stats import diffs
from mien.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mien.report.figures.theme import Chart
    from mien.runs.run import Run
    from mien.stats.diffs import Diff
    from mien.stats.profiles.profile import Profile

EXAMPLES: Final = 3  # of strongest traits from either end, or of largest changes
FIGURES: Final = {
    1: ("expression", "ranking", "precision"),
    2: ("diff", "slope", "expression"),
    3: ("extremes", "expression", "components", "clusters", "convergence"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """Runs that are reported on together, profiled; with what changed where there are two."""

    runs: tuple[Run, ...]
    profiles: tuple[Profile, ...]
    diff: Diff | None
    settings: Settings

    @property
    def title(self) -> str:
        """One run has a character card, two a changelog, more a field report."""
        names = [profile.run for profile in self.profiles]
        match len(names):
            case 1:
                return f"Character card: {names[0]}"
            case 2:
                return f"Changelog of character: {names[0]} to {names[1]}"
            case n:
                return f"Field report: the characters of {n} models"


class Picture(NamedTuple):
    """A figure as drawn in both themes, as SVG, and what it shows in words."""

    name: str
    about: str
    light: str
    dark: str

    def png(self) -> bytes:
        """The figure in light, as pixels."""
        import vl_convert

        return vl_convert.svg_to_png(self.light, scale=PNG_SCALE)


def gather(runs: Sequence[Run], settings: Settings = Settings()) -> Report:
    """Profile the runs.

    Raises:
        UsageError: a run is named twice, or the runs rate different traits.
    """
    names = [run.name for run in runs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"run {twice[0]!r} is named twice; name each run once")
    profiles = tuple(run.profile(settings.judge, confidence_level=settings.confidence_level) for run in runs)
    for profile in profiles[1:]:
        if lone := sorted(set(profiles[0].traits) ^ set(profile.traits)):
            raise UsageError(
                f"{profiles[0].run} and {profile.run} rate different traits: {lone[0]!r} is in one of them "
                "only; report on runs of one trait set"
            )
    change = diffs.diff(*profiles, confidence_level=settings.confidence_level) if len(runs) == 2 else None
    return Report(runs=tuple(runs), profiles=profiles, diff=change, settings=settings)


def write(report: Report, folder: Path) -> None:
    """Write ``index.html``, ``figures/`` (SVG and PNG) and ``tables/`` (CSV, Parquet, JSON) into a folder.

    Files of these names that are there already are written over; others are left alone.
    """
    for part in ("figures", "tables"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    pictures = [_picture(name, chart) for name, chart in _charts(report).items()]
    for picture in pictures:
        path = folder / "figures" / picture.name
        path.with_suffix(".svg").write_text(picture.light, encoding="utf-8")
        path.with_suffix(".png").write_bytes(picture.png())
    tables.write(report.profiles, report.diff, folder / "tables")
    (folder / "index.html").write_text(page(report, pictures), encoding="utf-8")


def page(report: Report, pictures: Sequence[Picture]) -> str:
    """The page. Whatever comes from a model, a person or a file is escaped by the template."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    template, script = (
        (resources.files("mien") / "data" / "report" / name).read_text(encoding="utf-8")
        for name in ("report.html", "report.js")
    )
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    traits = counted(len(report.profiles[0].traits), "trait")
    trials = sum(profile.n_trials for profile in report.profiles)
    return environment.from_string(template).render(
        title=report.title,
        lead=f"{traits}, {counted(trials, 'trial')} in {counted(len(report.runs), 'run')}.",
        script=Markup(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        level=f"{report.settings.confidence_level:.0%}",
        runs=[_told(run, profile) for run, profile in zip(report.runs, report.profiles, strict=True)],
        findings=_findings(report),
        figures=[
            {"name": p.name, "about": p.about, "light": _address(p.light), "dark": _address(p.dark)}
            for p in pictures
        ],
        table=tables.shown(report.profiles, report.diff),
        **_examples(report),
        limits=findings.limits(report.profiles),
        version=__version__,
    )


def _charts(report: Report) -> dict[str, Chart]:
    names = FIGURES[min(len(report.runs), 3)]
    charts = {name: draw(name, report.runs, report.settings) for name in names}
    for run, profile in zip(report.runs, report.profiles, strict=True):
        if profile.accuracy and "judges" not in charts:
            charts["judges"] = draw("judges", [run], report.settings)
    return charts


def _picture(name: str, chart: Chart) -> Picture:
    import vl_convert

    from mien.report.figures import THEMES

    light, dark = (specification(chart, theme=theme) for theme in THEMES)
    return Picture(
        name, light["description"], vl_convert.vegalite_to_svg(light), vl_convert.vegalite_to_svg(dark)
    )


def _address(svg: str) -> str:
    """A picture within a page: as an image it runs no script and reaches nothing."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


def _told(run: Run, profile: Profile) -> dict[str, Any]:
    record = run.record
    protocol = record.protocol_settings
    prompts = counted(profile.fit.n_clusters, "prompt")
    measured = [
        ("model", profile.model or "not named"),
        ("instrument", profile.instrument),
        ("judge", profile.judge),
        ("protocol", profile.protocol),
        ("trials", f"{profile.n_trials:,} on {prompts}, {len(profile.fit.positions)} options each"),
        ("design", f"{profile.design}, seed {profile.seed}" if profile.design else "imported verdicts"),
    ]
    return {
        "name": run.name,
        "measured": measured,
        "protocol": json.dumps(protocol, indent=2, ensure_ascii=False),
        "health": health(profile),
    }


def _findings(report: Report) -> list[str]:
    if report.diff is not None:
        return findings.of_two(report.diff)
    if len(report.profiles) == 1:
        return findings.of_one(report.profiles[0])
    return findings.of_many(report.profiles)


def _examples(report: Report) -> dict[str, Any]:
    """Trials of the strongest traits, or of the largest changes; of many runs, one of each."""
    judges = tuple(profile.judge for profile in report.profiles)
    if report.diff is not None:
        changes = [(row["trait"], row["delta"]) for row in report.diff.rows if row["changed"]][:EXAMPLES]
        before, after = report.runs
        return {"examples": [], "pairs": examples.of_changes(before, after, (judges[0], judges[1]), changes)}
    n = EXAMPLES if len(report.runs) == 1 else 1
    shown = [
        example
        for run, profile in zip(report.runs, report.profiles, strict=True)
        for example in examples.of_traits(run, profile.judge, [row["trait"] for row in profile.rows[:n]])
    ]
    return {"examples": shown, "pairs": []}
