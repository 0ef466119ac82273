"""Whose certificates are trusted."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import certifi

if TYPE_CHECKING:
    from collections.abc import Mapping


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return the TLS context that httpx would make (https://www.python-httpx.org/advanced/ssl/).

    Args:
        environ: the environment, of which ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` count; else certifi's bundle holds.
    """
    if file := environ.get("SSL_CERT_FILE"):
        return ssl.create_default_context(cafile=file)
    if folder := environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=folder)
    return ssl.create_default_context(cafile=certifi.where())
