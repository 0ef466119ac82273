"""Environments of their own for what cannot be installed beside the workspace: old servers, clients with other needs.

They are made from pinned files on first use, in the repository's ``.cache`` folder, and used again as long as those
files stay the same.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_CACHE = Path(__file__).parents[1] / ".cache"


def find_uv() -> str:
    """Return the path of ``uv``: that which runs us, or one on PATH, or that of the ``uv`` package."""
    if found := os.environ.get("UV") or shutil.which("uv"):
        return found
    import uv

    return uv.find_uv_bin()


UV_CACHE = subprocess.run([find_uv(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
"""Where uv keeps packages. Asked for when this is imported: while a test runs, the home is another."""


def python_with(requirements: Path, shelf: str) -> Path:
    """Return the Python of an environment with what a pinned file names, made now if need be.

    Two processes may do so at once: each makes its own, and the first to finish gives it its name.

    Args:
        requirements: the file, as ``uv pip compile`` writes it.
        shelf: the folder of ``.cache`` in which it is kept.
    """
    cache = _CACHE / shelf
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
    home = cache / f"{requirements.stem}-{key}"
    python = Path("Scripts/python.exe") if os.name == "nt" else Path("bin/python")
    if (home / python).exists():
        return home / python
    cache.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=cache))
    try:
        uv = [find_uv(), "--quiet"]
        _run([*uv, "venv", "--relocatable", "--allow-existing", "--python", sys.executable, str(making)])
        _run([*uv, "pip", "install", "--python", str(making / python), "--requirements", str(requirements)])
        try:
            making.rename(home)
        except OSError:
            if not (home / python).exists():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return home / python


def _run(command: list[str]) -> None:
    environ = {**os.environ, "UV_CACHE_DIR": UV_CACHE}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
