"""`mien plan`, through the command."""

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace


def test_a_plan_from_a_trait_set(place: "Workplace"):
    found = json.loads(place.mien("plan", "--detect", 150, "--traits", "traits.txt", "--json").out)
    assert found["n_traits"] == len(place.traits)
    assert found["trials"] == found["rounds"] * 5
    assert found["calls"] == 4 * found["trials"]
    assert found["worst"] is None
    assert [row["rounds"] for row in found["table"]] == [14, 28, 56, 112, 224, 448]
    changes = [row["change"] for row in found["table"] if row["change"] is not None]
    assert changes == sorted(changes, reverse=True)
    out = place.mien("plan", "--detect", 150, "--traits", "traits.txt").out
    assert f"{found['rounds']:,} rounds" in out
    assert "smallest change" in out


def test_a_plan_against_a_run(place: "Workplace"):
    rows = ["option_1,option_2,chosen,prompt_id"]
    for i in range(120):
        a, b = ("abc"[i % 3], "abc"[(i + 1 + i // 3 % 2) % 3])
        rows.append(f"{a},{b},{a if i % 7 < 4 else b},p{i % 60}")
    (place.folder / "table.csv").write_text("\n".join(rows) + "\n")
    place.mien("import", "table.csv", "--name", "old")
    found = json.loads(place.mien("plan", "--detect", 200, "--against", "old", "--json").out)
    assert (found["against"], found["n_traits"], found["n_options"]) == ("old", 3, 2)
    assert found["worst"] >= found["rounds"]
    assert found["calls"] == 2 * (found["trials"] + max(found["trials"] - 120, 0))
    assert "does not rate the traits" in place.refused(
        "plan", "--detect", 200, "--against", "old", "--traits", "traits.txt"
    )
    assert "leave out --options" in place.refused("plan", "--detect", 200, "--against", "old", "--options", 3)
    assert "no run named 'odl'" in place.refused("plan", "--detect", 200, "--against", "odl")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--detect", 0), "--detect"),
        (("--detect", 50, "--power", 0.004), "--power lies between 0.005 "),
        (("--detect", 50, "--options", 9), "--options is 2 to 8"),
    ],
)
def test_what_cannot_be_planned_is_refused(place: "Workplace", arguments: tuple, said: str):
    assert said in place.refused("plan", "--traits", "traits.txt", *arguments)
