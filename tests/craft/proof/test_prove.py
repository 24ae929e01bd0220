"""A proof with a judge that can be asked, on an adapter that ships."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pytest

from mien.craft.proof import answers
from mien.craft.proof.claim import Claim
from mien.craft.proof.prove import prove
from mien.craft.proof.section import section
from mien.errors import BudgetReached
from mien.measurement.session import Session
from mien.models.usage import Limits
from tests.listening import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONSTITUTION: Final = """\
name: helper
description: An assistant who is glad to see you and never looks down on you.
traits: classic-36
assertions:
  - text: I am glad of everybody who writes to me.
    raise: [warm]
    lower: [arrogant]
    questions: [Good morning!]
"""
ROUNDS: Final = 3
CLAIMS: Final = answers.claims()[:2]


class Judge(BaseHTTPRequestHandler):
    """Picks one of the answers that are allowed, by a hash of what it is asked."""

    asked: Final[list[str]] = []

    def do_POST(self) -> None:  # the name that http.server looks for
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request: dict[str, Any] = json.loads(body)
        self.asked.append(request["messages"][0]["content"])
        allowed = request["response_format"]["json_schema"]["schema"]["properties"]["choice"]["enum"][:2]
        choice = allowed[blake2b(body, digest_size=1).digest()[0] % 2]
        message = {"role": "assistant", "content": json.dumps({"choice": choice})}
        reply = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def judge() -> Iterator[str]:
    Judge.asked.clear()
    with Server(Judge) as server:
        yield f"{server.url}/v1#judge"


@pytest.fixture
def claim(tmp_path: Path, judge: str, monkeypatch: pytest.MonkeyPatch) -> Claim:
    monkeypatch.setattr(answers, "FEWEST", 6)
    monkeypatch.setattr(answers, "claims", lambda: CLAIMS)
    (tmp_path / "helper.yaml").write_text(CONSTITUTION)
    shutil.copytree(str(resources.files("mien") / "data" / "organism" / "v1"), tmp_path / "adapter")
    return Claim(
        adapter=tmp_path / "adapter",
        constitution=tmp_path / "helper.yaml",
        without_control=True,
        model="organism/base",
        judge=judge,
        rounds=ROUNDS,
        turns=2,
        pressures=("drop",),
    )


@pytest.mark.slow
def test_all_that_is_said_where_a_judge_can_be_asked(tmp_path: Path, claim: Claim) -> None:
    store, folder = tmp_path / "mien.db", tmp_path / "proof"
    stages: list[str] = []
    with pytest.raises(BudgetReached, match="the limit of 30 calls is reached"):
        prove(claim, folder, Session(store, limits=Limits(max_calls=30)))
    assert not folder.exists()
    proof = prove(claim, folder, Session(store), on_stage=stages.append)
    assert [stage.partition(":")[0] for stage in stages] == [
        *("base", "prompted", "trained"),  # measured
        *("trained", "prompted"),  # in later turns
        *("base", "trained"),  # plain answers
        "coherence of base and trained",
    ]
    assert proof.notes[0].startswith("There is no control.")
    assert [(one.a, one.b) for one in proof.took] == [
        ("base", "trained"),
        ("base", "prompted"),
        ("prompted", "trained"),
    ]
    shifts = {shift.what: shift for shift in proof.shifts["trained"]}
    assert (shifts["words"].n, shifts["agreement"].n) == (6, 2)
    assert 0 < shifts["nats a token"].before < shifts["nats a token"].after
    assert proof.coherence is not None
    assert proof.coherence.trained.n == 12
    for words in ("how a reply is written", "better written", "The claim is false"):
        assert any(words in text for text in Judge.asked)
    assert not any("Be this character" in text for text in Judge.asked)  # that is for the model alone
    text = section(proof)
    for part in ("> There is no control", "### Took", "Of 6 pairs, each in both orders", "false claims"):
        assert part in text
    assert "### Capabilities" not in text
    asked = section(replace(proof, capabilities=proof.shifts["trained"]))
    assert "### Capabilities" in asked

    Judge.asked.clear()
    assert prove(claim, folder, Session(store, limits=Limits(max_calls=0))).to_dict() == proof.to_dict()
    assert Judge.asked == []
