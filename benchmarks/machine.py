"""What a table was measured on: the line that stands above each of them."""

from __future__ import annotations

import datetime
import os
import platform
import re
from pathlib import Path


def describe_machine() -> str:
    """Processor, cores, system, Python and today's date."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return (
        f"{_processor()}, {cores} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {today}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists() and (name := re.search(r"model name\s*: (.+)", information.read_text())):
        return name[1]
    return platform.processor() or "unknown processor"
