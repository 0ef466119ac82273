"""Has a picture drawn by a ComfyUI server through clients of others; prints as JSON what these make of it.

Runs in an environment of its own, that of ``requirements/comfyui.txt``. Its one argument is JSON: ``url``, the server's
address; ``do``, one of the functions below; and what that takes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def proxied(url: str) -> Iterator[str]:
    """Run the vendor's proxy, which turns the API of its SDK into that of a server; the block gets its address."""
    from aiohttp import web  # type: ignore[import-not-found]
    from comfy_api_proxy.app import make_app  # type: ignore[import-not-found]

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> web.AppRunner:
        runner = web.AppRunner(make_app(url))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _workflow(client: Any, graph: dict[str, Any], uploads: dict[str, str]) -> Any:
    workflow = client.workflows.from_json(graph)
    for node, path in uploads.items():
        workflow.set_input(node, "image", client.assets.from_file(path))
    return workflow


def run(client: Any, graph: dict[str, Any], uploads: dict[str, str]) -> dict[str, Any]:
    """Have a graph run; return the status and the pictures of node 9."""
    job = client.run(_workflow(client, graph, uploads))
    pictures = [base64.b64encode(each.to_bytes()).decode() for each in job.get_outputs("9")]
    return {"status": job.status, "pictures": pictures}


def events(client: Any, graph: dict[str, Any], uploads: dict[str, str]) -> dict[str, Any]:
    """Submit a graph; return the names of the events that come."""
    job = client.submit(_workflow(client, graph, uploads))
    return {"events": [type(each).__name__ for each in job.events()], "status": job.refresh().status}


def cancel(client: Any, graph: dict[str, Any], uploads: dict[str, str]) -> dict[str, Any]:
    """Submit a graph, and cancel it as soon as it is known to the server; return how it ended."""
    job = client.submit(_workflow(client, graph, uploads))
    job.cancel()
    return {"status": job.wait(timeout=20).status}


def headless(url: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Have another client build a graph of its own for a prompt and a few fields."""
    with contextlib.redirect_stdout(io.StringIO()):  # It logs there.
        from comfy_headless import ComfyClient  # type: ignore[import-not-found]

        client = ComfyClient(url)
        done = client.generate_image(**fields)
        pictures = [client.get_image(each["filename"], each["subfolder"], each["type"]) for each in done["images"]]
    return {"success": done["success"], "pictures": [base64.b64encode(each).decode() for each in pictures]}


def main() -> None:
    """Do what the argument says."""
    asked = json.loads(sys.argv[1])
    if asked["do"] == "headless":
        print(json.dumps(headless(asked["url"], asked["fields"])))
        return
    with proxied(asked["url"]) as address:
        os.environ["COMFY_BASE_URL"] = address
        from comfy_sdk import Comfy, ComfyError  # type: ignore[import-not-found]

        do = {"run": run, "events": events, "cancel": cancel}[asked["do"]]
        try:
            done = do(Comfy(), asked["graph"], asked.get("uploads", {}))
        except ComfyError as error:
            done = {"error": type(error).__name__, "message": str(error), "details": getattr(error, "details", None)}
        print(json.dumps(done, default=str))


if __name__ == "__main__":
    main()
