"""The hooks. A provider implements the first three; every other hook is for whoever needs it.

Implementations are pure: the same arguments give the same result, nothing is read or written, no key is seen. The core
alone talks to the world. A plugin is a module (or object) registered under the entry point group ``impasto``::

    [project.entry-points.impasto]
    example = "impasto_example"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from impasto.events import ServerEvent
    from impasto.models import Model, Provider
    from impasto.payloads import Follow, HttpRequest, Outcome, Payload
    from impasto.request import ImageRequest

HOOK_API = (1, 1)
"""The version of the hooks: major, minor. What each of the two promises stands in ``docs/plugins.md``."""

hookspec = pluggy.HookspecMarker("impasto")
hookimpl = pluggy.HookimplMarker("impasto")
"""Marks a function as the implementation of a hook."""


@hookspec
def list_models() -> list[Model]:  # type: ignore[empty-body]
    """Return the models that the plugin offers, each naming its `Provider`.

    Called when the plugin is imported. They are written down, and known without it until something is installed or
    edited; so they are the same each time, whatever the environment.
    """


@hookspec(firstresult=True)
def find_model(name: str) -> Model | None:
    """Return a model that cannot be listed, or None where the plugin knows no such model.

    Called on one plugin at a time, for ``PLUGIN/NAME``, where the plugin's provider lists no such model.

    Args:
        name: what stands behind ``PLUGIN/``: words of the user, to be validated.
    """


@hookspec(firstresult=True)
def build_payload(model: Model, request: ImageRequest) -> Payload:  # type: ignore[empty-body]
    """Return the payload that begins the conversation. Called once for each attempt, on the model's owner alone.

    Args:
        model: one of the plugin's own.
        request: checked against what the model accepts, defaults filled in, size rounded.

    Raises:
        InvalidRequest: the model cannot do this, for a reason that its declaration cannot express.
    """


@hookspec(firstresult=True)
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:  # type: ignore[empty-body]
    """Return what an event means: a list, possibly empty. Called on the owner alone, for each thing that is said.

    `Progress` and `ImagePreview` are passed on to the user. `Follow` ends the exchange and begins the next.
    `ImageResponse` ends the conversation. ``KeyError``, ``TypeError``, ``AttributeError``, ``IndexError`` and
    ``ValueError`` become a `ProtocolError` that quotes the event, so that access to an answer's parts needs no guards.

    Args:
        model: one of the plugin's own.
        event: what was said. ``event.payload.step`` is what the plugin wrote into the payload.

    Raises:
        ResponseError: the service reports a failure; or one of the classes under it.
    """


@hookspec(firstresult=True)
def request_models(provider: Provider) -> HttpRequest | None:
    """Return what asks a service which models it serves, or None where it cannot be asked.

    For ``impasto models --refresh`` and `Client.refresh_models`, on the provider's owner alone; since version 1.1.

    Args:
        provider: one of the plugin's own; its url is where the user's settings say that it is.
    """


@hookspec(firstresult=True)
def parse_models(provider: Provider, event: ServerEvent) -> list[str | Follow]:  # type: ignore[empty-body]
    """Return the names of models in an answer to ``request_models``, and a `Follow` for what else is to be asked.

    A name counts for which ``find_model`` returns a model. What the hook raises means the same as in ``parse_event``.

    Args:
        provider: one of the plugin's own.
        event: what was said; its ``request`` has no meaning.

    Raises:
        ResponseError: the service reports a failure.
    """


@hookspec
def prepare_request(model: Model, request: ImageRequest) -> ImageRequest | None:
    """Return another request to be used in place of this one, or None to leave it. Any plugin may implement it.

    Called before ``build_payload``, plugin after plugin; each sees what the one before it made.

    Raises:
        InvalidRequest: this request is refused.
    """


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands to the command line.

    Args:
        cli: the group behind ``impasto``.
    """
