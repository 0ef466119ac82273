"""Serve every app of the catalogue, each on a free loopback port, until standard input ends.

Run as ``python -m spaces.apps.serve`` in an environment that has Gradio. The first line on standard output is
a JSON object: ``gradio``, the version; ``control``, the address of the ledger; ``apps``, each app's address
by name. Ports are bound before they are told, so nobody can take them in between.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import types
from typing import Any

HEARTBEAT = 0.25
"""Seconds between heartbeats; Gradio's own 15 would make tests wait."""

GRADIO_HEARTBEAT = 15
"""Seconds between heartbeats in Gradio 4, where the number is written into a function."""


def hasten_heartbeats() -> None:
    """Make Gradio's heartbeats come every `HEARTBEAT` seconds."""
    from gradio import routes, utils  # type: ignore[import-not-found]

    if hasattr(utils, "get_heartbeat_rate"):
        utils.get_heartbeat_rate = lambda: HEARTBEAT
        return
    clock = types.SimpleNamespace(**vars(routes.time))
    real = routes.time.perf_counter
    clock.perf_counter = lambda: real() * GRADIO_HEARTBEAT / HEARTBEAT
    routes.time = clock


def control() -> Any:
    """Make the app through which a test reads and steers the ledger."""
    from fastapi import FastAPI  # type: ignore[import-not-found]

    from spaces.apps.ledger import LEDGER

    app = FastAPI()
    app.get("/jobs")(LEDGER.jobs)
    app.get("/wait_for")(LEDGER.wait_for)
    app.post("/release")(LEDGER.release)
    return app


def listening() -> socket.socket:
    """Return a socket that listens on a free port.

    Its protocol is named, as where a server is given a host and a port, and not by `socket.create_server`: asyncio
    turns Nagle's algorithm off for such sockets alone, and with it every answer would take 40 ms more.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


async def serve() -> None:
    """Serve the apps and the ledger; print where they are."""
    import gradio as gr
    import uvicorn
    from fastapi import FastAPI

    from spaces.apps.catalogue import APPS

    hasten_heartbeats()
    apps = {
        name: gr.mount_gradio_app(FastAPI(), make(), path="/", show_error=show_error)
        for name, (make, show_error) in APPS.items()
    }
    sockets = {name: listening() for name in (*apps, "control")}
    servers = {
        name: uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        for name, app in {**apps, "control": control()}.items()
    }
    addresses = {name: f"http://127.0.0.1:{each.getsockname()[1]}" for name, each in sockets.items()}
    where = {"gradio": gr.__version__, "control": addresses.pop("control"), "apps": addresses}
    print(json.dumps(where), flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    await asyncio.gather(*(server.serve(sockets=[sockets[name]]) for name, server in servers.items()))


def end_with_parent(folder: str) -> None:
    """Wait until the parent closes standard input or dies; then go, and leave nothing behind."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    temporary = tempfile.mkdtemp(prefix="impasto-spaces-")
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_SSR_MODE": "False",
        "GRADIO_TEMP_DIR": temporary,
        "HF_HUB_OFFLINE": "1",
        "MPLBACKEND": "Agg",
    }
    threading.Thread(target=end_with_parent, args=(temporary,), daemon=True).start()
    try:
        asyncio.run(serve())
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
