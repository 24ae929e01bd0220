"""On which machine an address was asked that means another server on each.

``http://localhost:8000`` stands in the keys of calls like any address. Two machines' stores would share such
calls although they may come of different models, so that a store remembers who asked.
"""

from __future__ import annotations

import platform
import uuid
from functools import cache
from hashlib import blake2b
from urllib.parse import urlsplit

#: How the name of a quirk begins that remembers a machine.
MACHINE = "machine "

_LOCAL = frozenset(("localhost", "0.0.0.0", "::1", "::"))  # nothing is bound to them


def is_local(address: str) -> bool:
    """Whether an address leads to the machine that asks."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return host in _LOCAL or host.startswith("127.") or host.endswith(".localhost")


@cache
def this_machine() -> str:
    """A short digest that tells this machine from others, and nothing else of it."""
    # Its name alone is no help where machines have none of their own; a number made up for want of one has
    # the lowest bit of its first byte set, and would be another one each time.
    number = uuid.getnode()
    told = f"{platform.node()}\n{'' if number >> 40 & 1 else number}"
    return blake2b(told.encode(), digest_size=4).hexdigest()
