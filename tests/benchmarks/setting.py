"""Where it is measured, and with what."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.environments import PEERS, PINNED
from spaces.servers import GRADIO_6


def setting() -> dict[str, str]:
    """Return what a reader needs to judge the numbers: names to words."""
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()}",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "Python": platform.python_version(),
        "peers": ", ".join(f"{name} {_pinned(name)}" for name in (*PEERS, "gradio-client", "llm")),
        "Gradio's server": GRADIO_6,
        "day": datetime.now(UTC).date().isoformat(),
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.+)$", told.read_text(), re.MULTILINE) if told.exists() else None
    return re.sub(r"\((R|TM)\)", "", found[1]) if found else platform.processor() or platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGESIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def _pinned(name: str) -> str:
    found = re.search(rf"^{re.escape(name)}==(\S+)", PINNED.read_text(), re.MULTILINE)
    assert found, f"{name} is not pinned"
    return found[1]
