"""Hugging Face Spaces by name: which names the Hub allows, and at which address a Space's app answers."""

from __future__ import annotations

import re

_PART = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_LONGEST_LABEL = 63


def space_url(name: str) -> str | None:
    """Return the address of a Space's app, or None where no Space can have that name.

    The Hub's names are ``owner/space``, each of letters, digits, ``-``, ``_`` and ``.``, with neither ``--``
    nor ``..``, neither ``-`` nor ``.`` at an end, 96 characters at most
    (`huggingface_hub.utils.validate_repo_id`). The app's subdomain is the name in lower case, every run of
    other characters than letters and digits made one ``-``: ``stabilityai/stable-diffusion-3.5-large``
    answers at ``stabilityai-stable-diffusion-3-5-large.hf.space``. A name that this makes longer than a DNS
    label may be, 63 characters (RFC 1035), is shortened by the Hub in a way that only it knows; such a Space
    has to be reached through ``providers.gradio.url``.

    Args:
        name: words of the user.
    """
    owner, slash, space = name.partition("/")
    if not slash or not all(_PART.fullmatch(part) and "--" not in part and ".." not in part for part in (owner, space)):
        return None
    label = re.sub(r"[^a-z0-9]+", "-", f"{owner}-{space}".lower()).strip("-")
    return f"https://{label}.hf.space" if 0 < len(label) <= _LONGEST_LABEL else None
