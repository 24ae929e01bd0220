"""The commands, one by one: what they print, what `--json` holds, where they look for the store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mien.testing import Options
from tests.end_to_end.workplace import SCORES, Workplace

if TYPE_CHECKING:
    from mien.testing import ScriptedServer

PROFILE = {
    "answers",
    "judge_correction",
    "soft",
    "run",
    "model",
    "instrument",
    "protocol",
    "judge",
    "reads",
    "reads_itself",
    "design",
    "seed",
    "n_trials",
    "verdicts",
    "traits",
}
PROFILE |= {
    "never_seen",
    "condition",
    "position",
    "reliability",
    "flat",
    "accuracy",
    "alpha",
    "prior",
    "pool",
}
PROFILE |= {"confidence_level", "simultaneous", "ties", "nu", "clusters"}
VERDICTS = {"chosen", "neither", "tie", "refused", "unreadable", "missing"}
RATED = {
    "trait",
    "rank",
    "rank_low",
    "rank_high",
    "tied",
    "presented",
    "neither",
    "refused",
    "unreadable",
    "rating",
    "low",
    "high",
    "stderr",
    "score",
    "score_stderr",
    "elo",
    "shown",
    "chosen",
}
CHANGED = {"trait", "delta", "low", "high", "stderr", "p", "q", "changed", "finding", "rounds"}
CORRELATION = ["spearman", "low", "high", "disattenuated", "disattenuated_low", "disattenuated_high"]
CONSISTENT = {"run", "by", "contexts", "left_out", "spread", "interaction", "traits", "ratings"}
CONSISTENT |= {"fdr", "confidence_level"}
ESTIMATED = {"run", "design", "trials", "until", "calls", "generations", "tokens_in", "tokens_out", "cost"}
ESTIMATED |= {"stored", "seconds"}
SHOWN = {"run", "model", "instrument", "design", "seed", "created", "n_trials", "judges", "failures"}
COMMANDS = (
    "demo", "measure", "judge", "serve", "profile", "diff", "runs", "traits", "prompts", "protocols",
)  # fmt: skip
COMMANDS += (
    "compare", "constitution", "export", "import", "plot", "reliability", "report", "sides", "view",
)  # fmt: skip


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, shared_server: ScriptedServer) -> Workplace:
    """A workplace with two runs, of two characters, in its store."""
    place = Workplace(tmp_path_factory.mktemp("measured"), shared_server)
    defaults = Options(scores=SCORES)
    shared_server.configure(**{name: getattr(defaults, name) for name in Options.__slots__})
    place.mien(*place.study(name="before", rounds=40))
    changed = {trait: -score for trait, score in SCORES.items()}
    shared_server.configure(scores=changed, models=("model", "judge", "changed"))
    place.mien("measure", f"{shared_server.url}#changed", *place.study(name="after", rounds=40)[2:])
    return place


def read(place: Workplace, *arguments: object, **options: Any) -> Any:
    """What a command prints with `--json`; nothing else may be printed."""
    result = place.mien(*arguments, "--json", **options)
    assert result.err == ""
    return json.loads(result.out)


def test_profile(measured: Workplace) -> None:
    found = read(measured, "profile", "before")
    assert found.keys() == PROFILE
    assert found["verdicts"].keys() == VERDICTS
    assert [row["rank"] for row in found["traits"]] == [*range(1, 11)]
    assert all(row.keys() == RATED for row in found["traits"])
    assert [*found["position"]] == ["first", "low", "high"]
    assert [*found["reliability"]] == ["model_based", "split_half"]
    assert found["verdicts"]["chosen"] == found["n_trials"] == 200
    shown = measured.mien("profile", "before", "--top", 2).out
    assert "before: http://127.0.0.1:" in shown
    assert "200: 200 chosen" in shown
    assert all(row["trait"] in shown for row in found["traits"][:2] + found["traits"][-2:])
    assert found["traits"][5]["trait"] not in shown
    assert "\x1b" not in shown
    joint = read(measured, "profile", "before", "--simultaneous")
    assert joint["simultaneous"] and not found["simultaneous"]
    for wide, one in zip(joint["traits"], found["traits"], strict=True):
        assert wide["low"] < one["low"] < one["high"] < wide["high"]
        assert one["rank_low"] <= one["rank"] <= one["rank_high"]
    assert "95% simultaneous" in measured.mien("profile", "before", "--simultaneous").out


def test_a_profile_under_the_null_says_whether_it_is_flat(place: Workplace) -> None:
    # The scripted model does not heed being told to choose at random.
    shown = place.mien(*place.study(name="leaning", rounds=40), "--condition", "random").out
    assert "NOT FLAT" in shown
    assert "no preference" in shown
    place.server.configure(scores=dict.fromkeys(place.server.options.scores, 0.0))
    place.mien(*place.study(name="null", rounds=40), "--condition", "random", "--seed", 1)
    assert "flat, as it should be under the condition random" in place.mien("profile", "null").out
    assert read(place, "profile", "null")["condition"] == "random"


def test_diff(measured: Workplace) -> None:
    found = read(measured, "diff", "before", "after")
    assert {"a", "b", "traits", "omnibus", "rms", "correlation", "fdr"} <= found.keys()
    assert all(row.keys() == CHANGED for row in found["traits"])
    sizes = [abs(row["delta"]) for row in found["traits"]]
    assert sizes == sorted(sizes, reverse=True)
    assert found["omnibus"].keys() >= {"chi2", "df", "p"}
    assert [*found["correlation"]] == CORRELATION
    assert [*found["size"]] == ["rms", "low", "high"]
    assert (found["pairing"], found["paired"]) == ("paired", 30)
    assert found["prompts"] == {"a": 30, "b": 30, "shared": 30}
    assert found["equivalence"] is None
    assert found["gates"] == []
    assert found["omnibus"]["p"] < 0.001
    assert found["correlation"]["spearman"] < 0
    n_changed = sum(row["changed"] for row in found["traits"])
    assert n_changed
    shown = measured.mien("diff", "before", "after").out
    assert f"after against before: {n_changed} traits changed of 10" in shown
    assert "paired: 30 prompts shared, of 30 before and 30 after" in shown


def test_diff_with_a_margin(measured: Workplace) -> None:
    found = read(measured, "diff", "before", "after", "--margin", 200)
    counts = found["equivalence"]
    findings = [row["finding"] for row in found["traits"]]
    for finding in ("changed", "unchanged", "undecided"):
        assert counts[finding] == findings.count(finding)
    assert counts["rounds"] == 40
    assert counts["rounds_needed"] == max(row["rounds"] or 0 for row in found["traits"])
    shown = measured.mien("diff", "before", "after", "--margin", 200).out
    assert f"{counts['unchanged']} unchanged within ±200 points, {counts['undecided']} undecided" in shown
    assert f"{counts['rounds_needed']:,} all (40 now)" in shown


def test_compare(measured: Workplace) -> None:
    found = read(measured, "compare", "before", "after", "--n-resamples", "20")
    assert found["runs"] == ["before", "after"]
    assert len(found["ratings"][0]) == len(found["traits"]) == 10
    (pair,) = found["correlations"]
    assert [*pair] == ["a", "b", *CORRELATION]
    assert pair["spearman"] < 0
    assert len(found["distinct"]) == 20
    assert found["clusters"]["traits"] is None
    assert found["components"]["low"] == [None]
    shown = measured.mien("compare", "before", "after", "--n-resamples", "20").out
    apart = [row for row in found["distinct"] if row["distinct"]]
    assert apart
    assert all(row["trait"] in shown for row in apart[:3])
    assert "2 runs, 10 traits" in shown
    assert "'before' is named twice; name each run once" in measured.refused("compare", "before", "before")
    assert "compare takes 2 to 1,000 runs, not 1" in measured.refused("compare", "before")


def test_compare_over_kinds_of_prompts(measured: Workplace) -> None:
    arguments = ("compare", "before", "after", "--by", "length", "--n-resamples", 99)
    found = read(measured, *arguments)
    assert found["by"] == "length"
    assert [of["run"] for of in found["runs"]] == ["before", "after"]
    first = found["runs"][0]
    assert first.keys() == CONSISTENT
    assert sum(row["prompts"] for row in first["contexts"]) == 30
    assert len(first["traits"]) == 10
    assert len(first["ratings"]) == 10 * len(first["contexts"])
    shown = measured.mien(*arguments, "--top", 2).out
    assert "before by length: 3 contexts, 10 traits" in shown
    assert f"τ = {first['spread']['tau']:.0f} points" in shown
    assert first["contexts"][0]["context"] in shown
    assert sum(f"\n{row['trait']} " in shown.partition("after by")[0] for row in first["traits"]) == 2
    measured.mien("plot", "consistency", "before", "--by", "length", "--top", 3, "-o", "length.json")
    spec = json.loads((measured.folder / "length.json").read_text())
    assert spec["title"]["text"] == "before by length: the 3 traits that move most"
    once = measured.refused("compare", "before", "before", "--by", "length")
    assert "'before' is named twice; name each run once" in once
    unknown = measured.refused("compare", "before", "--by", "lenght")
    assert "'lenght' is not one of 'category', 'language', 'length'" in unknown


def test_gates(measured: Workplace) -> None:
    found = read(measured, "diff", "before", "after")
    most = found["traits"][0]
    sign, delta = (">", most["low"]) if most["delta"] > 0 else ("<", most["high"])
    fails, passes = f"{most['trait']} {sign} {delta / 2:.0f}", "rms > 5000"
    arguments = ("diff", "before", "after", "--fail-on", fails, "--fail-on", passes)
    out = measured.mien(*arguments, "--junit", "gates.xml", status=1).out
    assert [" ".join(line.split()[:5]) for line in out.splitlines()[-2:]] == [
        f"{fails} FAILED {most['delta']:+.0f}",
        f"{passes} passed {found['size']['rms']:.0f}",
    ]
    assert "whole interval lies" in out
    assert (measured.folder / "gates.xml").read_text(encoding="utf-8").count("<failure ") == 1
    told = json.loads(measured.mien(*arguments, "--json", status=1).out)
    assert told["fail_when"] == "certain"
    assert [gate["status"] for gate in told["gates"]] == ["failed", "passed"]
    # Prompts go by the ids that their owner knows, not by the store's keys.
    ids = {row["prompt_id"] for row in measured.exported("before")}
    assert {gate["without"]["prompt"] for gate in told["gates"]} <= ids
    assert {row["prompt"] for row in told["influence"]} <= ids
    assert measured.mien("diff", "before", "after", "--fail-on", passes).status == 0
    # The estimate lies beyond a bound that the interval holds.
    within = f"{most['trait']} {sign} {most['delta'] * 0.99:.1f}"
    assert "undecided" in measured.mien("diff", "before", "after", "--fail-on", within).out
    arguments = ("diff", "before", "after", "--fail-on", within, "--fail-when", "likely", "--markdown")
    page = measured.mien(*arguments, status=1).out
    assert page.startswith("## after against before\n\n### Gates\n\n**1 of 1 failed**\n")
    assert "\x1b" not in page


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_there_and_back(measured: Workplace, name: str) -> None:
    assert measured.mien("export", "before", "-o", name).out == ""
    copy = name.replace(".", "-")
    said = measured.mien("import", name, "--name", copy).out
    assert said == f"{copy}: 200 verdicts on 10 traits, 200 of them choices. Next: mien profile {copy}\n"
    assert measured.exported(copy) == measured.exported("before")
    if name == "table.csv":
        original, again = (read(measured, "profile", run)["traits"] for run in ("before", copy))
        assert again == [pytest.approx(row) for row in original]


def test_judge(measured: Workplace) -> None:
    measured.server.reset_log()
    found = read(measured, "judge", "before", "--judge", measured.server.judge, "--as", "second")
    assert [*found] == ["run", "judge", "with", "agreement", "differing"]
    assert found["agreement"] == {"kappa": 1.0, "low": 1.0, "high": 1.0, "agreement": 1.0, "n": 200}
    assert measured.server.counts().requests == 0  # the same questions to the same judge
    arguments = ("--judge", measured.server.judge, "--as", "third", "--temperature", 1)
    shown = measured.mien("judge", "before", *arguments).out
    assert measured.server.counts().by_role == {"judge": 200}
    assert "third: 200 responses of before read" in shown
    assert "κ 1.00" in shown
    assert "mien profile before --judge third" in shown


def test_runs(measured: Workplace) -> None:
    found = read(measured, "runs")
    assert [entry["run"] for entry in found][:2] == ["before", "after"]
    assert all(entry.keys() == SHOWN for entry in found)
    assert found[0]["judges"][0] == {
        "judge": measured.server.judge, "verdicts": 200, "missing": 0, "complete": True,
        "answers": {"n": 200, "cut_off": 0, "filtered": 0, "markup": 0, "leaks": 0},
    }  # fmt: skip
    one = read(measured, "runs", "before")
    assert one.keys() == SHOWN | {"protocol"}
    assert one["protocol"]["name"] == "default"
    long = "customer-support-prompt-v12-candidate-b-measured-once-more-with-another-judge-2026"
    (measured.folder / "one.csv").write_text("option_1,option_2,chosen\nwarm,blunt,warm\n")
    measured.mien("import", "one.csv", "--name", long)
    listed = measured.mien("runs").out.splitlines()
    assert {"before", long} <= {*listed}  # too wide for a table: a name a line, and the rest below it
    assert "http" not in measured.mien("runs").out
    measured.mien("runs", long, "--delete")
    assert listed[0] == "before"
    assert "model, revealed, " in listed[1]
    assert measured.mien("runs", "before").out.startswith("run: before\nmodel: http://")
    measured.mien("export", "before", "-o", "short-lived.csv")
    measured.mien("import", "short-lived.csv", "--name", "short-lived")
    assert measured.mien("runs", "short-lived", "--delete").out == "short-lived is deleted.\n"
    assert "no run named 'short-lived'" in measured.refused("runs", "short-lived")


def test_where_the_store_is(place: Workplace) -> None:
    environment = {"MIEN_STORE": "c.db"}
    for arguments, env, expected in (
        (("runs",), {}, "mien.db"),
        (("--store", "a.db", "runs"), {}, "a.db"),
        (("runs", "--store", "b.db"), {}, "b.db"),
        (("runs",), environment, "c.db"),
        (("--store", "a.db", "runs"), environment, "a.db"),
        (("runs", "--store", "b.db"), environment, "b.db"),
        (("--store", "a.db", "runs", "--store", "b.db"), environment, "b.db"),
    ):
        assert f"no store at {expected};" in place.refused(*arguments, env=env)


def test_dry_run(place: Workplace) -> None:
    place.server.configure(prices=(1.0, 2.0))
    listed = read(place, *place.study("--dry-run"))
    assert listed.keys() == ESTIMATED
    assert (listed["trials"], listed["calls"]) == (40, 80)
    assert listed["cost"] == pytest.approx((listed["tokens_in"] + 2 * listed["tokens_out"]) / 1e6)
    given = place.mien(*place.study("--dry-run", "--price-in", 3000, "--price-out", 4000)).out
    cost = (3000 * listed["tokens_in"] + 4000 * listed["tokens_out"]) / 1e6
    took = "  time                 2 s  (answers of 10 s, verdicts of 2 s, 256 at once)\nNo call was made.\n"
    assert f"cost        {f'${cost:,.2f}':>12}\n{took}" in given
    assert "40 trials in 8 rounds of 10 traits, 30 prompts" in given
    place.server.configure(prices=None)
    assert "unknown (give --price-in and --price-out)" in place.mien(*place.study("--dry-run")).out
    assert place.server.counts().requests == 0
    assert not (place.folder / "mien.db").exists()


def test_measure(place: Workplace) -> None:
    """The control, with five options a trial."""
    found = read(place, *place.study("--instrument", "instructed", "--options", 5, rounds=16))
    assert found.keys() == PROFILE | {"until", "persistence"}
    assert found["until"] is found["persistence"] is None
    assert found["instrument"] == "instructed"
    assert found["accuracy"]["accuracy"] == 1.0
    assert found["n_trials"] == 32


def test_traits_prompts_and_protocols(place: Workplace) -> None:
    assert [entry["name"] for entry in read(place, "traits")] == ["classic-144", "classic-36"]
    mine = read(place, "traits", "traits.txt")
    assert mine["traits"][0] == {"name": "warm", "description": ""}
    assert "traits: 10 traits, all usable" in place.mien("traits", "traits.txt").out
    assert read(place, "prompts")[0]["n_prompts"] >= 720
    some = read(place, "prompts", "everyday", "--language", "de", "--max-prompts", 3)
    assert [*some[0]] == ["id", "category", "language", "source", "text"]
    assert [prompt["language"] for prompt in some] == ["de"] * 3
    assert "all usable" in place.mien("prompts", "everyday").out
    assert [entry["name"] for entry in read(place, "protocols")] == ["default", "krishna2026", "maiya2025"]


def test_a_protocol_is_a_file_to_start_from(place: Workplace) -> None:
    shown = place.mien("protocols", "krishna2026").out
    (place.folder / "mine.yaml").write_text(shown)
    assert place.mien("protocols", "mine.yaml").out == shown
    assert read(place, "protocols", "mine.yaml") == read(place, "protocols", "krishna2026")


@pytest.mark.slow
def test_help(place: Workplace) -> None:
    assert "mien" in place.mien("--version").out
    overview = place.mien().out
    for command in COMMANDS:
        assert f" {command} " in overview
        assert f"Usage: mien {command} " in place.mien(command, "--help").out


@pytest.mark.slow
def test_reliability(place: Workplace) -> None:
    place.mien(*place.study(name="r", rounds=10))
    (alone,) = read(place, "reliability", "r")["runs"]
    assert alone["alpha"] is None
    assert alone["pairs"] == []
    place.mien("judge", "r", "--judge", place.server.judge, "--as", "warm", "--temperature", 1)
    whole = read(place, "reliability", "r")
    assert [*whole] == ["runs", "correlations", "unrated", "confidence_level"]
    (found,) = whole["runs"]
    assert [*found][:6] == ["run", "raters", "repeats", "pairs", "alpha", "rates"]
    assert [*found][6:] == ["functioning", "positions", "fit", "told"]
    assert [(pair["b"], pair["n"]) for pair in found["pairs"]] == [("warm", 50)]
    assert [*found["alpha"]] == ["alpha", "low", "high", "n"]
    assert {rate["by"] for rate in found["rates"]} >= {"all", "length"}
    shown = place.mien("reliability", "r").out
    assert "Krippendorff's α of all 2" in shown
    assert "'q'" in place.refused("reliability", "q")


@pytest.mark.slow
def test_commands_start_from_nothing(measured: Workplace) -> None:
    """Elsewhere most come from a process that has loaded what they may have forgotten to import."""
    for command in (
        ("compare", "before", "after", "--n-resamples", 20),
        ("export", "before", "-o", "before.parquet"),
        ("import", "before.parquet", "--name", "imported"),
        ("judge", "before", "--judge", measured.server.judge, "--as", "again"),
        ("plan", "--detect", 200, "--against", "before"),
        ("plot", "ranking", "before", "-o", "ranking.svg"),
        ("profile", "before"),
        ("reliability", "before"),
        ("report", "before", "after", "-o", "report"),
        ("runs", "imported", "--delete"),
    ):
        measured.finish(measured.from_nothing(*command))


SIDES = {"model", "sides", "traits", "left_out", "pairs", "shown_by", "claimed", "unclaimed", "never_seen"}
SIDES |= {"strength", "strength_why_not"}


INVENTORY = {"run", "model", "instrument", "answers", "missing", "traits", "unrated", "phrasings"}
INVENTORY |= {"reliability", "alpha", "acquiescence", "confidence_level"}


def test_an_inventory(place: Workplace) -> None:
    best, *_, worst = sorted(SCORES, key=SCORES.__getitem__)
    rates = {trait: 3 + score / 2 for trait, score in SCORES.items()}
    asked = ("measure", place.server.model, "--traits", "traits.txt", "--instrument", "inventory")
    asked += ("--rounds", 8)
    place.server.configure(rates=rates, rates_high=0.5)
    shown = place.mien(*asked, "--name", "before").out
    assert "80: 80 read, 0 unreadable" in shown
    assert "it leans to the high end" in shown
    place.server.configure(rates=rates | {best: 5.0}, rates_high=0.5, seed=1)
    made = json.loads(place.mien(*asked, "--name", "after", "--temperature", 0.5, "--json").out)
    found = read(place, "profile", "after")
    assert found.keys() == INVENTORY
    assert made == found
    assert found["traits"][0]["trait"] in {best, worst}
    gates = ("--fail-on", f"{best} > +0.5", "--fail-on", f"mean({worst}) > 4.9")
    stopped = place.mien("diff", "before", "after", *gates, status=1).out
    assert "FAILED" in stopped
    assert (
        "a mean answer lies between 1 and 5"
        in place.mien("diff", "before", "after", "--fail-on", f"mean({best}) > 9", status=2).err
    )
    place.mien(*place.study(name="chooses", rounds=40))
    assert read(place, "sides", "chooses", "before")["sides"][0]["side"] == "rates"
    for problem, command in {
        "is an inventory, with ratings from 1 to 5, and chooses is not": ("diff", "chooses", "before"),
        "an inventory has no judge": ("diff", "before", "after", "--judge", "x"),
        "holds no choices: leave out --bounds": ("profile", "before", "--bounds"),
        "sets none beside another": ("compare", "before", "after"),
        "inventory asks about nothing but the model: leave out the options on prompts": (
            *asked,
            "--prompts",
            "prompts.csv",
        ),
    }.items():
        assert problem in place.mien(*command, status=2).err


def test_sides(place: Workplace) -> None:
    says = {trait: -score for trait, score in SCORES.items()}
    place.server.configure(says=says, unasked=True)
    asked = ("measure", place.server.model, "--traits", "traits.txt", "--rounds", 40, "--name", "says")
    place.mien(*asked, "--instrument", "stated")
    place.mien(*place.study(name="chooses", rounds=40))
    place.mien(*place.study(name="does", rounds=100), "--instrument", "exhibited")
    place.mien(*place.study(name="can", rounds=40), "--instrument", "instructed")
    found = read(place, "sides", "does", "can")
    assert len(found["strength"]) == 10
    assert all(row["told"] == 1 > row["nothing"] and row["shown"] for row in found["strength"])
    assert "told nothing" in place.mien("sides", "does", "can").out
    found = read(place, "sides", "chooses", "says", "does")
    assert found["strength"] is None
    assert found.keys() == SIDES | {"fdr", "confidence_level"}
    assert [side["side"] for side in found["sides"]] == ["says", "chooses", "does"]
    assert found["sides"][0]["judge"] == "itself"
    pair = found["pairs"][0]
    assert (pair["a"], pair["b"]) == ("says", "chooses")
    assert pair["correlation"]["corrected"] < -0.5
    best, worst = max(SCORES, key=SCORES.get), min(SCORES, key=SCORES.get)  # type: ignore[arg-type]
    apart = {row["trait"]: row["gap"] for row in pair["gaps"] if row["apart"]}
    assert apart[best] < 0 < apart[worst]
    shown = place.mien("sides", "says", "chooses").out
    assert "from 2 sides, 10 traits" in shown
    assert worst in next(
        line for line in shown.splitlines() if line.startswith("Claims more than it chooses")
    )
    assert "is named twice" in place.mien("sides", "says", "says", status=2).err
