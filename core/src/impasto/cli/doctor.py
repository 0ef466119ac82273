"""``impasto doctor``: tries the routes, one after the other, and says what became of each."""

from __future__ import annotations

import functools
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import anyio
import click

from impasto.cli.attempts import words_of
from impasto.cli.listing import names_of, width
from impasto.cli.live import LiveLine
from impasto.cli.printing import complain, print_json, print_line
from impasto.cli.tables import table
from impasto.cli.waking import keep_awake
from impasto.client import Client
from impasto.errors import AuthenticationError, ImpastoError, InvalidRequest, ProviderUnavailable, ResponseError
from impasto.events import ImagePreview, ImageResponse, Progress
from impasto.keys import find_key
from impasto.models import Range
from impasto.plugins import default_plugins
from impasto.router import Router
from impasto.settings import Settings
from impasto.sizes import SizeRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.models import Model
    from impasto.options import Options

PROMPT = "a green apple on a white table"
"""What is drawn: nothing that any service would refuse."""

SMALL = 256
"""Pixels a side. Smaller ones are rarely what a model was made for."""

PATIENCE = 60.0
"""Seconds for one route."""

_HEADINGS = ("ROUTE", "REACHABLE", "KEY", "DREW", "TIME", "WHAT HAPPENED")


@dataclass(slots=True)
class Finding:
    """What became of one route.

    Attributes:
        route: the model's full name.
        key: ``accepted``, ``refused``, ``missing``, ``none set``, ``not needed``, or ``unknown``.
        reachable: whether the service answered; None where it was not asked.
        tried: False where the small picture is nothing that can be asked of the model.
        drew: whether there was a picture.
        seconds: how long it took; None where it was not asked.
        error: why there was no picture.
        warnings: what was not done as asked.
    """

    route: str
    key: str = "unknown"
    reachable: bool | None = None
    tried: bool = True
    drew: bool = False
    seconds: float | None = None
    error: str | None = None
    warnings: tuple[str, ...] = field(default=())

    def row(self) -> tuple[str, ...]:
        """Return the finding as a row of the table."""
        reachable = {True: "yes", False: "no", None: "-"}[self.reachable]
        seconds = "-" if self.seconds is None else f"{self.seconds:.1f} s"
        words = " ".join((self.error or "; ".join(self.warnings)).split())
        if not self.tried:
            return self.route, reachable, self.key, "-", seconds, f"not tried: {words}"
        return self.route, reachable, self.key, "yes" if self.drew else "no", seconds, words


