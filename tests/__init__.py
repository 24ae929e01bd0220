"""The tests: a folder a room of `src/mien`, a file a module; `end_to_end` drives the command."""

from pathlib import Path

#: The checkout.
ROOT = Path(__file__).resolve().parents[1]
