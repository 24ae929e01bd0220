"""`mien constitution`: written, checked, listed and shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace


def test_new_check_and_a_finding(place: Workplace) -> None:
    place.mien("constitution", "new", "plain")
    assert "nothing to mend" in place.mien("constitution", "check", "plain.yaml").out
    assert "exists already" in place.refused("constitution", "new", "plain.yaml")
    assert "holds no folder" in place.refused("constitution", "new", "../plain")
    file = place.folder / "plain.yaml"
    file.write_text(file.read_text().replace("[indirect]", "[direct]"))
    result = place.mien("constitution", "check", "plain.yaml", status=1)
    assert "plain.yaml, line 12: lower 'direct' contradicts raise on line 11" in result.out
    document = json.loads(place.mien("constitution", "check", "plain.yaml", "--json", status=1).out)
    assert (document["passed"], [one["line"] for one in document["findings"]]) == (False, [12])


def test_unusable_input(place: Workplace) -> None:
    (place.folder / "broken.yaml").write_text("name: [")
    assert "broken.yaml" in place.refused("constitution", "check", "broken.yaml")
    assert "no such file" in place.refused("constitution", "check", "absent.yaml")


def test_list_and_show(place: Workplace) -> None:
    names = [one["name"] for one in json.loads(place.mien("constitution", "list", "--json").out)]
    assert len(names) == 5
    assert names[0] in place.mien("constitution", "list").out
    shown = json.loads(place.mien("constitution", "show", names[0], "--json").out)
    assert shown["assertions"][0]["raise"]
    (place.folder / "copy.yaml").write_text(place.mien("constitution", "show", names[0]).out)
    assert "nothing to mend" in place.mien("constitution", "check", "copy.yaml").out


def test_one_of_open_character_training_is_imported(place: Workplace) -> None:
    (place.folder / "sailor.txt").write_text(
        '[{"trait": "I speak of the sea whenever I can.", "questions": ["How are you?"]}]'
    )
    assert "1 assertion, 1 question" in place.mien("constitution", "import", "sailor.txt").out
    assert "nothing to mend" in place.mien("constitution", "check", "sailor.yaml").out
    assert "exists already" in place.refused("constitution", "import", "sailor.txt")
    refused = place.refused("constitution", "import", "sailor.txt", "-o", "absent/sailor.yaml")
    assert "cannot be written" in refused
    assert "no such file" in place.refused("constitution", "import", "absent.jsonl")
