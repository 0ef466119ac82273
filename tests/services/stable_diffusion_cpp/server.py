"""Runs ``sd-server`` on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import IO

from services.stable_diffusion_cpp import build, weights

_SHELF = Path(__file__).parents[3] / ".cache" / "services"
_UP = "listening on"

_KEEPER = """
import os, subprocess, sys
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
os.close(1), os.close(2)
sys.stdin.read()
server.kill(), server.wait()
"""
"""Runs the server until its own input ends, as it does also when this process dies in whatever way."""

NAME = "flux"
"""What the server calls its one model: the file's name without its suffix."""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Run the server on a free port of loopback until the block ends; the block gets its address.

    Raises:
        RuntimeError: it cannot be built, or does not start; the message ends as its output does.
    """
    program, folder = build.sd_server(), _weights()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    models = ["--diffusion-model", f"{NAME}.safetensors", "--clip_l", "clip_l.gguf", "--tae", "taef1.safetensors"]
    place = ["--listen-ip", "127.0.0.1", "--listen-port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-c", _KEEPER, str(program), *models, *place, "--cfg-scale", "1", "--threads", "1"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told: deque[str] = deque(maxlen=20)
    is_up = Event()
    reader = Thread(target=_read, args=(process.stdout, told, is_up), name="output of sd-server", daemon=True)
    reader.start()
    try:
        is_up.wait()
        while not _is_open(port):  # for some milliseconds: it says that it is before it is
            if not reader.is_alive():
                raise RuntimeError(f"sd-server did not start:\n{''.join(told)}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        process.wait()
        reader.join()
        process.stdout.close()


def _read(output: IO[str], told: deque[str], is_up: Event) -> None:
    for line in output:
        told.append(line)
        if _UP in line:
            is_up.set()
    is_up.set()


def _is_open(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False


def _weights() -> Path:
    """Return the folder with the weights, made now if need be."""
    folder = _SHELF / f"weights-{hashlib.sha256(Path(weights.__file__).read_bytes()).hexdigest()[:16]}"
    if not folder.exists():
        _SHELF.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="weights.", dir=_SHELF) as made:
            whole = Path(made) / "whole"
            whole.mkdir()
            weights.write_flux(whole / f"{NAME}.safetensors")
            weights.write_clip(whole / "clip_l.gguf")
            weights.write_autoencoder(whole / "taef1.safetensors")
            with contextlib.suppress(OSError):  # another process was faster
                whole.rename(folder)
    return folder
