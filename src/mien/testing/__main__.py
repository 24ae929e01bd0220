"""``python -m mien.testing``: the scripted server, started by hand."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mien.errors import UsageError
from mien.materials.traits import load_traits
from mien.testing.options import Options, planted_scores

if TYPE_CHECKING:
    from collections.abc import Sequence


def _parser() -> argparse.ArgumentParser:
    names = ", ".join(option.name for option in fields(Options))
    parser = argparse.ArgumentParser(
        prog="python -m mien.testing",
        description="Serve a scripted model and judge of known character on 127.0.0.1. Without scores, the "
        "model has a random character over the traits of classic-144, fixed by the seed.",
        epilog=f"Options: {names}. They are described in mien.testing.Options.",
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    parser.add_argument(
        "--score", action="append", default=[], metavar="TRAIT=LOG_ODDS", help="plant a score; repeatable"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=JSON",
        help="set any option, such as latency=0.05 or faults='{\"429\": 0.3}'; repeatable",
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="read options from a JSON file; - reads one line from standard input and ends when that closes",
    )
    return parser


def _options(arguments: argparse.Namespace) -> Options:
    members: dict[str, Any] = {}
    if arguments.config == "-":
        members |= msgspec.json.decode(sys.stdin.buffer.readline())
    elif arguments.config:
        members |= msgspec.json.decode(Path(arguments.config).read_bytes())
    for assignment in arguments.set:
        name, _, value = assignment.partition("=")
        members[name] = msgspec.json.decode(value)
    if unknown := members.keys() - {option.name for option in fields(Options)}:
        raise UsageError(f"no option named {', '.join(sorted(unknown))}")
    for assignment in arguments.score:
        name, _, value = assignment.partition("=")
        members["scores"] = members.get("scores", {}) | {name: float(value)}
    if "scores" not in members:
        members["scores"] = planted_scores(load_traits("classic-144").names, seed=members.get("seed", 0))
    return msgspec.convert(members, Options)


def _announce(url: str, models: Sequence[str], *, by_hand: bool) -> None:
    print(url, flush=True)  # noqa: T201
    if by_hand:
        judges = [name for name in models if name.startswith("judge")]
        model = next((name for name in models if name not in judges), "model")
        command = f"mien measure '{url}#{model}' --judge '{url}#{judges[0] if judges else 'judge'}'"
        print(f"{command}\nCtrl-C ends the server.", flush=True)  # noqa: T201


def _end_with_input() -> None:
    """End this process when whoever started it closes the pipe, or dies."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> int:
    """Serve until interrupted; the first line of the output is the base URL."""
    arguments = _parser().parse_args()
    try:
        options = _options(arguments)
    except (UsageError, msgspec.MsgspecError, ValueError, OSError) as problem:
        print(f"python -m mien.testing: {problem}", file=sys.stderr)  # noqa: T201
        return 2
    by_hand = arguments.config != "-"
    if not by_hand:
        threading.Thread(target=_end_with_input, daemon=True).start()

    # Imported here, for --help and usage errors to be quick.
    from mien.testing.app import serve

    try:
        import uvloop as loop
    except ImportError:
        import asyncio as loop
    try:
        loop.run(serve(options, arguments.port, lambda url: _announce(url, options.models, by_hand=by_hand)))
    except KeyboardInterrupt:
        return 0
    except OSError as problem:
        print(f"python -m mien.testing: {problem}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
