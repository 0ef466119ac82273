"""Draw with gradio_client: ``of_gradio_client.py URL``, or ``of_gradio_client.py URL PROMPT FILE``."""

import shutil
import sys
from pathlib import Path

from gradio_client import Client  # type: ignore[import-not-found]


def draw(client: Client, prompt: str) -> Path:
    """Return the file to which the client downloads the picture."""
    picture, _ = client.predict(prompt, 7, False, 256, 256, 2, api_name="/infer")
    return Path(picture)


client = Client(sys.argv[1], verbose=False)
if len(sys.argv) > 2:
    shutil.move(draw(client, sys.argv[2]), sys.argv[3])
    print(sys.argv[3], flush=True)
else:
    for line in sys.stdin:
        print(draw(client, line.strip()).stat().st_size, flush=True)
