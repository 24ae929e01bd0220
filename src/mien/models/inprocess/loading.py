"""Which models run in this process, and how they are opened."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from mien.models.engine import Engine

KINDS = ("organism", "hf")

#: The likelihood judge over the organism's weights.
ORGANISM_JUDGE = "organism/judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """Where and how models in this process run; endpoints don't heed it.

    Attributes:
        device: ``auto``, or as torch names it: ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        dtype: ``auto``, ``float32``, ``bfloat16`` or ``float16``.
        batch_size: most conversations at once; None: by the model.
    """

    device: str = "auto"
    dtype: str = "auto"
    batch_size: int | None = None


def runs_here(spec: str) -> bool:
    """Whether a spec names a model that runs in this process."""
    return spec.partition("/")[0] in KINDS


def open_engine(
    spec: str, *, device: str = "auto", dtype: str = "auto", batch_size: int | None = None
) -> Engine:
    """Load a model into this process.

    Args:
        spec: ``organism/NAME``, ``hf/FOLDER`` or ``hf/OWNER/NAME``, with ``+ADAPTER`` or not.
        device, dtype, batch_size: see `Hardware`. The organism runs on the processor, in float32.

    Raises:
        UsageError: it names no such model, or what it needs is not installed.
    """
    kind, _, name = spec.partition("/")
    if kind not in KINDS:
        raise UsageError(f"{spec}: only organism/NAME and hf/FOLDER run in this process")
    if not name:
        raise UsageError(f"{spec!r} names no model; write {kind}/NAME")
    with _interruptible():
        if kind == "organism":
            from mien.models.organism.engine import Organism

            return Organism.load("base" if spec == ORGANISM_JUDGE else name)
        from mien.models.local import Local

        return Local(name, device=device, dtype=dtype, batch_size=batch_size)


@contextmanager
def _interruptible() -> Generator[None]:
    """Let Ctrl-C end what takes minutes at once: asyncio's handler would wait until it is through."""
    here = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if here else signal.SIG_IGN
    if not callable(handler):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
