"""The end of the app."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.processes import LIMIT
from tests.viewer.viewing import viewing

if TYPE_CHECKING:
    from pathlib import Path


def test_sigterm_ends_the_app_as_ctrl_c_does(path: Path) -> None:
    with viewing(path) as viewer:
        viewer.process.send_signal(signal.SIGTERM)
        assert viewer.process.wait(LIMIT) == 0
        assert viewer.process.stderr
        assert viewer.process.stderr.read() == "\nStopped.\n"
