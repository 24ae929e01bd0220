"""Bad input: every mistake gets one line that says what is wrong, where, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.workplace import Workplace

TABLE = "option_1,option_2,chosen\nwarm,blunt,warm\nblunt,warm,warm\nwarm,blunt,blunt\n"


@pytest.fixture
def bare(tmp_path: Path, place: Workplace) -> Workplace:
    """A workplace with a sound comparison table."""
    (tmp_path / "table.csv").write_text(TABLE)
    return place


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (
            TABLE.replace("option_2", "second"),
            "the column 'option_2' is missing; found: option_1, second, chosen",
        ),
        (
            TABLE.replace("blunt,warm,warm", "blunt,warm,frank"),
            "row 2: chosen is 'frank', which is none of the row's options (blunt, warm) "
            "and none of neither, tie, refused, unreadable",
        ),
        (TABLE.replace("blunt,warm,warm", "blunt,warm,NaN"), "row 2: chosen is 'NaN'"),
        (TABLE.replace("blunt,warm,warm", "blunt,warm,"), "row 2: chosen is "),
    ],
)
def test_comparison_table(bare: Workplace, table: str, problem: str) -> None:
    (bare.folder / "table.csv").write_text(table)
    line = bare.refused("import", "table.csv", "--name", "people")
    assert line.startswith("Error: table.csv")
    assert problem in line
    assert not (bare.folder / "mien.db").exists()


def test_missing_values_in_other_formats(bare: Workplace) -> None:
    (bare.folder / "table.jsonl").write_text('{"option_1": "warm", "option_2": "blunt", "chosen": null}\n')
    assert "table.jsonl, row 1: chosen is " in bare.refused("import", "table.jsonl", "--name", "people")
    frame = pd.DataFrame({"option_1": ["warm"], "option_2": ["blunt"], "chosen": [float("nan")]})
    frame.to_parquet(bare.folder / "table.parquet")
    assert "table.parquet, row 1: chosen is " in bare.refused("import", "table.parquet", "--name", "people")


def test_byte_order_mark(bare: Workplace) -> None:
    (bare.folder / "table.csv").write_text(TABLE, encoding="utf-8-sig")
    assert "people: 3 verdicts on 2 traits" in bare.mien("import", "table.csv", "--name", "people").out
    assert "there is a run named 'people' already; choose another with --name" in bare.refused(
        "import", "table.csv", "--name", "people"
    )


@pytest.mark.slow
def test_many_rows(bare: Workplace) -> None:
    rows = (f"warm,blunt,{'warm' if i % 3 else 'blunt'},{i % 700}\n" for i in range(200_000))
    (bare.folder / "table.csv").write_text("option_1,option_2,chosen,prompt_id\n" + "".join(rows))
    imported = bare.mien("import", "table.csv", "--name", "people").out
    assert "people: 200,000 verdicts on 2 traits, 200,000 of them choices" in imported


def test_traits(bare: Workplace) -> None:
    mine = bare.folder / "mine.txt"
    for text, problem in {
        "warm\nblunt\n  WARM\n": "line 3: 'WARM' stands on line 1 already (case and spaces don't count)",
        "warm\n\nblunt\n": "line 2: a blank trait; remove the line or name the trait",
        "warm\nneither\n": "line 2: 'neither' cannot be a trait",
    }.items():
        mine.write_text(text)
        assert bare.refused("traits", "mine.txt").startswith(f"Error: mine.txt, {problem}")
    assert bare.refused("traits", "theirs.txt") == "Error: theirs.txt: no such file"
    assert "did you mean classic-144" in bare.refused("traits", "clasic-144")


def test_prompts(bare: Workplace) -> None:
    (bare.folder / "mine.jsonl").write_text('{"id": "a", "text": "Hello"}\n{"id": "b"\n')
    assert "mine.jsonl, row 2" in bare.refused("prompts", "mine.jsonl")
    assert "no such file" in bare.refused("prompts", "theirs.jsonl")
    assert "everyday" in bare.refused("prompts", "everday")
    line = bare.refused("prompts", "everyday", "--language", "tlh")
    assert "no prompt passes the filters; it has language: de, en, es, " in line


def test_protocols(bare: Workplace) -> None:
    (bare.folder / "mine.yaml").write_text("condition: hunger\n")
    assert "mine.yaml, key condition: " in bare.refused("protocols", "mine.yaml")
    (bare.folder / "mine.yaml").write_text("options: 2\n  condition: [\n")
    assert "mine.yaml, line 2: line the key up with those above" in bare.refused("protocols", "mine.yaml")
    assert "krishna2026" in bare.refused("protocols", "krishna2025")


def test_no_key(place: Workplace) -> None:
    line = place.refused("measure", "openai/gpt-5.1", "--judge", place.server.judge)
    assert line == "Error: openai needs a key: set the environment variable OPENAI_API_KEY"
    assert not (place.folder / "mien.db").exists()


def test_unknown_provider(place: Workplace) -> None:
    line = place.refused("measure", "opnai/gpt-5.1", "--judge", place.server.judge)
    assert line == "Error: no provider named 'opnai'; did you mean openai or xai?"
    assert "names no model; write openai/NAME" in place.refused("measure", "openai", "--judge", "x/y")


def test_two_runs_of_one_name(place: Workplace) -> None:
    place.mien(*place.study())
    n_requests = place.server.counts().requests
    for arguments, what in (
        (("--seed", 1), "design (traits, prompts, options or seed)"),
        (("--condition", "random"), "protocol"),
    ):
        line = place.refused(*place.study(*arguments))
        assert "there is a run named 'run' already, with another " in line
        assert what in line
        assert "choose another name with --name" in line
    assert place.server.counts().requests == n_requests


def test_names_that_are_not_known(place: Workplace) -> None:
    assert "no store at mien.db; `mien measure` or `mien import` makes one" in place.refused("runs")
    (place.folder / "table.csv").write_text(TABLE)
    place.mien("import", "table.csv", "--name", "people")
    for command in (
        ("profile", "peple"),
        ("runs", "peple"),
        ("runs", "peple", "--delete"),
        ("export", "peple"),
    ):
        assert "no run named 'peple'; did you mean people?" in place.refused(*command)
    assert "no judge of run 'people' named 'x'; known: imported" in place.refused(
        "profile", "people", "--judge", "x"
    )
    line = place.refused("judge", "people", "--judge", place.server.judge)
    assert "run 'people' holds no responses to judge" in line
    assert "x.xls: unknown format" in place.refused("export", "people", "-o", "x.xls")
    for name in ("x.csv", "x.parquet"):
        assert "no/folder" in place.refused("export", "people", "-o", f"no/folder/{name}")


def test_gates(bare: Workplace) -> None:
    bare.mien("import", "table.csv", "--name", "people")
    for gate, column, problem in (
        ("warm > lots", 7, "a number should stand here, such as 50, +50 or -50"),
        ("rank(warn) > 2", 5, "no trait named 'warn'; did you mean warm?"),
    ):
        result = bare.mien("diff", "people", "people", "--fail-on", "any", "--fail-on", gate, status=2)
        said, shown, caret = result.err.splitlines()
        assert said.startswith(f"Error: gate '{gate}': ")
        assert problem in said
        assert (shown, caret) == (f"  {gate}", f"  {' ' * column}^")
        assert result.out == ""


def test_options_of_diff(bare: Workplace) -> None:
    bare.mien("import", "table.csv", "--name", "people")
    for arguments, problem in (
        (("--json", "--markdown"), "choose one of --json and --markdown"),
        (("--junit", "x.xml"), "--junit writes a test case for each gate; give one with --fail-on"),
        (("--margin", 0), "a margin is a number of rating points above 0, not 0"),
        (("--fail-on", "any", "--fail-when", "sure"), "--fail-when"),
    ):
        assert problem in bare.refused("diff", "people", "people", *arguments)
    missing = bare.mien("diff", "people", "people", "--fail-on", "any", "--junit", "no/x.xml", status=2)
    assert missing.err == "Error: no/x.xml: No such file or directory\n"


def test_file_that_is_no_store(place: Workplace) -> None:
    line = place.refused("runs", "--store", "traits.txt")
    assert "traits.txt" in line
    assert "is not a mien store" in line
    before = (place.folder / "traits.txt").read_bytes()
    place.refused(*place.study("--store", "traits.txt"))
    assert (place.folder / "traits.txt").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("mesure",), "No such command 'mesure'. Did you mean 'measure', 'merge'?; see mien --help"),
        (("profile",), "Missing argument 'run'; see mien profile --help"),
        (("profile", "x", "--jsn"), "No such option: --jsn"),
        (("profile", "x", "--top", "many", "--json"), "Invalid value for '--top'"),
        (("compare", "x*", "--json"), "no store at mien.db"),
        (("runs", "--delete"), "name the run to delete; see mien runs --help"),
        (("measure", "a/b", "--judge", "c/d", "--rounds", "many"), "Invalid value for '--rounds'"),
    ],
)
def test_usage(place: Workplace, arguments: tuple[str, ...], problem: str) -> None:
    assert problem in place.refused(*arguments)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--rounds", 0), "round"),
        (("--trials", 10), "give one of rounds, trials and full"),
        (("--options", 9), "key options: "),
        (("--instrument", "guitar"), "no instrument named 'guitar'; known: "),
        (("--extra", "{"), "--extra: is not a JSON object"),
        (("--extra", '{"model": "x"}'), "model"),
    ],
)
def test_options_of_measure(place: Workplace, arguments: tuple[object, ...], problem: str) -> None:
    line = place.refused(*place.study(*arguments))
    assert problem in line
    assert place.server.counts().requests == 0
