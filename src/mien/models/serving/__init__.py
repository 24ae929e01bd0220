"""A model in this process behind the OpenAI-compatible protocol, on this machine.

A test and teaching aid, no production server: it checks no keys, and it sends a stream only once the answer
is finished. Reading order: `bodies` (what may be asked), `reading` (what is refused), `answers` (what is made
of the engine's outputs), `forms` (how they are worded), `app` (the addresses), `listening` (the socket, and
serving until cancelled).
"""

from mien.models.serving.listening import bind, serve

__all__ = ["bind", "serve"]
