"""An endpoint that draws each token from a few equally likely ones: its branching factor is their number."""

from __future__ import annotations

import json
import math
import random
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from tests.listening import Server

WORDS = ("red", "blue", "green", "black")


class Endpoint:
    """Serves chat completions.

    Args:
        tells: most alternatives that it tells; 0 tells of the token drawn alone, None refuses to tell of any.
        silent: whether it takes the wish for log-probabilities, and says nothing of it.
        end: whether it tells of the token that ends an answer.
    """

    def __init__(self, *, tells: int | None = 20, silent: bool = False, end: bool = True) -> None:
        self.asked: list[dict[str, Any]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(404, {})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.asked.append(body)
                if body.get("logprobs") and tells is None:
                    self._say(400, {"error": {"message": "logprobs is not supported by this model"}})
                elif body.get("top_logprobs", 0) > (tells or 0) and not silent:
                    self._say(400, {"error": {"message": f"top_logprobs must be at most {tells}"}})
                else:
                    self._say(200, answer(body, silent=silent, end=end))

            def _say(self, status: int, value: object) -> None:
                content = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *_: object) -> None:
                pass

        self._server = Server(Handler)

    @property
    def model(self) -> str:
        return f"{self._server.url}/v1#coin"

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()


def answer(body: dict[str, Any], *, silent: bool, end: bool) -> dict[str, Any]:
    """Eight words of four each, and an end that is certain: 4^8 answers, all alike likely."""
    drawn = random.choices(WORDS, k=8)
    top = [{"token": f"{word} ", "logprob": math.log(0.25)} for word in WORDS]
    content = [
        {"token": f"{word} ", "logprob": math.log(0.25), "top_logprobs": top[: body.get("top_logprobs", 0)]}
        for word in drawn
    ]
    if end:
        certain = {"token": "", "logprob": 0.0}
        content.append(certain | {"top_logprobs": [certain] if body.get("top_logprobs") else []})
    told = {"content": content} if body.get("logprobs") and not silent else None
    message = {"role": "assistant", "content": "".join(f"{word} " for word in drawn)}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": told}
    return {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 9}}
