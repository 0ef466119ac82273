"""Which plugins there are to install: the distributions of the package index whose names begin with ``impasto-``."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
import httpx
from platformdirs import user_cache_path

from impasto.atomic import replace_file
from impasto.cli.installers import find_uv

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 256 * 1024 * 1024
"""Bytes of an index's list of names, which for a public one are some tens of millions."""

LONGEST = 60.0
"""Seconds for the whole list."""

_DAY = 86_400.0
_OVERLAP = 1024
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_NAME = r"(impasto[-_.][A-Za-z0-9._-]{1,200})"
_IN_JSON = re.compile(rf'"name"\s*:\s*"{_NAME}"'.encode(), re.IGNORECASE)
_IN_HTML = re.compile(rf">\s*{_NAME}\s*</a".encode(), re.IGNORECASE)
_PIPS_DEFAULT = re.compile(r"--index.url\b.*?\(default\s+(?P<url>\S+)\)", re.DOTALL)
_UVS_DEFAULT = re.compile(r"--default-index\b.*?by default:\s*<(?P<url>[^>\s]+)>", re.DOTALL)


def available(proxy: str | None = None) -> list[str]:
    """Return the names of the distributions that can be installed, at most a day old.

    The list is the index's own, as PEP 503 and PEP 691 have it. Which index that is, pip or uv say.

    Args:
        proxy: the proxy's address; None for what the standard environment variables say.

    Raises:
        click.ClickException: the index cannot be reached, or is not known.
    """
    address = index_address()
    file = user_cache_path("impasto") / "available"
    key = hashlib.sha256(address.encode()).hexdigest()
    try:
        known = json.loads(file.read_bytes())
        if known["index"] == key and 0 <= time.time() - known["at"] < _DAY:
            return [str(name) for name in known["names"]]
    except (OSError, ValueError, KeyError, TypeError):
        # No list, or one that is of no use: it is fetched.
        pass
    names = _fetched(address, proxy)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(file, json.dumps({"index": key, "at": time.time(), "names": names}).encode(), mode=0o600)
    except OSError:
        # The list is fetched again the next time.
        pass
    return names


def index_address() -> str:
    """Return the address of the index that pip, or where there is no pip uv, installs from; it may hold a password.

    Raises:
        click.ClickException: neither says.
    """
    if importlib.util.find_spec("pip") is not None:
        # pip's help shows what its configuration and its variables say, but for passwords.
        said = os.environ.get("PIP_INDEX_URL") or _from_help([sys.executable, "-m", "pip"], _PIPS_DEFAULT)
    else:
        said = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL") or _from_uv()
    if not said or "****" in said or not said.startswith(("http://", "https://")):
        raise click.ClickException(
            "it is not known which package index is used here, or its password; set PIP_INDEX_URL, or for uv "
            "UV_DEFAULT_INDEX, to its http address."
        )
    return said.rstrip("/") + "/"


def _from_uv() -> str:
    try:
        said = tomllib.loads(_uv_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = {}
    plain = {name.replace("-", "_"): value for name, value in said.items()}
    named = [each.get("url", "") for each in plain.get("index", []) if each.get("default")]
    uv = find_uv()
    return str(next(iter(named), plain.get("index_url", ""))) or (_from_help([uv, "pip"], _UVS_DEFAULT) if uv else "")


def _uv_file() -> Path:
    """Return where uv keeps its user's settings: docs.astral.sh/uv/concepts/configuration-files."""
    folder = os.environ.get("APPDATA", "") if os.name == "nt" else os.environ.get("XDG_CONFIG_HOME", "")
    return Path(folder or "~/.config").expanduser() / "uv" / "uv.toml"


def _from_help(program: list[str], pattern: re.Pattern[str]) -> str:
    """Return the address that an installer names as its default in its help, or nothing."""
    try:
        done = subprocess.run(  # noqa: S603
            [*program, "install", "--help"],
            env={**os.environ, "COLUMNS": "100000", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    match = pattern.search(done.stdout)
    return match["url"] if match else ""


def _fetched(address: str, proxy: str | None) -> list[str]:
    shown = _without_password(address)
    try:
        with (
            httpx.Client(timeout=10, follow_redirects=True, proxy=proxy) as client,
            client.stream("GET", address, headers={"Accept": _ACCEPT}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise click.ClickException(f"the package index {shown} answers with status {answer.status_code}.")
            kind = answer.headers.get("content-type", "")
            if "json" not in kind and "html" not in kind:
                raise click.ClickException(f"the package index {shown} answers with no list of names.")
            pattern = _IN_JSON if "json" in kind else _IN_HTML
            return sorted(set(_names(answer.iter_bytes(), pattern, shown)))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise click.ClickException(
            f"the package index {shown} cannot be reached ({type(error).__name__}), so what there is to install is "
            "not known."
        ) from error


def _names(chunks: Iterator[bytes], pattern: re.Pattern[bytes], shown: str) -> Iterator[str]:
    """Yield the names in a list that need not be kept, for it is long."""
    ends, size, rest = time.monotonic() + LONGEST, 0, b""
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST or time.monotonic() > ends:
            raise click.ClickException(
                f"the list of the package index {shown} has more than {LARGEST} bytes, or takes more than "
                f"{LONGEST:.0f} s."
            )
        rest += chunk
        for match in pattern.finditer(rest):
            yield re.sub(r"[-_.]+", "-", match[1].decode()).lower()
        rest = rest[-_OVERLAP:]


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
