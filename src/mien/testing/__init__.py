"""A model and a judge of known character, to test a pipeline with, over real HTTP and without a network.

`ScriptedServer` runs an OpenAI-compatible server in a process of its own. Its model chooses between
the traits named in the system message by the choice model that mien fits, with the scores and the
position effect that you plant; its judge reads the choice with the accuracy that you set; both fail
as real endpoints do, as often as you say.

From a shell: ``python -m mien.testing --help``.
"""

from mien.testing.log import Counts, LoggedRequest
from mien.testing.options import BATCH_FAULTS, FAULTS, JudgeManner, Options, planted_scores
from mien.testing.script import codeword
from mien.testing.server import ScriptedServer

__all__ = [
    "BATCH_FAULTS",
    "FAULTS",
    "Counts",
    "JudgeManner",
    "LoggedRequest",
    "Options",
    "ScriptedServer",
    "codeword",
    "planted_scores",
]
