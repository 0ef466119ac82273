"""``impasto PROMPT``: the main job."""

from __future__ import annotations

import dataclasses
import re
import sys
from typing import TYPE_CHECKING, Any, get_args

import anyio
import click

from impasto.cli.attempts import Attempts
from impasto.cli.fields import fields
from impasto.cli.live import LiveLine
from impasto.cli.printing import complain, dimmed, print_json, print_line, readable
from impasto.cli.target import Target
from impasto.cli.waking import keep_awake
from impasto.client import Client
from impasto.errors import AllProvidersFailed, ImpastoError, InvalidRequest
from impasto.events import ImageResponse
from impasto.failover import FailoverMode
from impasto.saving.formats import FORMATS, MEDIA_TYPES

if TYPE_CHECKING:
    from pathlib import Path

    from impasto.events import Cost
    from impasto.options import Options

LONGEST_PROMPT = 1024 * 1024
"""Bytes of a prompt on standard input."""


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read a size such as 1024x768."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,10})[x×](\d{1,10})", value.strip().lower())
    if match is None:
        raise click.BadParameter(f"{value!r} is not a size: give width and height in pixels, such as 1024x768.")
    return int(match[1]), int(match[2])


@click.command()
@click.argument("prompt", nargs=-1, required=True)
@click.option("-m", "--model", metavar="NAME", help="Alias, model id, or provider/model; see 'impasto models'.")
@click.option("-o", "--output", metavar="PATH", help="File or folder to write to; the suffix names the format.")
@click.option("--size", callback=_size, metavar="WxH", help="Such as 1024x768, in pixels.")
@click.option("--aspect-ratio", metavar="W:H", help="Such as 16:9, instead of a size.")
@click.option("--seed", type=int, metavar="N", help="The same seed gives the same picture, where the model allows it.")
@click.option("-n", "--count", "n", type=int, default=1, metavar="N", help="How many pictures.")
@click.option(
    "-i",
    "--image",
    "images",
    multiple=True,
    metavar="PATH",
    help="A picture to start from: a file or an address; may be repeated.",
)
@click.option("--mask", metavar="PATH", help="Which part of that picture to draw anew: white is, black is kept.")
@click.option("--strength", type=float, metavar="X", help="How far to go from the picture, 0 to 1.")
@click.option("--negative-prompt", metavar="TEXT", help="What to keep out of the picture.")
@click.option("--steps", type=int, metavar="N", help="Denoising steps.")
@click.option("--guidance", type=float, metavar="X", help="How closely to follow the prompt.")
@click.option(
    "-x",
    "--extra",
    callback=fields,
    multiple=True,
    metavar="NAME=VALUE",
    help="A field that only this provider knows; may be repeated.",
)
@click.option("--deadline", type=float, metavar="SECONDS", help="Give up after so long.")
@click.option(
    "--failover",
    type=click.Choice(get_args(FailoverMode)),
    default="always",
    help="When the next route may be tried; unsent: only while nothing can have been charged.",
)
@click.option("--hedge-after", type=float, metavar="SECONDS", help="Start the next route beside one silent so long.")
@click.option("--drop-unsupported", is_flag=True, help="Leave out what a model does not take, rather than the model.")
@click.option("--proxy", metavar="URL", help="Go through this proxy.")
@click.option("--json", "as_json", is_flag=True, help="Print everything known of the result, as JSON.")
@click.option("--show", is_flag=True, help="Draw the picture in the terminal too.")
def paint(
    prompt: tuple[str, ...],
    *,
    model: str | None,
    output: str | None,
    size: tuple[int, int] | None,
    aspect_ratio: str | None,
    seed: int | None,
    n: int,
    images: tuple[str, ...],
    mask: str | None,
    strength: float | None,
    negative_prompt: str | None,
    steps: int | None,
    guidance: float | None,
    extra: dict[str, Any],
    deadline: float | None,
    failover: FailoverMode,
    hedge_after: float | None,
    drop_unsupported: bool,
    proxy: str | None,
    as_json: bool,
    show: bool,
) -> None:
    """Draw what PROMPT says. 'impasto PROMPT' is short for this command."""
    options: Options = {
        "negative_prompt": negative_prompt,
        "width": size[0] if size else None,
        "height": size[1] if size else None,
        "aspect_ratio": aspect_ratio,
        "seed": seed,
        "n": n,
        "images": images,
        "mask": mask,
        "strength": strength,
        "num_inference_steps": steps,
        "guidance_scale": guidance,
        "extra": extra,
        "deadline": deadline,
        "failover": failover,
        "hedge_after": hedge_after,
        "drop_unsupported": drop_unsupported,
        "proxy": proxy,
    }
    text = _prompt(prompt)
    target = Target(output, text, n)
    line, attempts = LiveLine(), Attempts()
    try:
        with line:
            response = anyio.run(_draw, text, model, options, line, attempts)
    except KeyboardInterrupt:
        # click would end the line, of which nothing is left.
        raise click.Abort from None
    except ImpastoError as error:
        if failover == "unsent" and isinstance(error, AllProvidersFailed):
            error.add_note("With --failover unsent, no route is asked once the request may have been charged.")
        for each in attempts.skipped:
            error.add_note(f"Not asked: {each}")
        from impasto.cli.hints import hint_of

        if hint := hint_of(error):
            error.add_note(hint)
        raise
    elapsed = line.elapsed
    paths = target.save(response)
    if as_json:
        print_json(_described(response, paths, elapsed, attempts))
    else:
        _report(response, paths, elapsed, attempts)
    if show:
        _show(response, as_json=as_json)


