"""The whole work: a prompt becomes a drawing, the drawing becomes a painting."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import resvg_py
from PIL import Image as Pictures
from PIL import ImageChops, ImageDraw, ImageFilter, ImageOps

from impasto_sketch import lands, otherworlds, skies, svg
from impasto_sketch.colour import channels, mix
from impasto_sketch.composition import Placed, compose
from impasto_sketch.openmoji import ATTRIBUTION, drawing, extent, has_drawing, is_borrowed
from impasto_sketch.painter import repaint
from impasto_sketch.setting import DIVERS, Setting, imagine
from impasto_sketch.words import Wish, understand

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from PIL.Image import Image

PREVIEWS = 4
"""Previews of each picture."""

_PREVIEW_SIDE = 512
_COARSE = 0.6
_FINE_BELOW = 300
_STAGES = ("underpainting", "blocking in", "shaping", "refining")


@dataclass(frozen=True, slots=True)
class Stage:
    """The painting is not finished.

    Attributes:
        name: what was done last.
        fraction: how much is done, 0 to 1.
        preview: the canvas as PNG, at most 512 pixels a side; None where there is none yet.
    """

    name: str
    fraction: float
    preview: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """The painting is done.

    Attributes:
        picture: PNG.
        seed: what chance was drawn from.
        metadata: what was understood of the prompt, and whom to credit.
    """

    picture: bytes = field(repr=False)
    seed: int
    metadata: dict[str, Any]


def paint(
    prompt: str, negative_prompt: str, width: int, height: int, seed: int
) -> Generator[Stage | Finished | None, None, None]:
    """Paint a picture. The same arguments give the same bytes.

    Args:
        prompt: what to paint.
        negative_prompt: what to leave out.
        width: pixels.
        height: pixels.
        seed: draws the composition, the palette and every stroke.

    Yields:
        `Stage` from coarse to fine, `Finished` at the end, None between strokes.
    """
    wish = understand(prompt, negative_prompt)
    wish = Wish(
        things=wish.things if all(has_drawing(thing.name) for thing in wish.things) else (),
        **{name: getattr(wish, name) for name in ("time", "sky", "weather", "season", "places", "colours", "tints")},
    )
    yield Stage("sketching", 0.02)
    key = " ".join(prompt[:4_000].split()).casefold()
    rng = Random(f"{seed}/{key}")  # noqa: S311
    picture, details = None, None
    for drawn in draw(wish, width, height, rng):
        yield None
        if drawn:
            picture, details = drawn
    if picture is None or details is None:
        raise RuntimeError("nothing was drawn")
    canvas, layer = picture, 0
    for painted in repaint(picture, details, rng):
        if painted is None:
            yield None
            continue
        canvas = painted
        if layer < PREVIEWS:
            yield None
            yield Stage(_STAGES[layer], 0.2 + 0.19 * layer, _preview(canvas))
        layer += 1
    yield None
    metadata = wish.describe()
    if any(is_borrowed(thing.name) for thing in wish.things):
        metadata["attribution"] = ATTRIBUTION
    yield Finished(_png(canvas, 3), seed, metadata)


def draw(wish: Wish, width: int, height: int, rng: Random) -> Iterator[tuple[Image, Image] | None]:
    """Draw what is to be painted.

    Yields:
        None between steps; at last the drawing and a mask of where it has details.
    """
    setting = imagine(wish, rng)
    picture = Pictures.new("RGB", (width, height))
    for body, definitions in _world(setting, wish, width, height, rng):
        yield None
        layer = _render(svg.document(width, height, body, definitions), width, height, _COARSE)
        yield None
        picture.paste(layer, (0, 0), layer)
    details = Pictures.new("L", (width, height), 0)
    yield None
    placed = compose(wish.things, setting, (width, height), rng, extent)
    front: list[str] = []
    for item in placed:
        yield None
        _stick(picture, details, item, setting)
        front += _footing(item, setting, min(width, height), rng)
    if setting.kind in {"land", "water"}:
        front += lands.paint_front(setting, width, height, rng)
    if "fog" in setting.weather:
        picture = _veiled(picture, setting, details)
    if front:
        yield None
        cover = _render(svg.document(width, height, front), width, height, _COARSE)
        yield None
        picture.paste(cover, (0, 0), cover)
    yield picture, details


def _world(setting: Setting, wish: Wish, width: int, height: int, rng: Random) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the layers of what is behind all things: shapes, and the definitions they need."""
    if setting.kind == "abstract":
        yield otherworlds.paint_abstract(wish.colours, width, height, rng)
    elif setting.kind == "space":
        yield otherworlds.paint_space(setting, width, height, rng)
    elif setting.kind == "underwater":
        yield otherworlds.paint_depth(setting, width, height, rng)
    elif setting.kind == "indoor":
        yield otherworlds.paint_room(setting, width, height, rng)
    else:
        yield skies.paint_sky(setting, width, height, rng)
        yield lands.paint_backdrop(setting, width, height, rng)
        yield lands.paint_ground(setting, width, height, rng)


