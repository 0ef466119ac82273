"""What the server's answer means: the pictures, their seeds, and what they were really drawn with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from impasto import HttpRequest, Image, ImageResponse, ResponseError
from impasto_automatic1111 import samplers
from impasto_automatic1111.pictures import decoded, setting, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from impasto import ServerEvent

_TOLD = ("sd_model_name", "sd_model_hash", "sd_vae_name", "sampler_name", "version", "job_timestamp")


def parse(event: ServerEvent) -> ImageResponse:
    """Return the pictures in an answer.

    Raises:
        ResponseError: there is none. SD.Next answers so when no model is loaded, or when the job was stopped.
    """
    said = event.json()
    info = _info(said.get("info"))
    pictures = [decoded(each) for each in said["images"]]
    if not pictures:
        raise ResponseError("the server answered without a picture: no model is loaded, or somebody stopped the job.")
    first = info.get("index_of_first_image")
    pictures = pictures[first if isinstance(first, int) and 0 < first < len(pictures) else 0 :]
    seeds = info.get("all_seeds") or []
    pictures = pictures[: len(seeds) or None]
    texts = [text_in(each) for each in pictures]
    infotext = (info.get("infotexts") or [""])[0] or texts[0]
    images = tuple(
        Image(data=picture, seed=seeds[index] if seeds else _seed(texts[index]))
        for index, picture in enumerate(pictures)
    )
    drawn_with = info.get("sd_model_name") or setting(infotext, "Model")
    told = {name: info[name] for name in _TOLD if info.get(name)}
    told |= {"sd_model_name": drawn_with} if drawn_with else {}
    told |= {"parameters": infotext} if infotext else {}
    return ImageResponse(
        images=images,
        seed=images[0].seed,
        warnings=tuple(_warnings(event, info, infotext, drawn_with, len(images))),
        usage=_usage(event.headers),
        metadata=told,
    )


def _info(told: object) -> dict[str, Any]:
    """Return ``info``, which is JSON within JSON; nothing where it is empty, as that of ``sd-server`` 0.4.7 is."""
    try:
        info = json.loads(told) if isinstance(told, str) else told
    except ValueError:
        return {}
    return info if isinstance(info, dict) else {}


def _seed(infotext: str) -> int | None:
    told = setting(infotext, "Seed")
    return int(told) if told.isdecimal() else None


def _usage(headers: Mapping[str, str]) -> dict[str, float] | None:
    """Return the seconds that the web UI and SD.Next tell in a header."""
    try:
        return {"x-process-time": float(headers["x-process-time"])}
    except (KeyError, ValueError):
        return None


def _warnings(event: ServerEvent, info: dict[str, Any], infotext: str, drawn_with: str, count: int) -> Iterator[str]:
    """Yield what is not as asked. The servers do not say so: what they do not know, they leave as it is."""
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    assert isinstance(event.payload.step, dict)  # noqa: S101
    names, digits = event.payload.step["names"], event.payload.step["hash"]
    told = info.get("sd_model_hash") or setting(infotext, "Model hash")
    is_other = told != digits if told and digits else _plain(drawn_with) not in {_plain(each) for each in names}
    if names and drawn_with and is_other:
        yield f"it was drawn with the checkpoint {drawn_with}, not with {names[0]}: the server did not change it."
    sampler = event.request.extra.get("sampler_name")
    used = info.get("sampler_name") or setting(infotext, "Sampler")
    if isinstance(sampler, str) and used and not samplers.is_same(sampler, used):
        one = "a sampler of the server's choice" if used == samplers.UNKNOWN else f"the sampler {used}"
        yield f"it was drawn with {one}, not with {sampler}: the server did not take that."
    if count < event.request.n:
        yield f"{event.request.n} pictures were asked for, and {count} came: somebody stopped the job."


def _plain(name: str) -> str:
    """Return a checkpoint's name as SD.Next writes it into a picture, whose settings are parted by ``,`` and ``:``."""
    return name.replace(",", "").replace(":", "")
