"""``impasto keys``: the keys of providers, kept in a file that only their owner can read."""

from __future__ import annotations

import sys

import click

from impasto import keys as store
from impasto.errors import InvalidRequest
from impasto.plugins import default_plugins


@click.group()
def keys() -> None:
    """Keep the keys of providers. A key that is stored is never printed."""


@keys.command("set")
@click.argument("provider")
def set_(provider: str) -> None:
    """Store the key of PROVIDER: asked for without echo, or read from standard input."""
    known = {model.provider.id: model.provider for model in default_plugins().models}
    if provider not in known:
        raise InvalidRequest(
            f"there is no provider {provider!r} among the installed plugins: {', '.join(sorted(known)) or 'none'}."
        )
    auth = known[provider].auth
    if auth is None:
        raise InvalidRequest(f"{provider} takes no key.")
    if sys.stdin.isatty():
        if auth.help_url:
            click.echo(f"Keys are made at {auth.help_url}", err=True)
        key = click.prompt(f"Key for {provider}", hide_input=True, err=True)
    else:
        key = sys.stdin.readline()
    path = store.set_key(provider, key.strip())
    click.echo(f"The key for {provider} is stored in {path}, readable by you alone.", err=True)


@keys.command("list")
def list_() -> None:
    """List the providers whose keys are stored."""
    for provider in sorted(store.stored_keys()):
        click.echo(provider)


@keys.command()
@click.argument("provider")
def remove(provider: str) -> None:
    """Forget the key of PROVIDER."""
    if not store.remove_key(provider):
        raise InvalidRequest(f"there is no stored key for {provider!r}; 'impasto keys list' lists them.")
    click.echo(f"The key for {provider} is removed.", err=True)