def _stick(picture: Image, details: Image, item: Placed, setting: Setting) -> None:
    """Put one thing into the drawing: lit, rounded, with its shadow or its reflection."""
    left, top, right, bottom = extent(item.thing.name)
    width, height = max(2, round(item.width)), max(2, round(item.height))
    colour = item.thing.colour or ("orange" if item.thing.name == "🌳" and setting.season == "autumn" else None)
    inside = drawing(item.thing.name, colour, setting.outline)
    art = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left} {top} {right - left} {bottom - top}"'
        f' preserveAspectRatio="none">{inside}</svg>'
    )
    thing = _render(art, width, height)
    if item.flipped:
        thing = thing.transpose(Pictures.Transpose.FLIP_LEFT_RIGHT)
    alpha = thing.getchannel("A")
    lit = Pictures.blend(
        thing.convert("RGB"), Pictures.new("RGB", thing.size, channels(setting.light.ambient)), _tone(setting)
    )
    lit = _rounded(lit, alpha, setting.sun[0] < 0.5)
    if item.tilt:
        lit = lit.rotate(item.tilt, Pictures.Resampling.BICUBIC, expand=True)
        alpha = alpha.rotate(item.tilt, Pictures.Resampling.BICUBIC, expand=True)
    x, y = round(item.x - lit.width / 2), round(item.foot - lit.height)
    if item.base in {"ground", "table"} and setting.kind != "underwater":
        _shadow(picture, item, setting)
    if item.thing.name in DIVERS and item.base == "water":
        fade = bytes(min(255, max(0, round(255 * (1.05 - row / lit.height) / 0.3))) for row in range(lit.height))
        alpha = ImageChops.multiply(alpha, Pictures.frombytes("L", (1, lit.height), fade).resize(lit.size))
    elif item.base == "water":
        mirrored = lit.transpose(Pictures.Transpose.FLIP_TOP_BOTTOM).resize(
            (lit.width, max(1, round(lit.height * 0.7)))
        )
        faded = (
            alpha.transpose(Pictures.Transpose.FLIP_TOP_BOTTOM)
            .resize(mirrored.size)
            .point([v * 2 // 5 for v in range(256)])
        )
        blur = ImageFilter.GaussianBlur(max(1.0, item.width * 0.012))
        picture.paste(mirrored.filter(blur), (x, y + lit.height - 2), faded.filter(blur))
    picture.paste(lit, (x, y), alpha)
    details.paste(alpha.point([v * 205 // 255 for v in range(256)]), (x, y), alpha)


def _tone(setting: Setting) -> float:
    return setting.light.thing if setting.kind in {"land", "water"} else 0.14 if setting.kind == "underwater" else 0.04


def _rounded(colours: Image, alpha: Image, from_left: bool) -> Image:  # noqa: FBT001
    """Return flat art with the light and shade of something round."""
    span = max(2.0, min(colours.size) * 0.075)
    margin = round(span) + 1
    soft = ImageOps.expand(alpha, margin).filter(ImageFilter.BoxBlur(span))
    shift = round(span) if from_left else -round(span)
    shade = ImageChops.subtract(
        ImageChops.offset(soft, -shift, -round(span)), ImageChops.offset(soft, shift, round(span)), 1.6, 128
    ).crop((margin, margin, margin + colours.width, margin + colours.height))
    shade = shade.point([max(50, min(205, 255 - v)) for v in range(256)])
    return ImageChops.soft_light(colours, Pictures.merge("RGB", (shade, shade, shade)))


def _shadow(picture: Image, item: Placed, setting: Setting) -> None:
    reach, flat = item.width * 0.56, max(2.0, min(item.width, item.height) * 0.075)
    lean = (1 if setting.sun[0] < 0.5 else -1) * item.width * 0.1
    margin = round(flat * 2)
    box = (round(2 * reach) + 2 * margin, round(2 * flat) + 2 * margin)
    mask = Pictures.new("L", box, 0)
    ImageDraw.Draw(mask).ellipse((margin, margin, box[0] - margin, box[1] - margin), fill=135)
    mask = mask.filter(ImageFilter.BoxBlur(flat * 0.6))
    colour = channels(mix(setting.lit(setting.open_ground), "#0a0f24", 0.78))
    picture.paste(colour, (round(item.x + lean - box[0] / 2), round(item.foot - flat * 0.35 - box[1] / 2)), mask)


def _footing(item: Placed, setting: Setting, unit: float, rng: Random) -> list[str]:
    """Return what hides the line where a thing meets ground or water."""
    shapes: list[str] = []
    if item.base == "ground" and setting.kind == "land" and setting.ground in {"grass", "snow"}:
        ground = setting.lit(setting.open_ground)
        for _ in range(max(5, round(16 * item.width / unit / 0.4))):
            x = item.x + rng.uniform(-0.48, 0.48) * item.width
            y = item.foot + rng.uniform(0.0, 0.014) * unit
            if setting.ground == "grass":
                tall = unit * rng.uniform(0.012, 0.03)
                blade = mix(ground, setting.lit(setting.growth), rng.uniform(0.2, 0.9))
                shapes.append(
                    svg.shape(
                        [(x - unit * 0.004, y), (x + rng.uniform(-0.5, 0.5) * tall, y - tall), (x + unit * 0.004, y)],
                        blade,
                    )
                )
            else:
                shapes.append(
                    svg.ellipse(
                        x, y, unit * 0.022, unit * 0.008, mix(ground, setting.light.zenith, rng.uniform(0, 0.16)), 0.95
                    )
                )
    if item.base == "water":
        wave = mix(setting.light.horizon, setting.water, 0.3)
        for _ in range(7):
            x, long = item.x + rng.uniform(-0.5, 0.5) * item.width, item.width * rng.uniform(0.1, 0.24)
            y = item.foot + rng.uniform(-0.006, 0.012) * unit
            shapes.append(svg.line([(x - long, y), (x + long, y + unit * 0.002)], wave, unit * 0.0055, 0.85))
    return shapes


def _veiled(picture: Image, setting: Setting, details: Image) -> Image:
    """Return the drawing behind fog: thick at the horizon, thin where things are near."""
    width, height = picture.size
    horizon = setting.horizon
    column = bytes(round(165 * max(0.0, 1 - abs(row / height - horizon) * 3.2)) for row in range(height))
    veil = Pictures.frombytes("L", (1, height), column).resize((width, height))
    veil = ImageChops.subtract(veil, details.point([v // 2 for v in range(256)]))
    return Pictures.composite(Pictures.new("RGB", picture.size, channels(setting.light.horizon)), picture, veil)


def _render(document: str, width: int, height: int, coarseness: float = 1.0) -> Image:
    """Return an SVG document as RGBA of that size; a coarser one is drawn smaller and then enlarged."""
    size = (width, height)
    if coarseness < 1.0 and min(size) > _FINE_BELOW:
        size = (round(width * coarseness), round(height * coarseness))
    data = resvg_py.svg_to_bytes(svg_string=document, width=size[0], height=size[1], skip_system_fonts=True)
    picture = Pictures.open(io.BytesIO(data)).convert("RGBA")
    return picture if picture.size == (width, height) else picture.resize((width, height), Pictures.Resampling.BILINEAR)


def _preview(canvas: Image) -> bytes:
    share = min(1.0, _PREVIEW_SIDE / max(canvas.size))
    small = (max(1, round(canvas.width * share)), max(1, round(canvas.height * share)))
    return _png(canvas.resize(small, Pictures.Resampling.BILINEAR, reducing_gap=2.0), 2)


def _png(picture: Image, level: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()
