"""`mien spec`: written, checked, shown and compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.evals.spec.torn import served

if TYPE_CHECKING:
    from mien.testing import ScriptedServer
    from tests.end_to_end.workplace import Workplace


def test_new_check_show_and_diff(place: Workplace) -> None:
    place.mien("spec", "new", "tutor")
    assert "exists already" in place.refused("spec", "new", "tutor")
    assert "nothing to mend" in place.mien("spec", "check", "tutor.yaml").out
    assert "1 clause, 2 items; a judge reads 2" in place.mien("spec", "show", "tutor.yaml").out
    whole = json.loads(place.mien("spec", "show", "tutor.yaml", "--json").out)
    assert [item["id"] for item in whole["clauses"][0]["items"]] == ["poem", "essay_in_short"]
    assert place.mien("spec", "show", "tutor.yaml", "--clause", "no_flattery").out.startswith("id: no_flatt")
    assert "did you mean no_flattery" in place.refused("spec", "show", "tutor.yaml", "--clause", "flattery")

    text = (place.folder / "tutor.yaml").read_text()
    (place.folder / "later.yaml").write_text(text.replace("authority: user", "authority: root"))
    told = place.mien("spec", "diff", "tutor.yaml", "later.yaml").out
    assert "no_flattery authority user → root" in told
    assert "0 items to ask a model" in told
    found = json.loads(place.mien("spec", "diff", "tutor.yaml", "later.yaml", "--json").out)
    assert (found["clauses"][0]["kind"], found["kept"]) == ("re-levelled", 2)


def test_bad_input_is_named_by_line(place: Workplace) -> None:
    place.mien("spec", "new", "tutor")
    path = place.folder / "tutor.yaml"
    text = path.read_text()
    path.write_text(text.replace("words: {most: 50}", "manner: {hedge: {most: 2}}"))
    result = place.mien("spec", "check", "tutor.yaml", status=1)
    assert "line 37: no feature of manner named 'hedge'; did you mean hedges" in result.out
    found = json.loads(place.mien("spec", "check", "tutor.yaml", "--json", status=1).out)
    assert (found["passed"], found["findings"][0]["line"]) == (False, 37)

    path.write_text(text.replace("authority: user", "authority: boss"))
    assert (
        "line 13: key clauses.0.authority: is none of root, system, developer, user, guideline"
        in place.refused("spec", "show", "tutor.yaml")
    )
    path.write_text("clauses: []\nname: empty\n")
    assert "line 1: key clauses: holds nothing" in place.refused("spec", "show", "tutor.yaml")


def test_what_others_have_written_is_imported(place: Workplace) -> None:
    (place.folder / "blueprint.yml").write_text(
        "prompt: Do I sail in a storm?\nshould: [advises against it, {$js: r.length}]\n"
    )
    result = place.mien("spec", "import", "blueprint.yml", "-o", "made.yaml")
    assert "1 clause, 1 item, 0 good and 0 bad examples\n1 thing could not be carried over:\n" in result.out
    assert "  prompt 1, should, 2: $js has no check that means the same" in result.out
    assert "read as a blueprint of weval" in result.err
    assert "exists already" in place.refused("spec", "import", "blueprint.yml", "-o", "made.yaml")
    told = json.loads(place.mien("spec", "import", "candid-friend", "--json").out)
    assert (told["file"], len(told["left"])) == ("candid-friend.yaml", 1)


def test_a_model_writes_items(place: Workplace, server: ScriptedServer) -> None:
    place.mien("spec", "new", "tutor")
    command = ("spec", "items", "tutor.yaml", "--model", server.model, "--items", "6")
    out = place.mien(*command, "-o", "more.yaml", "--held-out", ".5").out
    assert "6 items for 1 clause, " in out
    assert "drafts by a model" in out
    assert "1 clause, 8 items" in place.mien("spec", "show", "more.yaml").out
    assert "6 items to ask a model" in place.mien("spec", "diff", "tutor.yaml", "more.yaml").out
    told = json.loads(place.mien(*command, "-o", "again.yaml", "--json").out)
    assert (told["added"], told["wanting"]) == ({"no_flattery": 6}, {})
    assert "exists already" in place.refused(*command, "-o", "more.yaml")
    assert "did you mean no_flattery" in place.refused(*command, "-o", "x.yaml", "--clause", "no_flatery")


def test_clauses_that_contradict_each_other(place: Workplace) -> None:
    clauses = "".join(
        f"  - id: {letter}\n    text: Keep to {letter}.\n    items:\n"
        + "".join(f"      - {{id: i{n}, messages: About {letter} no. {n}}}\n" for n in range(3))
        for letter in "abc"
    )
    (place.folder / "torn.yaml").write_text(f"name: torn\nclauses:\n{clauses}")
    with served() as (url, _):
        command = ("spec", "contradictions", "torn.yaml", f"{url}#model", "--judge", f"{url}#judge")
        told = json.loads(place.mien(*command, "--json").out)
        shown = place.mien(*command).out
    assert [one["clauses"] for one in told["pairs"] if one["finding"] == "contradict"] == [["a", "b"]]
    assert told["pairs"][0]["never_both"]["share"] == 1
    assert "1 pair of 3 in which both clauses have a say contradict each other; 0 undecided" in shown


def test_a_clause_that_is_read_by_how_it_is_put(place: Workplace) -> None:
    items = "".join(f"      - {{id: i{n}, messages: About a no. {n}}}\n" for n in range(7))
    (place.folder / "torn.yaml").write_text(
        f"name: torn\nclauses:\n  - id: a\n    text: Keep to a.\n    items:\n{items}"
    )
    with served() as (url, _):
        command = ("spec", "ambiguities", "torn.yaml", f"{url}#model", "--judge", f"{url}#judge")
        told = json.loads(place.mien(*command, "--json").out)
        shown = place.mien(*command).out
    [one] = told["clauses"]
    assert (one["finding"], one["conversations"]) == ("ambiguous", 7)
    assert "1 clause of 1 that a judge is asked about are ambiguous; 0 undecided" in shown
    assert "“Hold fast to a. In the second way.”" in shown
