"""What happens while a picture is made: what a server said, and what a user is told of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError, ProtocolError
from impasto.plaintext import plain_text

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from impasto import saving
    from impasto.payloads import HttpRequest, LocalCall, WebSocket
    from impasto.request import ImageRequest


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One thing that the other side said: an SSE event, a whole body, or an object from a local call.

    Attributes:
        name: the SSE event's type (``message`` where it has none); ``message`` for a WebSocket's; ``response`` for a
            whole body; ``object`` for what a local call yielded.
        data: the SSE event's data (`str`), the WebSocket's message (`str` or `bytes`), the body (`bytes`), or the
            object.
        payload: the payload that brought this event, unsigned. Its ``step`` is the plugin's own memory.
        request: the request that the conversation is about.
        status: the HTTP status; None for a local call and for a WebSocket's message.
        headers: the HTTP response's headers, names in lower case; empty where there are none.
    """

    name: str
    data: object = field(repr=False)
    payload: HttpRequest | WebSocket | LocalCall = field(repr=False)
    request: ImageRequest = field(repr=False)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """The data as text; bytes are read as UTF-8.

        Raises:
            ProtocolError: the data is neither text nor UTF-8.
        """
        if isinstance(self.data, str):
            return self.data
        if not isinstance(self.data, bytes):
            raise ProtocolError(f"expected text, got {type(self.data).__name__}")
        try:
            return self.data.decode()
        except UnicodeDecodeError as error:
            raise ProtocolError(f"expected text in UTF-8, got {self.data[:20]!r}…") from error

    def json(self) -> Any:
        """Return the data, parsed as JSON.

        Raises:
            ProtocolError: the data is not JSON; the message quotes its beginning.
        """
        import json

        text = self.text
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ProtocolError(f"expected JSON, got: {plain_text(text) or 'nothing'}") from error


@dataclass(frozen=True, slots=True)
class Progress:
    """The work goes on.

    Attributes:
        stage: what is being done, in a word or two: ``queued``, ``drawing``, ``downloading``.
        fraction: how much of the work is done, from 0 to 1; None where that is not known.
        detail: what else the service says of it, such as a place in its queue.

    Raises:
        ProtocolError: one is of another type, as it may be that came from a server.
    """

    stage: str
    fraction: float | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        _check("a stage", self.stage, str)
        _check("what is said of progress", self.detail, str)
        _check("how much is done", self.fraction, int, float, type(None))


@dataclass(frozen=True, slots=True)
class Attempt:
    """A route is about to be tried. Previews of the attempt before it are of no use any more.

    Attributes:
        route: the model's full name, ``provider/model``.
        number: counted from 1 over the whole request.
        error: why the attempt before it ended; None where none has ended since the last of these events.
        may_be_charged: whether a service may charge for what has ended since then, though it brought no picture; False
            where this attempt goes on with the same job.
        hedge: whether an earlier attempt is still running beside it.
        skipped: the routes that cannot do what is asked, and why; told with the first attempt.
    """

    route: str
    number: int
    error: ImpastoError | None = None
    may_be_charged: bool = False
    hedge: bool = False
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """One picture: its bytes, or the address from which to have them.

    Attributes:
        url: where the provider serves the picture; None where it came as bytes.
        data: the encoded picture, as the provider made it; None until it is downloaded.
        media_type: such as ``image/png``; read from the bytes.
        width: pixels; read from the bytes.
        height: pixels; read from the bytes.
        seed: the seed really used for this picture, where the provider tells.

    Raises:
        ProtocolError: there is neither an address nor bytes, or one of the parts is of another type.
    """

    url: str | None = None
    data: bytes | None = field(default=None, repr=False)
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        _check("a picture's address", self.url, str, type(None))
        _check("a picture's bytes", self.data, bytes, type(None))
        _check("a seed", self.seed, int, type(None))
        if not self.url and not self.data:
            raise ProtocolError("a picture without an address and without bytes")

    @property
    def is_remote(self) -> bool:
        """Whether its bytes have yet to be fetched from where it is."""
        return self.data is None and self.url is not None and self.url[:5].lower() != "data:"

    @property
    def address(self) -> str:
        """The url, or, for a picture that came as bytes, a ``data:`` URL that holds it."""
        return self.data_url() if self.url is None else self.url

    @property
    def suffix(self) -> str:
        """What a file's name ends in that holds it: ``png``, ``jpg``, ``webp``; ``bin`` where its type is not known."""
        kind = (self.media_type or "").partition("/")[2]
        return {"jpeg": "jpg", "": "bin"}.get(kind, kind)

    def base64(self) -> str:
        """Return the bytes in base64 (RFC 4648, section 4)."""
        import base64

        return base64.b64encode(self.data or b"").decode()

    def data_url(self) -> str:
        """Return a ``data:`` URL that holds the bytes (RFC 2397)."""
        return f"data:{self.media_type or 'application/octet-stream'};base64,{self.base64()}"


