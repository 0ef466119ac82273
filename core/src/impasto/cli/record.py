"""``impasto record`` and ``impasto replay``: for authors of plugins, a conversation on file."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.atomic import replace_file
from impasto.cli.fields import fields
from impasto.cli.live import LiveLine
from impasto.cli.printing import complain, print_line
from impasto.errors import ImpastoError, InvalidRequest, ResponseError
from impasto.plugins import default_plugins
from impasto.router import Router
from impasto.settings import Settings

if TYPE_CHECKING:
    from impasto.models import Model


@click.command()
@click.argument("prompt", nargs=-1, required=True)
@click.option("-m", "--model", metavar="NAME", help="Alias, model id, or provider/model; see 'impasto models'.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The transcript, such as transcripts/drawn.http.")  # fmt: skip
@click.option(
    "-p",
    "--parameter",
    "fields",
    callback=fields,
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of the request, such as width=512 or seed=7; may be repeated.",
)
def record(prompt: tuple[str, ...], *, model: str | None, output: Path, fields: dict[str, Any]) -> None:
    """Paint PROMPT, and write down the conversation with the service, for the tests of a plugin.

    Keys, people, machines and ids are taken out, and pictures made plain; read it before you share it. An error is
    recorded too.
    """
    from impasto.testing.recording import record as recorded

    settings = Settings.load()
    router = Router(default_plugins(), settings)
    chosen = router.models_of(model or router.default())[0]
    line = LiveLine()
    with line:
        transcript, ending = recorded(
            " ".join(prompt), chosen, plugins=default_plugins(), settings=settings, fields=fields, tell=line.update
        )
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        replace_file(output, transcript.text().encode(), mode=0o644)
    except OSError as error:
        raise InvalidRequest(f"{output}: cannot be written: {error.strerror or error}.", parameter="output") from error
    print_line(str(output))
    complain(
        f"{len(transcript.exchanges)} exchanges with {chosen.provider.id}, ending in "
        f"{f'{transcript.ends}: {ending}' if isinstance(ending, ResponseError) else 'a picture'}. Read it before you "
        "share it: what only you know to be private is still there."
    )


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("transcript", type=click.Path(path_type=Path))
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="A free one, if none is named.")
@click.pass_context
def replay(ctx: click.Context, transcript: Path, command: tuple[str, ...], port: int) -> None:
    """Answer as TRANSCRIPT has it, on loopback.

    With COMMAND, run that against it, such as: impasto replay drawn.http impasto "a red fox" -m easel; a -- may stand
    before it. Without, say how to reach it, and serve until interrupted. Each request is told on stderr, with what
    differs from the recorded one.
    """
    from impasto.testing.standin import ReplayServer
    from impasto.testing.transcript import Transcript

    said = Transcript.read(transcript)
    if not said.model:
        raise ImpastoError(f"{transcript} names no model: write 'model: PROVIDER/MODEL' into its head.")
    model = Router(default_plugins(), Settings()).models_of(said.model)[0]
    server = ReplayServer(said, model.url or model.provider.url, complain)
    try:
        with server.running(port):
            variables = _variables(model, server.url)
            if command := command[1:] if command[:1] == ("--",) else command:
                ctx.exit(_run(command, variables))
            words = " ".join(f"{name}={value}" for name, value in variables.items())
            prompt = str(said.request.get("prompt", "a red fox"))
            print_line(f"{words} impasto -m {said.model} {json.dumps(prompt, ensure_ascii=False)}")
            if model.url:
                complain(
                    f'{model.name} has an address of its own; settings: [providers."{model.name}"] url = "{server.url}"'
                )
            threading.Event().wait()
    except OSError as error:
        raise InvalidRequest(f"nothing can be served: {error.strerror or error}.") from error


def _variables(model: Model, url: str) -> dict[str, str]:
    name = "".join(c if c.isalnum() else "_" for c in model.provider.id.upper())
    variables = {f"IMPASTO_PROVIDER_{name}_URL": url}
    return variables if model.provider.auth is None else variables | {f"IMPASTO_PROVIDER_{name}_KEY": "replayed"}


def _run(command: tuple[str, ...], variables: dict[str, str]) -> int:
    try:
        return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode  # noqa: S603
    except OSError as error:
        raise InvalidRequest(f"{command[0]} cannot be run: {error.strerror or error}.") from error
