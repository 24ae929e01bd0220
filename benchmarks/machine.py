"""What a table was measured on, the line that stands above each of them; and what a process took."""

from __future__ import annotations

import datetime
import os
import platform
import re
import resource
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


def peak_memory() -> float:
    """Of this process, MB, and not of the one that started it, which the system counts in."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
