"""What a measurement was made on, in one line; absolute numbers mean nothing without it."""

import os
import platform
import sqlite3
import sys
from pathlib import Path


def machine() -> str:
    """Name processor, cores, kernel and interpreter, and how busy it all was already."""
    cores = len(os.sched_getaffinity(0))
    busy = os.getloadavg()[0]
    return (
        f"{_processor()}, {cores} {'core' if cores == 1 else 'cores'}, "
        f"{platform.system()} {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, load {busy:.1f}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine() or sys.platform
