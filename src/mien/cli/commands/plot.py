"""``mien plot``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mien.cli import options
from mien.cli.output import console, print_json, print_table
from mien.cli.run_names import completed, matching
from mien.errors import UsageError


def command(
    name: Annotated[str | None, typer.Argument(help="The figure; without one, all are listed.")] = None,
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN...",
            help="The names of the runs, or of evaluations, or patterns: 'm*'.",
            autocompletion=completed,
        ),
    ] = None,
    output: Annotated[
        options.Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where to: .html, .svg, .png or .json (Vega-Lite)."
        ),
    ] = None,
    theme: Annotated[
        Literal["light", "dark"], typer.Option(help="Colours for light or dark pages.")
    ] = "light",
    top: Annotated[
        int | None,
        typer.Option(min=1, help="How many traits from the top, or the largest.", show_default="by figure"),
    ] = None,
    bottom: Annotated[int | None, typer.Option(min=1, help="How many traits from the bottom.")] = None,
    components: Annotated[
        str | None, typer.Option(metavar="I,J", help="Which two components.", show_default="1,2")
    ] = None,
    target: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="The reliability aimed at, drawn into precision.")
    ] = None,
    by: Annotated[
        Literal["category", "language", "length", "phrasing"] | None,
        typer.Option(help="What tells kinds of prompts apart, in consistency.", show_default="category"),
    ] = None,
    judge: options.JudgeNameOption = None,
    confidence_level: options.ConfidenceOption = 0.95,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: the list of figures, or what was drawn.")
    ] = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Draw a figure of one run or several, or of evaluations; without a name, list the figures."""
    from mien.evals.evaluation import Evaluation
    from mien.report.figure import Settings
    from mien.report.measured import Measured
    from mien.report.registry import EVALUATED, FIGURES, draw, draw_evaluated
    from mien.report.renderer import Renderer
    from mien.report.saving import PICTURES, check_suffix, save
    from mien.runs.run import Run

    known = FIGURES | EVALUATED
    if name is None:
        if as_json:
            print_json(
                [{"name": key, "about": each.about, "runs": each.takes} for key, each in known.items()]
            )
        else:
            rows = ((key, each.takes, each.about) for key, each in known.items())
            print_table(("figure", "takes", "shows"), rows, left=("figure", "takes", "shows"))
        return
    if output is not None:
        check_suffix(output)
    settings = Settings(top=top, bottom=bottom, components=_pair(components), target=target, by=by)
    with Renderer() as renderer:
        if output is not None and output.suffix.lower() in PICTURES:
            renderer.start()  # it gets ready while what follows is loaded and fitted
        runs = matching(runs or (), store, evaluations=name in EVALUATED)
        if name in EVALUATED:
            if settings != Settings() or judge:
                raise UsageError(f"{name} is drawn of evaluations: it takes no judge and no setting of runs")
            evaluations = [Evaluation(one, store) for one in runs]
            chart = draw_evaluated(name, evaluations, confidence_level)
        else:
            of = [Run(run, store) for run in runs]
            measured = Measured(of, judge=judge, confidence_level=confidence_level)
            chart = draw(name, measured, settings)
        if output is None:
            raise UsageError(f"say where the figure goes: -o {name}.svg (or .html, .png, .json)")
        save(chart, output, theme=theme, renderer=renderer)
    if as_json:
        print_json({"figure": name, "runs": runs, "file": str(output)})
    else:
        console().print(f"{output}: {name} of {', '.join(runs)}", markup=False, soft_wrap=True)


def _pair(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, comma, second = (part.strip() for part in text.partition(","))
    if not (comma and first.isdecimal() and second.isdecimal()):
        raise UsageError(f"--components takes two numbers with a comma between, such as 1,3; not {text!r}")
    return int(first), int(second)
