"""The tests: a folder a room of `src/mien`, a file a module; `end_to_end` drives the command."""

from pathlib import Path

#: The checkout.
ROOT = Path(__file__).resolve().parents[1]

#: Inputs that lie beside a checkout of those who work on it; what reads them skips elsewhere.
SHARED = ROOT.parent / "shared"
