"""Which models services said they serve when they were last asked: kept in files, one a service."""

from __future__ import annotations

import contextlib
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.errors import PluginError
from impasto.models import is_name

if TYPE_CHECKING:
    from pathlib import Path

    from impasto.models import Model, Provider
    from impasto.plugins import Plugins
    from impasto.settings import Settings

MOST_NAMES = 2_000
"""Models of one service, beyond which the rest is left out."""

_LARGEST_FILE = 1024 * 1024
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a service said that it serves.

    Attributes:
        names: of models, each one for which the plugin has a model.
        asked_at: when, in seconds since the epoch.
    """

    names: tuple[str, ...]
    asked_at: float


def discovered_models(plugins: Plugins, settings: Settings, name: str | None = None) -> list[tuple[Model, float]]:
    """Return the models that services said they serve, beside those that are listed, each with when that was.

    Args:
        plugins: make models of names.
        settings: say where the services are.
        name: the only name to look for; None for all.
    """
    listed = {model.name for model in plugins.models}
    found = []
    for provider in plugins.providers_that_list():
        said = read_discovered(provider, settings.provider(provider.id).url or provider.url)
        for each in said.names if said else ():
            if name in {None, each}:
                with contextlib.suppress(PluginError):
                    model = plugins.find_model(provider.id, each)
                    if said and model is not None and model.name not in listed:
                        found.append((model, said.asked_at))
    return sorted(found, key=lambda each: each[0].name)


def read_discovered(provider: Provider, url: str) -> Discovered | None:
    """Return what a service said when it was last asked; None where it was not, or the file cannot be read.

    Args:
        provider: the service.
        url: where it is.
    """
    path = _path(provider, url)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            said = json.loads(file.read(_LARGEST_FILE))
        if said["format"] != _FORMAT or said["url"] != url:
            return None
        names = [each for each in said["names"] if isinstance(each, str) and is_name(each)]
        return Discovered(tuple(names[:MOST_NAMES]), float(said["asked_at"]))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def write_discovered(provider: Provider, url: str, discovered: Discovered) -> None:
    """Keep what a service said; where that is not possible, nothing happens.

    Args:
        provider: the service.
        url: where it is.
        discovered: what it said.
    """
    from impasto.atomic import replace_file

    path = _path(provider, url)
    if path is None:
        return
    said = {"format": _FORMAT, "url": url, "asked_at": discovered.asked_at, "names": discovered.names}
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, json.dumps(said).encode(), mode=0o600)


def _path(provider: Provider, url: str) -> Path | None:
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("impasto")
    except (OSError, RuntimeError):
        return None
    return folder / f"models-{provider.id}-{zlib.crc32(url.encode()):08x}.json" if folder.is_absolute() else None
