"""Takes out of transcripts what is nobody's business: keys, people, machines, and ids that lead to them.

The same words become the same placeholder everywhere, of a like form, so that a conversation still hangs together: a
job's id in an answer is the one in the address that is asked next.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any

from impasto.testing.pictures import made_plain, with_pictures, without_pictures
from impasto.testing.transcript import Exchange, Transcript

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEY = "a-key-was-here"

_PREFIXED_KEY = re.compile(r"\b(?:sk|pk|rk|hf|r8|gh[pousr]|xox[abp]|key|token)[-_][A-Za-z0-9_-]{12,}")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_HOME = re.compile(r"(/(?:home|Users)|[A-Za-z]:\\{1,2}Users)([/\\]{1,2})(?!someone\b)[^/\\\s\"']+")
_IPV4 = re.compile(
    r"(?<![\w.])(?!127\.|0\.0\.0\.0|192\.0\.2\.)(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.])"
)
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){4,7}(?::?[0-9A-Fa-f]{1,4})(?![\w:])")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{24,}|[0-9A-F]{24,})(?![0-9A-Za-z])")
_ID = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}(?![A-Za-z0-9])")
_PERSON = re.compile(
    r'(?i)("(?:e-?mail|user_?name|user_?id|user|login|full_?name|first_?name|last_?name|account(?:_?id)?|org(?:anization)?'
    r'(?:_?id)?|team(?:_?id)?|ip(?:_?address)?|phone|session(?:_?hash|_?id)?)"\s*:\s*)"((?:[^"\\]|\\.)+)"'
)
_DROPPED = frozenset(
    {
        "accept-encoding", "age", "alt-svc", "authorization", "connection", "content-encoding", "content-length",
        "cookie", "date", "etag", "expires", "host", "keep-alive", "last-modified", "nel", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "report-to", "reporting-endpoints", "server", "server-timing",
        "set-cookie", "strict-transport-security", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
        "vary", "via", "www-authenticate", "x-powered-by",
    }
)  # fmt: skip
_DROPPED_WITH = ("access-control-", "cf-", "sec-", "x-amz", "x-b3", "x-forwarded", "x-real", "x-vercel", "x-served")
_SECRET_NAME = re.compile(r"(?i)(?:^|[-_])(?:api-?key|key|token|secret|session|auth|cookie|password)s?(?:$|[-_])")


def dropped(name: str, value: str = "") -> bool:
    """Tell whether a header field is left out of transcripts: it holds a key, or says nothing of the conversation."""
    lower = name.lower()
    return (
        lower in _DROPPED
        or lower.startswith(_DROPPED_WITH)
        or bool(_SECRET_NAME.search(lower))
        or (lower == "accept" and value == "*/*")
        or not value.isprintable()
    )


def scrub(transcript: Transcript, secrets: Iterable[str] = ()) -> Transcript:
    """Return a transcript without keys, people, machines and ids; pictures in it are plain ones of the same size.

    Args:
        transcript: what passed.
        secrets: words that must not be in it: keys, values of the user's own headers.
    """
    scrubber = _Scrubber(sorted({each for each in secrets if len(each) >= 4}, key=len, reverse=True))
    exchanges = tuple(scrubber.exchange(each) for each in transcript.exchanges)
    request = json.loads(scrubber.text(json.dumps(dict(transcript.request))))
    return dataclasses.replace(transcript, exchanges=exchanges, request=request)


class _Scrubber:
    def __init__(self, secrets: list[str]) -> None:
        self._secrets = secrets
        self._placeholders: dict[str, str] = {}

    def exchange(self, exchange: Exchange) -> Exchange:
        return Exchange(
            exchange.method,
            self.text(exchange.url),
            self._headers(exchange.sent_headers),
            self._body(exchange.sent),
            exchange.status,
            self._headers(exchange.headers),
            self._body(exchange.body),
        )

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _KEY)
        text, pictures = without_pictures(text)
        text = _BEARER.sub(rf"\1 {_KEY}", text)
        for pattern in (_JWT, _PREFIXED_KEY):
            text = pattern.sub(_KEY, text)
        text = _PERSON.sub(r'\1"someone"', text)
        text = _EMAIL.sub("someone@example.com", text)
        text = _HOME.sub(r"\1\2someone", text)
        text = _IPV4.sub("192.0.2.1", text)
        text = _IPV6.sub("2001:db8:0:0:0:0:0:1", text)
        text = _UUID.sub(lambda match: self._placeholder(match[0], _uuid), text)
        text = _HEX.sub(lambda match: self._placeholder(match[0], _zeros), text)
        text = _ID.sub(lambda match: self._placeholder(match[0], _word) if _is_id(match[0]) else match[0], text)
        return with_pictures(text, pictures)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {name: self.text(value) for name, value in headers.items() if not dropped(name, value)}

    def _body(self, body: bytes) -> bytes:
        try:
            return self.text(body.decode()).encode()
        except UnicodeDecodeError:
            return made_plain(body)

    def _placeholder(self, found: str, make: Any) -> str:
        if found in self._placeholders.values():
            return found
        if found not in self._placeholders:
            self._placeholders[found] = make(len(self._placeholders) + 1, len(found))
        return self._placeholders[found]


def _is_id(word: str) -> bool:
    """Tell an id from a long word: digits are strewn over it."""
    return len(re.findall(r"\d+", word)) >= 3


def _uuid(number: int, _: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def _zeros(number: int, length: int) -> str:
    return f"{number:0{length}x}"


def _word(number: int, length: int) -> str:
    return f"id{number:0{length - 2}}"