@click.command()
@click.argument("model", required=False)
@click.option(
    "--deadline",
    type=click.FloatRange(0, 1e6, min_open=True),
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="Give each route so long.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before services are used that may charge.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(ctx: click.Context, model: str | None, *, deadline: float, yes: bool, as_json: bool) -> None:
    """Try every route of MODEL, or all there are.

    A small picture is drawn on each, and the table says how that went. A model that only edits is given a plain one. A
    service whose key is set may charge for its picture; that is said before, and asked. The status is 0 if each name
    that was asked for has a route that drew; one of whose routes none can be tried so is passed over.
    """
    settings = Settings.load()
    routes = _routes(Router(default_plugins(), settings), settings, model)
    models = list({each.name: each for found in routes.values() for each in found}.values())
    paid = [each.name for each in models if may_charge(each, settings)]
    if paid and not yes:
        _ask(paid)
    try:
        findings = anyio.run(functools.partial(_examine, models, settings, deadline=deadline, as_json=as_json))
    except KeyboardInterrupt:
        raise click.Abort from None
    names = _served(routes, findings)
    if as_json:
        print_json({"names": names, "routes": [asdict(each) for each in findings]})
    if lost := [name for name, served in names.items() if served is False]:
        complain(f"no route drew for {', '.join(lost)}.")
        ctx.exit(1)


def may_charge(model: Model, settings: Settings) -> bool:
    """Tell whether a service may charge for a picture: whether it would be told who asks."""
    key = find_key(model.provider, settings, os.environ, model=model.id)
    return key is not None or bool(settings.provider(model.provider.id, model.name).headers)


def small_size(model: Model) -> tuple[int, int] | None:
    """Return the smallest width and height, in pixels, that a model can be expected to draw well."""
    match model.size:
        case None:
            return None
        case SizeRule() as rule:
            side = rule.rounded(max(rule.minimum, min(SMALL, rule.maximum)))
            return side, side
        case sizes:
            return min(sizes, key=lambda size: size[0] * size[1])


def pictures_for(model: Model) -> Options:
    """Return the pictures that a model needs to start from: as many plain ones as it must have, and a mask.

    A mask goes with them wherever the model takes one, since without it some that fill have nothing to do.
    """
    if "images" not in model.requires:
        return {}
    from PIL import Image, ImageDraw

    size = small_size(model) or (SMALL, SMALL)
    rule = model.accepts.get("images")
    options: Options = {
        "images": [Image.new("RGB", size, "#787878")] * (max(1, int(rule.minimum)) if isinstance(rule, Range) else 1)
    }
    if "mask" in model.accepts or "mask" in model.requires:
        mask = Image.new("L", size)
        middle = (size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4)
        ImageDraw.Draw(mask).rectangle(middle, fill="white")
        options["mask"] = mask
    return options


def _served(routes: dict[str, Sequence[Model]], findings: list[Finding]) -> dict[str, bool | None]:
    """Tell of each name whether one of its routes drew; None where none could be tried."""
    found = {each.route: each for each in findings}
    served: dict[str, bool | None] = {}
    for name, models in routes.items():
        reached = [found[model.name] for model in models]
        is_untried = bool(reached) and not any(each.tried for each in reached)
        served[name] = None if is_untried else any(each.drew for each in reached)
    return served


def _routes(router: Router, settings: Settings, name: str | None) -> dict[str, Sequence[Model]]:
    """Return the models that each name stands for: the one that is given, or else all there are."""
    if name is not None:
        return {name: router.models_of(name)}
    default_plugins().mend()
    installed = default_plugins().models
    if not installed:
        raise InvalidRequest("No plugin is installed that offers a model: impasto models.")
    aliases = {alias for model in installed for alias in model.aliases} | set(settings.aliases)
    named = [each for each in names_of(installed, settings) if each in aliases]
    routes: dict[str, Sequence[Model]] = {}
    for each in named:
        try:
            routes[each] = router.models_of(each)
        except ProviderUnavailable as error:
            complain(str(error))
        except ImpastoError as error:
            complain(str(error))
            routes[each] = []
    reached = {model.name for found in routes.values() for model in found}
    others = [model for model in installed if model.provider.working and model.name not in reached]
    return routes | {model.name: [model] for model in others}


def _ask(paid: list[str]) -> None:
    words = f"{', '.join(paid)} may charge for a small picture"
    if sys.stdin is None or not sys.stdin.isatty():
        raise InvalidRequest(f"{words}: say --yes if that is all right.")
    complain(f"{words}.")
    if not click.confirm("Go on?", err=True):
        raise click.Abort


async def _examine(models: Sequence[Model], settings: Settings, *, deadline: float, as_json: bool) -> list[Finding]:
    keep_awake()
    findings = []
    room = max((len(model.name) for model in models), default=0)
    if not as_json:
        _print_row(_HEADINGS, room)
    async with Client(settings=settings) as client:
        for model in models:
            with LiveLine(subject=model.name) as line:
                finding = await _try(client, model, settings, deadline, line)
            findings.append(finding)
            if not as_json:
                _print_row(finding.row(), room)
    return findings


async def _try(client: Client, model: Model, settings: Settings, deadline: float, line: LiveLine) -> Finding:
    """Draw one small picture on one route."""
    key = find_key(model.provider, settings, os.environ, model=model.id)
    auth = model.provider.auth
    unset = "none set" if auth and auth.optional else "missing"
    finding = Finding(model.name, key="not needed" if auth is None else "unknown" if key else unset)
    heard = False
    started = time.monotonic()
    options: Options = {"deadline": deadline, "failover": "never", **pictures_for(model)}
    if size := small_size(model):
        options["width"], options["height"] = size
    try:
        stream = client.stream(PROMPT, model=model.name, **options)
    except ImpastoError as error:
        finding.error = words_of(error)
        finding.tried = not isinstance(error, InvalidRequest)
        return finding
    try:
        async with stream:
            async for event in stream:
                line.update(event)
                heard = heard or isinstance(event, Progress | ImagePreview)
                if isinstance(event, ImageResponse):
                    finding.drew, finding.warnings = True, event.warnings
    except ImpastoError as error:
        finding.error = words_of(error)
        finding.reachable = _was_reached(error, heard=heard)
        finding.tried = heard or not isinstance(error, InvalidRequest)
        if isinstance(error, AuthenticationError):
            finding.key = "refused" if key else "missing"
    else:
        finding.reachable = True
        finding.key = "accepted" if key else finding.key
    finding.seconds = round(time.monotonic() - started, 3)
    return finding


def _was_reached(error: ImpastoError, *, heard: bool) -> bool | None:
    """Tell whether the service had answered; None where the error does not tell."""
    match error:
        case ResponseError() if heard or error.status is not None:
            return True
        case ProviderUnavailable() | TimeoutError():
            return False
        case ResponseError():
            return True
        case _:
            return True if heard else None


def _print_row(row: Sequence[str], room: int) -> None:
    """Print a row as soon as it is known; columns are as wide as they may become."""
    widths = (room, len(_HEADINGS[1]), len("not needed"), len(_HEADINGS[3]), len("1000.0 s"))
    rows = [
        (*(cell.ljust(wide) for cell, wide in zip(each[:-1], widths, strict=True)), each[-1])
        for each in (_HEADINGS, row)
    ]
    above = len(table(rows[:1], width()).splitlines())
    if row is _HEADINGS:
        rows.pop()
        above = 0
    if lines := table(rows, width()).splitlines()[above:]:
        print_line("\n".join(line.rstrip() for line in lines))
