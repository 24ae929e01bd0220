"""The web app: browse a store's runs, read their trials, label them, see what changed, say what you prefer.

Reading order: `routes` (the addresses), `app` (what all pages share), `guard` (who may ask, and what a page
may load), `pages` (a file a page), `profiles` and `figures` (fitted and drawn ahead), `labelling` and
`pairing` (what to label and what to compare next), `preference_files` (what was preferred, as CSV and JSONL),
`markdown` (a response as safe HTML), `listening` (serving until cancelled).
"""

from mien.viewer.app import App
from mien.viewer.guard import Guard
from mien.viewer.listening import serve

__all__ = ["App", "Guard", "serve"]
