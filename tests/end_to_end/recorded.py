"""A server that says what one was seen to say: the model's part, the judge's, or both."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests import ROOT
from tests.listening import Server

if TYPE_CHECKING:
    from collections.abc import Callable

#: Replies that servers were seen to give; they lie beside the checkout, where they lie at all.
CASES = ROOT.parent / "shared" / "cases" / "endpoints"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"no recorded replies in {CASES}")

TEXT = "Glad you asked. Let us look at it together."


@dataclass(frozen=True)
class Said:
    """A reply: its status, headers and body, which is text or what becomes JSON."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])


def answer(content: Any, **message: Any) -> Said:
    """A chat completion."""
    choice = {"index": 0, "message": {"content": content} | message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 700, "completion_tokens": 20}
    return Said(body={"choices": [choice], "usage": usage})


def recorded(name: str) -> Said:
    """A reply that a server was seen to give."""
    case = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return Said(case["status"], case["body"], case["headers"])


class Replies:
    """Answers as functions of the request's body say; a model named ``judge`` judges.

    Args:
        model: what the model says.
        judge: what the judge says.
    """

    def __init__(
        self,
        model: Callable[[dict[str, Any]], Said] = lambda _: answer(TEXT),
        judge: Callable[[dict[str, Any]], Said] = lambda _: answer("<choice>warm</choice>"),
    ) -> None:
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        replies = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                replies.asked.append(asked)
                replies.paths.append(self.path)
                replies.headers.append({name.lower(): value for name, value in self.headers.items()})
                said = (judge if asked["model"] == "judge" else model)(asked)
                raw = (said.body if isinstance(said.body, str) else json.dumps(said.body)).encode()
                self.send_response(said.status)
                for header, value in said.headers.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self._server = Server(Handler)
        self.url = f"{self._server.url}/v1"

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def of(self, model: str) -> list[dict[str, Any]]:
        """The bodies that a model was asked with."""
        return [asked for asked in self.asked if asked["model"] == model]

    def study(self, *arguments: object, trials: int = 60) -> list[object]:
        """Arguments of `mien measure`, with two traits that are both offered in every trial."""
        models = [f"{self.url}#model", "--judge", f"{self.url}#judge", "--traits", "two.txt"]
        return ["measure", *models, "--trials", trials, "--name", "run", *arguments]
