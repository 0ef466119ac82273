"""Draw with impasto: ``of_impasto.py URL`` draws a picture for every line of standard input."""

import asyncio
import sys

import impasto


async def main(url: str) -> None:
    """Draw until standard input ends."""
    settings = impasto.Settings(providers={"voodoohop-flux1-schnell": {"url": f"{url}/gradio_api"}})
    async with impasto.Client(settings=settings) as client:
        for line in sys.stdin:
            response = await client.generate(
                line.strip(), model="flux", seed=7, randomize_seed=False, width=256, height=256
            )
            print(len(response.images[0].data or b""), flush=True)


asyncio.run(main(sys.argv[1]))