async def _draw(prompt: str, model: str | None, options: Options, line: LiveLine, attempts: Attempts) -> ImageResponse:
    keep_awake()
    async with Client() as client, client.stream(prompt, model=model, **options) as stream:
        async for event in stream:
            line.update(event)
            attempts.update(event)
            if isinstance(event, ImageResponse):
                return event
    raise ImpastoError("The stream ended without a picture.")


def _prompt(words: tuple[str, ...]) -> str:
    text = " ".join(words)
    return _read_prompt() if text == "-" else text


def _read_prompt() -> str:
    """Return the prompt on standard input."""
    if sys.stdin is None:
        raise InvalidRequest("standard input is closed, so there is no prompt on it.", parameter="prompt")
    if sys.stdin.isatty():
        complain("what to draw? Ctrl-D on a line of its own ends the prompt.")
    try:
        content = sys.stdin.buffer.read(LONGEST_PROMPT + 1)
        text = content.decode("utf-8-sig").strip()
    except OSError as error:
        raise InvalidRequest(
            f"standard input cannot be read: {error.strerror or error}.", parameter="prompt"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidRequest("standard input is not text in UTF-8.", parameter="prompt") from error
    if len(content) > LONGEST_PROMPT:
        raise InvalidRequest(f"standard input is longer than {LONGEST_PROMPT} bytes.", parameter="prompt")
    return text


def _report(response: ImageResponse, paths: list[Path], elapsed: float, attempts: Attempts) -> None:
    """Print the files; on a terminal, also what a person may want to know of them."""
    for path in paths:
        print_line(str(path))
    for failure in attempts.told():
        complain(failure)
    for warning in response.warnings:
        complain(warning)
    if sys.stdout is not None and sys.stdout.isatty():
        print_line(dimmed("  ".join([*_facts(response), f"{elapsed:.1f} s"]), sys.stdout))
        if response.text:
            print_line(readable(response.text))


def _facts(response: ImageResponse) -> list[str]:
    seeds = [image.seed for image in response.images]
    if len(seeds) == 1 or None in seeds:
        seed = "seed unknown" if response.seed is None else f"seed {response.seed}"
    else:
        seed = f"seeds {', '.join(map(str, seeds))}"
    cost = response.cost
    return [
        f"{response.provider}/{response.model}",
        f"{response.width}x{response.height}",
        seed,
        *([_price(cost)] if cost else []),
    ]


def _price(cost: Cost) -> str:
    dated = f", price of {cost.as_of}" if cost.as_of else ""
    return f"{cost.amount:g} {cost.currency} ({cost.source}{dated})"


def _described(response: ImageResponse, paths: list[Path], elapsed: float, attempts: Attempts) -> dict[str, Any]:
    cost = response.cost
    return {
        "paths": [str(path) for path in paths],
        "provider": response.provider,
        "model": response.model,
        "prompt": response.prompt,
        "seed": response.seed,
        "width": response.width,
        "height": response.height,
        "parameters": response.parameters,
        "images": [
            {
                "path": str(path),
                "url": image.url if image.url and image.url[:5].lower() != "data:" else None,
                # The file's own: what the provider sent was converted where the suffix names another format.
                "media_type": MEDIA_TYPES[FORMATS[path.suffix.lower()]],
                "width": image.width,
                "height": image.height,
                "seed": image.seed,
            }
            for path, image in zip(paths, response.images, strict=True)
        ],
        "text": response.text,
        "warnings": response.warnings,
        "usage": response.usage,
        "cost": dataclasses.asdict(cost) if cost else None,
        "metadata": response.metadata,
        "failed": [failure.described() for failure in attempts.failures],
        "elapsed": round(elapsed, 3),
    }


def _show(response: ImageResponse, *, as_json: bool) -> None:
    from impasto.cli.show import show_in_terminal

    # Beside JSON, and where stdout goes elsewhere, the picture belongs on the terminal behind stderr.
    is_on_stdout = sys.stdout is not None and sys.stdout.isatty() and not as_json
    stream = sys.stdout if is_on_stdout else sys.stderr
    for image in response.images:
        if image.data is not None and not show_in_terminal(image.data, stream):
            complain("--show needs a terminal with colours; the picture is saved all the same.")
            break
