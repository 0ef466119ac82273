"""The same for code that does not await: a call that blocks, and an iterator that blocks."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Self, Unpack

import anyio.from_thread

from impasto.client import Client
from impasto.errors import ImpastoError
from impasto.events import ImagePreview, ImageResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import TracebackType

    from impasto.options import Options
    from impasto.settings import Settings
    from impasto.streaming import Event, Stream


def generate(
    prompt: str | None = None,
    *,
    model: str | None = None,
    settings: Settings | None = None,
    **options: Unpack[Options],
) -> ImageResponse:
    """Return the finished picture of one request, and block until it is there.

    It works anywhere, inside a running event loop (a notebook) too; the work is done in a thread of its own.

    Args:
        prompt: what to draw; or None, with ``messages`` among the options.
        model: an alias, a model's id, ``provider/model`` or a provider's id; None for the default model.
        settings: None for what the settings file and the environment say.
        **options: `Options`.

    Raises:
        ImpastoError: there is no picture, and why; see `Client.stream` and `Client.generate`.
    """
    with stream(prompt, model=model, settings=settings, **options) as events:
        for event in events:
            if isinstance(event, ImageResponse):
                return event
    raise ImpastoError("The stream ended without a picture.")


def stream(
    prompt: str | None = None,
    *,
    model: str | None = None,
    settings: Settings | None = None,
    **options: Unpack[Options],
) -> BlockingStream:
    """Return an iterator over the events of one request, each of which blocks until it is there.

    Arguments and errors are those of `generate`.
    """
    return BlockingStream(Client(settings=settings), prompt, model, options)


class BlockingStream:
    """The events of one request, for a plain ``for``. As a context manager, it stops the work when it is left."""

    def __init__(self, client: Client, prompt: str | None, model: str | None, options: Options) -> None:
        self._stream = client.stream(prompt, model=model, **options)
        self._client = client
        self._resources = contextlib.ExitStack()
        self._portal: anyio.from_thread.BlockingPortal | None = None
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        if self._ended:
            raise StopIteration
        try:
            return self._open().call(self._stream.__anext__)
        except StopAsyncIteration:
            self.close()
            raise StopIteration from None
        except BaseException:
            self.close()
            raise

    def read(self, preview: ImagePreview) -> bytes:
        """Return a preview's bytes, fetching them where they have not come yet; blocks.

        Raises:
            ResponseError: the provider does not serve it, or what it serves is not an image.
            ImpastoError: the stream is at its end.
        """
        if self._ended:
            raise ImpastoError("Previews can be read while their stream is open, not after its end.")
        return self._open().call(preview.read)

    def close(self) -> None:
        """Stop the work, and return when its connection is closed."""
        self._ended = True
        self._portal = None
        self._resources.close()

    def _open(self) -> anyio.from_thread.BlockingPortal:
        if self._portal is None:
            portal = self._resources.enter_context(anyio.from_thread.start_blocking_portal())
            self._resources.enter_context(portal.wrap_async_context_manager(_opened(self._client, self._stream)))
            self._portal = portal
        return self._portal

    def __del__(self) -> None:
        if getattr(self, "_resources", None) is not None:
            self.close()


@contextlib.asynccontextmanager
async def _opened(client: Client, events: Stream) -> AsyncIterator[Any]:
    async with client, events:
        yield
