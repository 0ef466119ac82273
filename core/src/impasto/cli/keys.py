"""``impasto keys``: the keys of providers, kept in a file that only their owner can read."""

from __future__ import annotations

import sys

import click

from impasto import keys as store
from impasto.cli.printing import complain, print_line
from impasto.errors import InvalidRequest
from impasto.plugins import default_plugins


@click.group()
def keys() -> None:
    """Keep the keys of providers. A key that is stored is never printed."""


@keys.command("set")
@click.argument("provider")
@click.argument("key", nargs=-1, type=click.UNPROCESSED, metavar="")
def set_(provider: str, key: tuple[str, ...]) -> None:
    """Store the key of PROVIDER: asked for without echo, or read from standard input."""
    if key:
        raise InvalidRequest(
            "A key is not given on the command line, where the shell's history and other users see it: "
            f"'impasto keys set {provider}' asks for it."
        )
    known = {model.provider.id: model.provider for model in default_plugins().models}
    if provider not in known:
        taking = sorted(name for name, each in known.items() if each.auth is not None)
        raise InvalidRequest(
            f"There is no provider {provider!r} among the installed plugins. "
            f"Those that take a key: {', '.join(taking) or 'none'}."
        )
    auth = known[provider].auth
    if auth is None:
        raise InvalidRequest(f"{provider} takes no key.")
    path = store.set_key(provider, _ask(provider, auth.help_url))
    complain(f"the key for {provider} is stored in {path}, readable by you alone.")


@keys.command("list")
def list_() -> None:
    """List the providers whose keys are stored."""
    stored = sorted(store.stored_keys())
    for provider in stored:
        print_line(provider)
    if not stored:
        complain("no key is stored.")


@keys.command()
@click.argument("provider")
def remove(provider: str) -> None:
    """Forget the key of PROVIDER."""
    if not store.remove_key(provider):
        raise InvalidRequest(f"There is no stored key for {provider!r}; 'impasto keys list' lists them.")
    complain(f"the key for {provider} is removed.")


def _ask(provider: str, help_url: str | None) -> str:
    if sys.stdin is None:
        raise InvalidRequest("Standard input is closed, so there is no key on it.")
    if sys.stdin.isatty():
        if help_url:
            complain(f"keys are made at {help_url}")
        answer: str = click.prompt(f"Key for {provider}", hide_input=True, err=True)
        return answer
    try:
        line = sys.stdin.buffer.readline(64 * 1024).decode().strip()
    except (OSError, UnicodeDecodeError):
        # Not chained, and not repeated: what was read may be most of a key.
        raise InvalidRequest("The key on standard input cannot be read as text.") from None
    if not line:
        raise InvalidRequest("There is no key on standard input.")
    return line
