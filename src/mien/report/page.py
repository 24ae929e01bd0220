"""The report's page: all there is to say of a run, of a change, or of many models; it needs nothing else."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mien.formatting import counted, quoted, shown
from mien.report import findings, tables, transcripts
from mien.report.diagnostics import diagnostics, one_strength
from mien.report.inventories import columns, rating_cells, soundness
from mien.report.sides import claims, gap_cells, likeness_cells
from mien.stats.profiles import common_traits
from mien.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from mien.report.measured import Measured
    from mien.report.pictures import Picture
    from mien.runs.run import Run
    from mien.stats.inventories import Inventory
    from mien.stats.sides import Sides

WIDE: Final = 8  # columns that a printed page holds upright
LOOKED_INTO: Final = 2  # most runs of which it is told whether scores explain the choices
EXAMPLES: Final = 3  # of strongest traits from either end, or of largest changes


def title(measured: Measured) -> str:
    """One run has a character card, two a changelog, more a field report."""
    names = [run.name for run in measured.runs]
    if measured.sides is not None:
        return f"{measured.sides.model} from {counted(len(names), 'side')}"
    names = [run.name for run in measured.choosing]
    match len(names):
        case 1:
            return f"Character card: {names[0]}"
        case 2:
            return f"Changelog of character: {names[0]} to {names[1]}"
        case n:
            return f"Field report: the characters of {n} models"


class Table(NamedTuple):
    """A plain table of a section; the columns in ``words`` hold words, the others numbers."""

    columns: Sequence[str]
    words: Sequence[str]
    rows: Sequence[Sequence[object]]


class Section(NamedTuple):
    """What a page says besides, in paragraphs and a table, under an address of its own."""

    id: str
    title: str
    said: Sequence[str]
    table: Table | None = None


class Heading(NamedTuple):
    """What a page is called, and what stands under that."""

    title: str
    lead: str


def page(
    measured: Measured,
    pictures: Sequence[Picture],
    *,
    heading: Heading | None = None,
    sections: Sequence[Section] = (),
    after: Sequence[Section] = (),
) -> str:
    """The page. Whatever comes from a model, a person or a file is escaped by the template.

    Args:
        measured: the runs.
        pictures: the figures.
        heading: default: by the number of runs.
        sections: what stands before all else.
        after: what stands behind what is told of traits.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    template, script = (
        (resources.files("mien.report") / name).read_text(encoding="utf-8")
        for name in ("page.html", "page.js")
    )
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=shown)
    environment.filters["rendered"] = _rendered
    traits = counted(len(common_traits(measured.profiles)), "trait")
    trials = sum(profile.n_trials for profile in measured.profiles)
    short = findings.short(measured) if heading is None else []
    heading = heading or Heading(
        title(measured), f"{traits}, {counted(trials, 'trial')} in {counted(len(measured.runs), 'run')}."
    )
    return environment.from_string(template).render(
        heading=heading,
        running_head=Markup(_in_style(heading.title)),
        short=short,
        wide=WIDE,
        files=tables.files(measured.change),
        sections=[
            *sections,
            *([] if measured.sides is None else of_sides(measured.sides)),
            *(of_inventory(one, number) for number, one in enumerate(measured.inventories, 1)),
        ],
        after=after,
        script=Markup(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        level=f"{measured.confidence_level:.0%}",
        runs=[_told(measured, run) for run in measured.choosing],
        findings=_findings(measured),
        figures=[
            {"name": p.name, "about": p.about, "light": _address(p.light), "dark": _address(p.dark)}
            for p in pictures
        ],
        table=tables.shown(measured.profiles, measured.change),
        **_examples(measured),
        limits=findings.limits(measured.profiles),
        version=__version__,
    )


def _in_style(text: str) -> str:
    """Text as a string of a style sheet, of which nothing ends the string or the sheet."""
    signs = (sign if sign.isascii() and sign.isalnum() else f"\\{ord(sign):x} " for sign in text)
    return f'"{"".join(signs)}"'


def _rendered(text: str) -> Markup:
    """A response as its Markdown says; as it stands where what renders is not installed."""
    from markupsafe import Markup, escape

    try:
        from mien.report.responses import rendered

        return Markup(rendered(text))
    except ImportError:
        return Markup('<p class="words">{}</p>').format(escape(shown(text)))


def of_inventory(found: Inventory, number: int) -> Section:
    """How a model rates itself; ``number`` is that of the inventory on the page, from 1."""
    said = [f"{label}: {text}." for label, text in soundness(found)]
    table = Table(columns(found), ("trait",), rating_cells(found))
    return Section(f"inventory-{number}", f"How the model rates itself: {found.estimates.label}", said, table)


def of_sides(found: Sides, *, number: int = 0) -> list[Section]:
    """How alike a model's sides are, and the traits that are apart.

    Args:
        found: the sides.
        number: of the model on the page, from 1, where it is one of several; the sections then name it.
    """
    mark, whose = (f"-{number}", f" of {found.model}") if number else ("", "")
    level = f"{found.confidence_level:.0%} interval"
    alike = Table(("", "and", "r", level, "without noise", "interval"), ("", "and"), likeness_cells(found))
    said = [
        "How alike the sides are: Pearson's r over the traits, as seen and without the noise of either. What "
        "is without noise is not cut off at 1.",
        *claims(found),
    ]
    apart = [
        (f"{pair.a} less {pair.b}", *gap_cells(row))
        for pair in found.pairs
        for row in pair.rows
        if row["apart"]
    ]
    columns = ("sides", "trait", "one", "other", "gap", level, "q")
    why_not = [
        f"Gaps between what it {p.a} and what it {p.b} are not known: {p.why_not}."
        for p in found.pairs
        if p.why_not
    ]
    told = f"Traits that are apart (q < {found.fdr:g}), in standard deviations of each side's true values."
    return [
        Section(f"sides{mark}", f"Sides of the character{whose}", said, alike),
        Section(
            f"gaps{mark}",
            f"Where the sides{whose} part",
            [told, *why_not],
            Table(columns, ("sides", "trait"), apart),
        ),
    ]


def _address(svg: str) -> str:
    """A picture within a page: as an image it runs no script and reaches nothing."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


def _told(measured: Measured, run: Run) -> dict[str, Any]:
    profile, record = measured.profile(run), run.record
    protocol: dict[str, Any] = record.protocol_settings
    prompts = counted(profile.fit.n_clusters, "prompt")
    how = [
        ("model", profile.model or "not named"),
        ("instrument", profile.instrument),
        ("judge", profile.judge),
        ("protocol", profile.protocol),
        *([("system prompt", quoted(protocol["preamble"], 200))] if protocol.get("preamble") else []),
        ("trials", f"{profile.n_trials:,} on {prompts}, {len(profile.fit.positions)} options each"),
        (
            "design",
            f"{of.design}, seed {of.seed}" if (of := profile.provenance).design else "imported verdicts",
        ),
    ]
    return {
        "name": profile.run,
        "measured": how,
        "protocol": json.dumps(protocol, indent=2, ensure_ascii=False),
        "diagnostics": [*diagnostics(profile), *_one_strength(measured, run)],
    }


def _one_strength(measured: Measured, run: Run) -> list[tuple[str, str]]:
    """Whether scores explain the choices; of many runs it would take long."""
    if len(measured.choosing) > LOOKED_INTO:
        return []
    said = one_strength(measured.goodness_of_fit(run))
    return [("one strength?" if i == 0 else "", f"{of}: {text}") for i, (of, text) in enumerate(said)]


def _findings(measured: Measured) -> list[str]:
    if measured.change is not None:
        return findings.of_two(measured.change)
    if len(measured.profiles) == 1:
        return findings.of_one(measured.profiles[0])
    return findings.of_many(measured.profiles)


def _examples(measured: Measured) -> dict[str, Any]:
    """Trials of the strongest traits, or of the largest changes; of many runs, one of each."""
    judges = tuple(profile.judge for profile in measured.profiles)
    if measured.change is not None:
        changes = [(row["trait"], row["delta"]) for row in measured.change.rows if row["changed"]][:EXAMPLES]
        before, after = measured.choosing
        return {
            "examples": [],
            "pairs": transcripts.of_changes(before, after, (judges[0], judges[1]), changes),
        }
    n = EXAMPLES if len(measured.choosing) == 1 else 1
    shown = [
        example
        for run, profile in zip(measured.choosing, measured.profiles, strict=True)
        for example in transcripts.of_traits(run, profile.judge, [row["trait"] for row in profile.rows[:n]])
    ]
    return {"examples": shown, "pairs": []}
