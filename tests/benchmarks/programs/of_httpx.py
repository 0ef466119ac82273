"""Draw with httpx: ``of_httpx.py URL`` a picture a line of standard input, ``of_httpx.py URL PROMPT FILE`` one."""

import json
import sys
from pathlib import Path

import httpx


def draw(client: httpx.Client, prompt: str) -> bytes:
    """Submit, follow, download."""
    inputs = [prompt, 7, False, 256, 256, 2]
    job = client.post("/gradio_api/call/infer", json={"data": inputs}).raise_for_status().json()["event_id"]
    with client.stream("GET", f"/gradio_api/call/infer/{job}") as response:
        event = ""
        for line in response.raise_for_status().iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            elif name == "data" and event == "complete":
                path = json.loads(value)[0]["path"]
    return client.get(f"/gradio_api/file={path}").raise_for_status().content


with httpx.Client(base_url=sys.argv[1], timeout=60) as client:
    if len(sys.argv) > 2:
        Path(sys.argv[3]).write_bytes(draw(client, sys.argv[2]))
        print(sys.argv[3], flush=True)
    else:
        for line in sys.stdin:
            print(len(draw(client, line.strip())), flush=True)
