"""``impasto PROMPT``: the main job."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import click

from impasto.cli.live import LiveLine
from impasto.client import Client
from impasto.errors import ImpastoError, InvalidRequest
from impasto.events import ImageResponse
from impasto.saving import check_target

if TYPE_CHECKING:
    from impasto.options import Options

_SUFFIX = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/avif": ".avif",
    "image/bmp": ".bmp",
    "image/tiff": ".tiff",
}


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read a size such as 1024x768."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", value.strip().lower())
    if match is None:
        raise click.BadParameter(f"{value!r} is not a size: give width and height in pixels, such as 1024x768.")
    return int(match[1]), int(match[2])


def _fields(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    """Read NAME=VALUE, where a value that is JSON is read as JSON."""
    fields: dict[str, Any] = {}
    for each in values:
        name, equals, text = each.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{each!r} is not NAME=VALUE.")
        try:
            fields[name] = json.loads(text)
        except ValueError:
            fields[name] = text
    return fields


@click.command()
@click.argument("prompt", nargs=-1, required=True)
@click.option("-m", "--model", metavar="NAME", help="Alias, model id, or provider/model; see 'impasto models'.")
@click.option("-o", "--output", metavar="PATH", help="File or folder to write to; the suffix names the format.")
@click.option("--size", callback=_size, metavar="WxH", help="Such as 1024x768, in pixels.")
@click.option("--aspect-ratio", metavar="W:H", help="Such as 16:9, instead of a size.")
@click.option("--seed", type=int, help="The same seed gives the same picture, where the model allows it.")
@click.option("-n", "--count", "n", type=int, default=1, metavar="N", help="How many pictures.")
@click.option("--negative-prompt", metavar="TEXT", help="What to keep out of the picture.")
@click.option("--steps", type=int, metavar="N", help="Denoising steps.")
@click.option("--guidance", type=float, metavar="X", help="How closely to follow the prompt.")
@click.option(
    "-x",
    "--extra",
    callback=_fields,
    multiple=True,
    metavar="NAME=VALUE",
    help="A field that only this provider knows.",
)
@click.option("--deadline", type=float, metavar="SECONDS", help="Give up after so long.")
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
    negative_prompt: str | None,
    steps: int | None,
    guidance: float | None,
    extra: dict[str, Any],
    deadline: float | None,
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
        "num_inference_steps": steps,
        "guidance_scale": guidance,
        "extra": extra,
        "deadline": deadline,
        "proxy": proxy,
    }
    text = _prompt(prompt)
    target = Target(output, text)
    line = LiveLine()
    with line:
        response = anyio.run(_draw, text, model, options, line)
    elapsed = line.elapsed
    paths = [response.save(target.path(response, index), index=index) for index in range(len(response.images))]
    if as_json:
        click.echo(json.dumps(_described(response, paths, elapsed), ensure_ascii=False, indent=2, default=str))
    else:
        _report(response, paths, elapsed)
    if show:
        from impasto.cli.show import show_in_terminal

        for image in response.images:
            if image.data is not None and not show_in_terminal(image.data, as_json=as_json):
                click.echo(
                    "impasto: --show needs a terminal with colours; the picture is saved all the same.",
                    err=True,
                )
                break


class Target:
    """Where the pictures go: known, and known to be writable, before anything is drawn.

    Args:
        output: what the user said: a file, a folder (one that exists, or with a slash at its end), or None for here.
        prompt: names the file where the user does not.

    Raises:
        UnsavableImage: nothing can be written there, or the suffix is not known.
    """

    def __init__(self, output: str | None, prompt: str) -> None:
        path = Path(output) if output else Path()
        self._is_folder = output is None or path.is_dir() or output.endswith(("/", "\\"))
        self._base = path / _slug(prompt) if self._is_folder else path
        check_target(self._base.with_name(f"{self._base.name}.png") if self._is_folder else self._base)

    def path(self, response: ImageResponse, index: int) -> Path:
        """Return the file for one picture. A name of our own choosing never meets a file that is there."""
        if not self._is_folder:
            if len(response.images) == 1:
                return self._base
            return self._base.with_name(f"{self._base.stem}-{index + 1}{self._base.suffix}")
        suffix = _SUFFIX.get(response.images[index].media_type or "", ".png")
        path = self._base.with_name(f"{self._base.name}{suffix}")
        number = 1
        while path.exists():
            number += 1
            path = self._base.with_name(f"{self._base.name}-{number}{suffix}")
        return path


async def _draw(prompt: str, model: str | None, options: Options, line: LiveLine) -> ImageResponse:
    async with Client() as client, client.stream(prompt, model=model, **options) as stream:
        async for event in stream:
            line.update(event)
            if isinstance(event, ImageResponse):
                return event
    raise ImpastoError("The stream ended without a picture.")


def _prompt(words: tuple[str, ...]) -> str:
    text = " ".join(words)
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise InvalidRequest("standard input is not UTF-8 text.", parameter="prompt") from error


def _slug(prompt: str) -> str:
    slug = re.sub(r"[\W_]+", "-", prompt.lower()).strip("-")
    return slug.encode()[:80].decode(errors="ignore").strip("-") or "picture"


def _report(response: ImageResponse, paths: list[Path], elapsed: float) -> None:
    for path in paths:
        click.echo(str(path))
    for warning in response.warnings:
        click.echo(f"impasto: {warning}", err=True)
    if sys.stdout.isatty():
        size = f"{response.width}x{response.height}"
        seed = f"seed {response.seed}" if response.seed is not None else "seed unknown"
        click.echo(click.style(f"{response.provider}/{response.model}  {size}  {seed}  {elapsed:.1f} s", dim=True))
        if response.text:
            click.echo(response.text)


def _described(response: ImageResponse, paths: list[Path], elapsed: float) -> dict[str, Any]:
    cost = response.cost
    return {
        "path": str(paths[0]),
        "images": [
            {
                "path": str(path),
                "url": image.url,
                "media_type": image.media_type,
                "width": image.width,
                "height": image.height,
                "seed": image.seed,
            }
            for path, image in zip(paths, response.images, strict=True)
        ],
        "provider": response.provider,
        "model": response.model,
        "prompt": response.prompt,
        "seed": response.seed,
        "parameters": dict(response.parameters),
        "text": response.text,
        "warnings": list(response.warnings),
        "usage": response.usage,
        "cost": {"amount": cost.amount, "currency": cost.currency, "source": cost.source} if cost else None,
        "metadata": dict(response.metadata),
        "elapsed": round(elapsed, 3),
    }
