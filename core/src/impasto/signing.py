"""Where a provider's requests go and on what terms, and what of its secrets each of them may carry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from impasto.auth import BasicAuth
from impasto.errors import ProtocolError
from impasto.payloads import LocalCall
from impasto.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from impasto.auth import Auth
    from impasto.models import Model
    from impasto.payloads import Payload
    from impasto.settings import ProviderSettings, Secret, Settings

_SHORTEST_SECRET = 4
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=256)
def origin_of(url: str) -> str:
    """Return scheme, host and port of an absolute URL (RFC 6454), in lower case.

    Raises:
        ProtocolError: it is not an http(s) URL with a host.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ProtocolError(f"not an address: {url}") from error
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ProtocolError(f"not an http(s) address: {url}")
    return f"{scheme}://{parts.hostname}:{port or _DEFAULT_PORTS[scheme]}"


def settings_of(model: Model, settings: Settings) -> ProviderSettings:
    """Return what the settings say of the provider of a model, as it holds for that model.

    A model with an address of its own stays there when its provider is moved; a section of its own moves it.
    """
    own = settings.provider(model.provider.id, model.name)
    if model.url is None:
        return own
    section = settings.providers.get(model.name)
    return replace(own, url=section.url if section else None)


@dataclass(frozen=True, slots=True)
class Destination:
    """A provider's address, and the key and headers that only its own origins may see.

    Attributes:
        url: the base that payload urls are appended to.
        auth: how a request is signed.
        key: the key; None where there is none.
        headers: the user's own headers for this provider.
        origins: the origins that may see key and headers.
        timeouts: how long to wait, in seconds.
        proxy: the proxy's URL; None for what the environment says.
        max_concurrency: how many requests at once; None for no limit.
        private_addresses: whether requests to other origins may lead to addresses that are not public.
        moved: the origins that the plugin declares and in whose place the user's own `url` stands, each with the path
            below which the plugin has the service there.
    """

    url: str
    auth: Auth | None = None
    key: Secret | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    origins: frozenset[str] = frozenset()
    timeouts: Timeouts = field(default_factory=Timeouts)
    proxy: str | None = field(default=None, repr=False)
    max_concurrency: int | None = None
    private_addresses: bool = False
    moved: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        model: Model,
        settings: ProviderSettings,
        *,
        key: Secret | None,
        timeouts: Timeouts,
        proxy: str | None,
    ) -> Destination:
        """Return where a model's requests go.

        An address from the settings takes the place of the declared one, and of all origins that the plugin declares:
        these are not trusted any more, nor asked, but for those that the user names. An address at one of those origins
        is the service itself, such as one of its regions: there they stay.
        """
        provider = model.provider
        url = settings.url or model.url or provider.url
        declared = {origin_of(each): each for each in (*provider.origins, model.url or provider.url) if each}
        is_moved = settings.url is not None and origin_of(settings.url) not in declared
        trusted = settings.origins if is_moved else (*declared, *settings.origins)
        origins = frozenset(origin_of(each) for each in (url, *trusted) if each)
        return cls(
            url=url,
            auth=provider.auth,
            key=key,
            headers=settings.headers,
            origins=origins,
            timeouts=timeouts,
            proxy=proxy,
            max_concurrency=settings.max_concurrency or provider.max_concurrency,
            private_addresses=settings.private_addresses,
            moved={origin: urlsplit(each).path.strip("/") for origin, each in declared.items() if origin not in origins}
            if is_moved
            else {},
        )

    def as_stranger(self) -> Destination:
        """Return a destination for addresses that somebody gave: no key goes there, and none is the provider's own."""
        return replace(self, key=None, headers={}, origins=frozenset(), moved={})

    def resolve(self, url: str) -> str:
        """Return the absolute URL that a payload's or a picture's url means.

        Raises:
            ProtocolError: it is not an http(s) address.
        """
        if url.startswith("//"):
            url = f"{urlsplit(self.url).scheme or 'https'}:{url}"
        elif "://" not in url.partition("?")[0]:
            if not self.url:
                raise ProtocolError(f"a relative address, and the provider has none of its own: {url}")
            url = f"{self.url.rstrip('/')}/{url.lstrip('/')}"
        origin_of(url)
        return url

    def resolve_request(self, url: str) -> str:
        """Return the absolute URL that a payload's url means: at the user's own address, where that takes the place.

        Raises:
            ProtocolError: it is not an http(s) address.
        """
        resolved = self.resolve(url)
        spelled = [f"https:{url}", f"http:{url}"] if url.startswith("//") else [resolved]
        base = next((self.moved[origin] for origin in map(origin_of, spelled) if origin in self.moved), None)
        if base is None:
            return resolved
        parts = urlsplit(resolved)
        path = parts.path.lstrip("/")
        if base and f"{path}/".startswith(f"{base}/"):
            path = path[len(base) :]
        target = parts._replace(scheme="", netloc="", path=f"/{path.lstrip('/')}").geturl()
        return f"{self.url.rstrip('/')}/{target.lstrip('/')}"

    def described(self, payload: Payload) -> str:
        """Return method and address of a payload, in words: the address that is asked, where the user has moved it."""
        words = payload.describe()
        if not self.moved or isinstance(payload, LocalCall):
            return words
        url = payload.url.partition("?")[0]
        return words.replace(url, self.resolve_request(url)) if "://" in url else words

    def hint_at_own_server(self, provider: str) -> str:
        """Return what to do where a server of the user's own, on this machine, cannot be reached; else nothing."""
        if urlsplit(self.url).hostname not in _THIS_MACHINE:
            return ""
        return f"; is it running there? Another address is set by url under [providers.{provider}] in the settings"

    def is_own(self, url: str) -> bool:
        """Tell whether a URL is at one of the provider's own origins."""
        return origin_of(url) in self.origins

    def secrets_for(self, url: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the headers and query fields that a request to `url` carries: none beyond the own origins."""
        if not self.is_own(url):
            return {}, {}
        headers = dict(self.headers)
        if self.auth is None or self.key is None:
            return headers, {}
        key = self.key.reveal()
        return headers | self.auth.headers(key), self.auth.params(key)

    def _spellings(self, key: str) -> Iterator[str]:
        """Yield a key as it may be repeated: as it is, as it travels, and its parts where it has some."""
        yield key
        if isinstance(self.auth, BasicAuth):
            yield key.partition(":")[2]
            for value in self.auth.headers(key).values():
                yield value.rpartition(" ")[2]

    def redact(self, text: str) -> str:
        """Return the text without the key and the values of the user's headers, should a server have repeated them."""
        secrets = [*self.headers.values(), *(self._spellings(self.key.reveal()) if self.key else [])]
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = _without_beginning(text.replace(secret, "***"), secret)
        return text


def _without_beginning(text: str, secret: str) -> str:
    """Return the text without the beginning of a secret at its end, where the words of a server were cut."""
    if text.endswith("…"):
        for length in range(len(secret) - 1, _SHORTEST_SECRET - 1, -1):
            if text.endswith(f"{secret[:length]}…"):
                return f"{text[: -length - 1]}***…"
    return text
