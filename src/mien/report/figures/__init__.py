"""Figures: one function each, results in, an Altair chart out; `themed` gives them their looks.

Each has a file with its name; `ratings`, `intervals`, `labels`, `trees` and `theme` are what several draw
with. `mien.report.registry` is how `mien plot`, reports and the viewer find them.
"""

from mien.report.figures.breadth import breadth
from mien.report.figures.changes import diff, slope
from mien.report.figures.clusters import clusters
from mien.report.figures.components import components
from mien.report.figures.consistency import consistency
from mien.report.figures.convergence import convergence
from mien.report.figures.distinct import distinct
from mien.report.figures.diversity import diversity
from mien.report.figures.expression import expression
from mien.report.figures.extremes import extremes
from mien.report.figures.four_sides import four_sides
from mien.report.figures.judges import Judged, judges
from mien.report.figures.precision import precision
from mien.report.figures.ranking import ranking
from mien.report.figures.spec import spec
from mien.report.figures.sycophancy import sycophancy
from mien.report.figures.theme import THEMES, Theme, themed
from mien.report.figures.views import views

__all__ = [
    "THEMES",
    "Judged",
    "Theme",
    "breadth",
    "clusters",
    "components",
    "consistency",
    "convergence",
    "diff",
    "distinct",
    "diversity",
    "expression",
    "extremes",
    "four_sides",
    "judges",
    "precision",
    "ranking",
    "slope",
    "spec",
    "sycophancy",
    "themed",
    "views",
]
