"""Whoever counts something in responses writes how, and gets the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mien
from mien.errors import UsageError
from mien.report import figures
from mien.report.changes import cells, columns, summary, warnings
from mien.report.findings import of_two
from mien.report.junit import junit
from mien.report.markdown import markdown
from mien.report.tables import shown
from mien.stats.diffs.gates import check
from mien.stats.diffs.influence import influence
from mien.stats.estimates import Amount, Estimates, Quantity, Share, means


def hedges(responses: pd.DataFrame, label: str) -> Estimates:
    """A made-up measurement: how often a response hedges, and whether it asks back."""
    text = responses["response"].str
    table = responses.assign(hedges=text.count("perhaps"), asks=text.endswith("?"))
    return means(
        table, [Quantity("hedges", Amount("words"), more="worse"), Quantity("asks", Share())], label=label
    )


@pytest.fixture(scope="module")
def found() -> mien.Diff:
    rng = np.random.default_rng(0)

    def answers(rate: float) -> pd.DataFrame:
        said = [" ".join(["perhaps"] * (1 + rng.poisson(rate))) + rng.choice(["?", "."]) for _ in range(160)]
        return pd.DataFrame({"prompt_id": [f"p{i % 40:02d}" for i in range(160)], "response": said})

    return mien.diff(hedges(answers(1), "v1"), hedges(answers(2), "v2"), margin={"asks": 0.5})


def test_a_measurement_of_ones_own_has_a_diff(found):
    hedged, asked = found.changes
    assert (hedged.name, hedged.changed, hedged.better) == ("hedges", True, False)
    assert (asked.name, asked.finding) == ("asks", "unchanged")
    row = found.rows[0]
    assert list(row) == [
        *("quantity", "delta", "low", "high", "stderr", "p", "q", "changed", "finding", "prompts"),
        *("unit", "before", "after", "relative", "better"),
    ]
    assert row["after"] - row["before"] == pytest.approx(row["delta"])
    assert list(found.to_dict()["equivalence"])[-2:] == ["prompts", "prompts_needed"]
    assert "2 quantities" in found._repr_html_()


def test_it_has_gates(found):
    outcomes = check(found, ["hedges > +20%", "rate(asks) < 10%", "any"])
    assert [outcome["status"] for outcome in outcomes] == ["failed", "passed", "failed"]
    assert 'failures="2"' in junit(found, outcomes)


def test_it_has_markdown_and_rows_of_a_report(found):
    text = markdown(found, check(found, ["hedges > +20%"]), warnings(found, influence(found), (), {}))
    assert "| quantity | before | after | change | 95% interval | q |  |" in text
    assert "changed, worse |" in text
    assert cells(found.changes[0])[0] == "hedges"
    assert len(cells(found.changes[0])) == len(columns(found))
    table = shown((), found)
    assert [name for name, _ in table["columns"]][:3] == ["quantity", "before", "after"]
    assert len(table["rows"]) == 2
    assert dict(summary(found)) == {
        "as a whole": "changed (nothing changed: p <.001)",
        "pairing": "paired: 40 prompts shared, of 40 before and 40 after",
        "margin": "1 unchanged within their margins, 0 undecided",
    }
    assert of_two(found)[0].startswith("1 quantity changed of 2 (q < 0.05). The largest: hedges +")


def test_it_has_figures(found):
    drawn = figures.diff(found).to_dict()
    assert "160 responses before and 160 after, paired on 40 prompts" in str(drawn["title"])
    with pytest.raises(UsageError, match="slope draws quantities on one scale"):
        figures.slope(found)
    alone = mien.diff(found.before.only("asks"), found.after.only("asks"))
    assert "values of 1 quantity" in str(figures.slope(alone).to_dict()["title"])
