"""`mien constitution from-traits`: signs, drafts that the check passes, and what cannot be drafted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mien.materials.constitutions import load_constitution

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace


@pytest.mark.parametrize("schema", [True, "ignored", False])
def test_a_draft(place: Workplace, schema: object) -> None:
    place.server.configure(supports_schema=schema)
    command = (
        "constitution",
        "from-traits",
        "warm",
        "+playful",
        "-harmonious",
        "--model",
        place.server.model,
    )
    told = json.loads(place.mien(*command, "--output", "guide.yaml", "--json").out)
    assert (told["file"], told["passed"], told["findings"]) == ("guide.yaml", True, [])
    drafted = load_constitution(place.folder / "guide.yaml")
    assert told["constitution"] == drafted.model_dump(mode="json", by_alias=True)
    assert [(a.raises, a.lowers) for a in drafted.assertions] == [
        (("warm",), ()),
        (("playful",), ()),
        ((), ("harmonious",)),
    ]
    assert drafted.name == "guide"
    assert place.mien("constitution", "check", "guide.yaml").out == "guide.yaml: nothing to mend\n"
    place.server.reset_log()
    shown = place.mien(*command, "--output", "again.yaml").out
    assert "wrote again.yaml\n3 assertions, 12 questions; nothing to mend" in shown
    assert place.server.counts().requests == 0
    assert load_constitution(place.folder / "again.yaml").assertions == drafted.assertions


def test_what_cannot_be_drafted(place: Workplace) -> None:
    def refused(*arguments: object) -> str:
        return place.refused("constitution", "from-traits", *arguments)

    models = ("--model", place.server.model, "--output", "guide.yaml")
    assert "no trait in classic-144 named 'verbos'; did you mean verbose" in refused("-verbos", *models)
    assert "warm is given twice" in refused("warm", "-warm", *models)
    assert "no such file" in refused("warm", "--traits", "mine.txt", *models)
    assert "organism/v1 follows no request" in refused(
        "warm", "--model", "organism/v1", "--output", "guide.yaml"
    )
    (place.folder / "guide.yaml").write_text("mine")
    assert "guide.yaml: exists already; choose another name" in refused("warm", *models)
    assert place.server.counts().requests == 0
    (place.folder / "guide.yaml").unlink()
    place.server.configure(faults={"refusal": 1.0})
    stopped = place.mien(
        "constitution", "from-traits", "warm", "-shy", "--traits", "traits.txt", *models, status=3
    )
    why = "2 × the answer holds no JSON object, 3 times"
    assert stopped.err.startswith(f"Stopped: 2 of 2 assertions failed ({why}), and nothing is written yet")
    assert not (place.folder / "guide.yaml").exists()