@dataclass(frozen=True, slots=True)
class ImagePreview:
    """A picture that is not finished yet.

    Attributes:
        image: the preview; usually only its address.
        index: which of the pictures of the request it belongs to, from 0.
    """

    image: Image
    index: int = 0
    _reader: Callable[[Image], Awaitable[bytes]] | None = field(default=None, repr=False, compare=False)

    @property
    def image_url(self) -> str:
        """The preview's address; a ``data:`` URL where it came as bytes."""
        return self.image.address

    async def read(self) -> bytes:
        """Return the preview's bytes, fetching them from the provider where they have not come yet.

        Raises:
            ResponseError: the provider does not serve it, or what it serves is not an image.
        """
        if self.image.data is not None:
            return self.image.data
        if self._reader is None:
            raise ImpastoError("This preview was not handed out by a stream, so nothing can fetch it.")
        return await self._reader(self.image)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a picture cost.

    Attributes:
        amount: in units of the currency.
        currency: ISO 4217 code, such as ``USD``.
        source: ``reported`` by the service, or ``computed`` from its published price.
        as_of: the date of that price, such as ``2026-11-26``; None where the service reported.

    Raises:
        ProtocolError: the amount is no number, negative, or not finite; or the currency is no text.
    """

    amount: float
    currency: str = "USD"
    source: str = "reported"
    as_of: str | None = None

    def __post_init__(self) -> None:
        _check("what a picture cost", self.amount, int, float)
        _check("a currency", self.currency, str)
        if not 0 <= self.amount < math.inf:
            raise ProtocolError(f"what a picture cost cannot be {self.amount}")


@dataclass(frozen=True, slots=True)
class ImageResponse:
    """The finished picture, or pictures, and what is known of how they were made.

    Plugins fill in ``images`` and what the service tells; the core fills in the rest.

    Attributes:
        images: the pictures, at least one.
        seed: the seed really used for the first picture; None where the provider does not tell.
        prompt: the prompt that was sent.
        model: the model's id.
        provider: the provider's id.
        text: what the model said beside its picture.
        warnings: what was not done as asked, in words for the user.
        usage: what the service counts, by its own names.
        cost: what it cost; None where that is not known.
        session: by what the provider knows this picture, plain data; None where it keeps none.
        service: the address of the provider that drew it.
        parameters: the request's other fields, as they were sent.
        metadata: whatever else the service tells of the picture.

    Raises:
        ProtocolError: there is no picture, or what else the service tells is of another type.
    """

    images: tuple[Image, ...]
    seed: int | None = None
    prompt: str = ""
    model: str = ""
    provider: str = ""
    text: str = ""
    warnings: tuple[str, ...] = ()
    usage: Mapping[str, Any] | None = None
    cost: Cost | None = None
    session: Mapping[str, Any] | None = field(default=None, repr=False)
    service: str = field(default="", repr=False, compare=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", tuple(self.images))
        _check("a seed", self.seed, int, type(None))
        _check("what the model says", self.text, str)
        _check("what a picture cost", self.cost, Cost, type(None))
        for what, told in (("usage", self.usage), ("a session", self.session)):
            _check(what, told, Mapping, type(None))
        _check("metadata", self.metadata, Mapping)
        if not self.images:
            raise ProtocolError("the answer holds no picture")

    @property
    def image(self) -> Image:
        """The first picture."""
        return self.images[0]

    @property
    def image_url(self) -> str:
        """The first picture's address; a ``data:`` URL where it came as bytes."""
        return self.image.address

    @property
    def data(self) -> bytes:
        """The first picture's bytes, as the provider made them.

        Raises:
            ImpastoError: it was asked for with ``download=False``.
        """
        return _downloaded(self.image)

    @property
    def width(self) -> int | None:
        """The first picture's width in pixels."""
        return self.image.width

    @property
    def height(self) -> int | None:
        """The first picture's height in pixels."""
        return self.image.height

    @property
    def media_type(self) -> str | None:
        """The first picture's media type, such as ``image/png``."""
        return self.image.media_type

    def save(self, path: str | os.PathLike[str], *, index: int = 0) -> Path:
        """Write one picture to a file, whole or not at all, and return the file's path.

        The provider's bytes are kept where the suffix says their format; otherwise the picture is converted. Missing
        folders are made; a file that is there already is replaced. A PNG tells how it was made in its text fields
        (``parameters``, as the Stable Diffusion web UIs write it, and the parts by name); pixels are untouched.

        Args:
            path: the file; its suffix names the format: png, jpg, jpeg, webp, gif, avif, bmp, tiff.
            index: which of the pictures, from 0.

        Raises:
            UnsavableImage: the suffix is not known, or the file cannot be written.
            ImpastoError: it was asked for with ``download=False``, or there is no picture of that index.
        """
        from impasto import saving

        if not isinstance(index, int) or not -len(self.images) <= index < len(self.images):
            count = "is 1 picture" if len(self.images) == 1 else f"are {len(self.images)} pictures"
            raise ImpastoError(f"There {count}, counted from 0, and none of index {index!r}.")
        image = self.images[index]
        return saving.save(_downloaded(image), path, self._description(image))

    def _description(self, image: Image) -> saving.Description:
        from impasto import saving

        return saving.Description(
            prompt=self.prompt,
            model=self.model,
            provider=self.provider,
            seed=self.seed if image.seed is None else image.seed,
            width=image.width,
            height=image.height,
            parameters=self.parameters,
        )

    def _repr_mimebundle_(
        self,
        include: object = None,
        exclude: object = None,
    ) -> dict[str, str]:
        """Show the pictures in a notebook."""
        tags = "".join(f'<img src="{image.data_url()}" style="max-width: 100%">' for image in self.images if image.data)
        return {"text/plain": repr(self)} | ({"text/html": tags} if tags else {})


def _check(what: str, value: object, *kinds: type) -> None:
    """Raise `ProtocolError` where a plugin passes on, as it came, what is of no type that belongs there."""
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ProtocolError(f"{what} cannot be {plain_text(repr(value), 60)}")


def _downloaded(image: Image) -> bytes:
    if image.data is None:
        raise ImpastoError(
            "The picture was not downloaded, because download=False was given; its address is image_url."
        )
    return image.data
