"""A model that cannot meet two clauses at once, and the judge that sees what it meets.

A real server of real HTTP, which shares nothing with what asks it: an answer lists the letters of the clauses
that it meets, and the judge finds the letter of the clause that it is shown.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = 0.6  # at which each clause is met, by itself
_CLAUSE = re.compile(r"(?:Keep|Hold fast) to (\w)\.")
_WAY = re.compile(r"In the (\w+) way\.")
_ANSWER = re.compile(r"It meets: ([\w ]*)\.")


class Handler(BaseHTTPRequestHandler):
    """Answers for the model and for the judge."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    asked: Counter[bytes]
    lock: threading.Lock

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            again = self.asked[body]
            self.asked[body] += 1
        request: dict[str, Any] = json.loads(body)
        text = request["messages"][-1]["content"]
        said = self.judged(text, body, again) if request["model"] == "judge" else self.answered(body, again)
        message = {"role": "assistant", "content": said}
        reply = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        content = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answered(self, body: bytes, again: int) -> str:
        """a and b are met by turns, never both; the others know nothing of each other."""
        draw = random.Random(body + bytes([again]))
        met = ["a" if draw.random() < 0.5 else "b"]
        met += [letter for letter in "cde" if draw.random() < RATE]
        return f"It meets: {' '.join(met)}."

    def judged(self, text: str, body: bytes, again: int) -> str:
        """e has no say but in its own items; how a is put makes all the difference; one in ten is chance."""
        if "Put it in other words." in text:
            (clause,) = _CLAUSE.findall(text)
            return f"Hold fast to {clause}. In the {('first', 'second')[again % 2]} way."
        (clause,), met = _CLAUSE.findall(text)[:1], _ANSWER.findall(text)[-1].split()
        applies = clause != "e" or "About e" in text
        choice = ("meets" if clause in met else "breaks") if applies else "neither"
        if way := _WAY.search(text):
            turned = (clause == "a" and way[1] == "second") != (
                random.Random(body + bytes([again])).random() < 0.1
            )
            choice = (
                {"meets": "breaks", "breaks": "meets", "neither": "neither"}[choice] if turned else choice
            )
        return json.dumps({"choice": choice})

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def served() -> Iterator[tuple[str, Counter[bytes]]]:
    """The server's address, and how often each request came."""
    asked: Counter[bytes] = Counter()
    handler = type("Handler", (Handler,), {"asked": asked, "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
