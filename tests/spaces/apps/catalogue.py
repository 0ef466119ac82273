"""The apps: two with the signatures that the seed Spaces publish, others that differ in what they take.

What an app does is told to it in the prompt: ``fail: WORDS`` raises a `gr.Error`, ``crash: WORDS`` another
exception, ``hold: GATE`` waits until a test opens the gate. Any other prompt is drawn.

The two Spaces' inputs and their order are those that the Spaces publish; the sliders' ranges follow the templates
that Hugging Face's FLUX.1-schnell and Stable Diffusion 3.5 Spaces were made from, and were not read off the live
Spaces, which may differ.
"""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Callable, Iterator  # Gradio evaluates annotations
from typing import Any

import gradio as gr  # type: ignore[import-not-found]
from PIL import Image

from spaces.apps.drawing import draw
from spaces.apps.ledger import LEDGER

MAX_SEED = 2**31 - 1


def obey(app: str, prompt: str) -> None:
    """Write the job down and do what its prompt says."""
    LEDGER.begin(app, prompt)
    order, _, words = prompt.partition(": ")
    if order == "fail":
        raise gr.Error(words)
    if order == "crash":
        raise RuntimeError(words)
    if order == "hold":
        LEDGER.hold(words)


def flux(name: str = "flux") -> Any:
    """Make an app with the signature of FLUX.1-schnell: one picture, no previews."""

    def infer(
        prompt: str,
        seed: int = 42,
        randomize_seed: bool = False,
        width: int = 1024,
        height: int = 1024,
        num_inference_steps: int = 4,
    ) -> tuple[Any, int]:
        obey(name, prompt)
        seed = random.randint(0, MAX_SEED) if randomize_seed else seed
        return draw(prompt, seed, width, height, num_inference_steps + 4), seed

    with gr.Blocks() as blocks:
        inputs = [
            gr.Text(label="Prompt"),
            gr.Slider(label="Seed", minimum=0, maximum=MAX_SEED, step=1, value=0),
            gr.Checkbox(label="Randomize seed", value=True),
            gr.Slider(label="Width", minimum=256, maximum=2048, step=32, value=1024),
            gr.Slider(label="Height", minimum=256, maximum=2048, step=32, value=1024),
            gr.Slider(label="Number of inference steps", minimum=1, maximum=50, step=1, value=4),
        ]
        outputs = [gr.Image(label="Result"), inputs[1]]
        gr.Button("Run").click(infer, inputs, outputs, api_name="infer")
    return blocks


def sd35() -> Any:
    """Make an app with the signature of Stable Diffusion 3.5 Large, which shows its work."""

    def infer(
        prompt: str,
        negative_prompt: str = "",
        seed: int = 42,
        randomize_seed: bool = False,
        width: int = 1024,
        height: int = 1024,
        guidance_scale: float = 4.5,
        num_inference_steps: int = 40,
    ) -> Iterator[tuple[Any, int]]:
        obey("sd35", prompt)
        seed = random.randint(0, MAX_SEED) if randomize_seed else seed
        words = f"{prompt}\n{negative_prompt}\n{guidance_scale}"
        for cells in (2, 4, num_inference_steps):
            yield draw(words, seed, width, height, cells), seed

    with gr.Blocks() as blocks:
        inputs = [
            gr.Text(label="Prompt"),
            gr.Text(label="Negative prompt"),
            gr.Slider(label="Seed", minimum=0, maximum=MAX_SEED, step=1, value=0),
            gr.Checkbox(label="Randomize seed", value=True),
            gr.Slider(label="Width", minimum=512, maximum=1024, step=32, value=1024),
            gr.Slider(label="Height", minimum=512, maximum=1024, step=32, value=1024),
            gr.Slider(label="Guidance scale", minimum=0.0, maximum=7.5, step=0.1, value=4.5),
            gr.Slider(label="Number of inference steps", minimum=1, maximum=50, step=1, value=40),
        ]
        outputs = [gr.Image(label="Result"), inputs[2]]
        gr.Button("Run").click(infer, inputs, outputs, api_name="infer")
    return blocks


def studio() -> Any:
    """Make an app with several endpoints, of which each returns its picture in another way."""

    def gallery(prompt: str, num_images: int) -> list[tuple[Any, str]]:
        obey("studio", prompt)
        return [(draw(prompt, seed, 128, 96), f"number {seed}") for seed in range(int(num_images))]

    def captioned(prompt: str) -> tuple[str, Any]:
        obey("studio", prompt)
        return f"A picture of {prompt}.", draw(prompt, 0, 128, 96)

    def link(prompt: str) -> str:
        obey("studio", prompt)
        png = io.BytesIO()
        draw(prompt, 0, 64, 48).save(png, "PNG")
        return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()

    def describe(prompt: str, picture: Any) -> tuple[str, Any]:
        return f"{prompt}: {picture.shape}", picture

    with gr.Blocks() as blocks:
        words = gr.Textbox(label="Prompt")
        number = gr.Slider(label="Images", minimum=1, maximum=4, step=1, value=2)
        picture = gr.Image(label="Picture")
        text = gr.Textbox(label="Caption")
        gr.Button("1").click(describe, [words, picture], [text, picture], api_name="describe")
        gr.Button("2").click(captioned, [words], [text, gr.Image()], api_name="captioned")
        gr.Button("3").click(gallery, [words, number], [gr.Gallery()], api_name="gallery")
        gr.Button("4").click(link, [words], [text], api_name="link")
    return blocks


def darkroom() -> Any:
    """Make an app with names of its own, no way to randomize, and a parameter without default."""

    def develop(
        positive_prompt: str,
        n_prompt: str,
        cfg: float,
        steps: int,
        image_width: int,
        image_height: int,
        noise: int,
        paper: str,
    ) -> Any:
        obey("darkroom", positive_prompt)
        return draw(f"{positive_prompt} {n_prompt} {cfg} {paper}", noise, image_width, image_height, int(steps))

    with gr.Blocks() as blocks:
        inputs = [
            gr.Textbox(label="What to develop"),
            gr.Textbox(label="What to leave out", value="scratches"),
            gr.Number(label="CFG", value=7),
            gr.Slider(label="Steps", minimum=1, maximum=20, value=8, step=1),
            gr.Slider(label="Width of the image", minimum=64, maximum=512, value=128, step=8),
            gr.Slider(label="Height of the image", minimum=64, maximum=512, value=128, step=8),
            gr.Slider(label="Seed", minimum=0, maximum=999, value=0, step=1),
            gr.Radio(["glossy", "matt"], label="Paper"),
        ]
        gr.Button("Develop").click(develop, inputs, [gr.Image(label="Print")], api_name="develop")
    return blocks


def retouch() -> Any:
    """Make an app that starts from pictures, with an endpoint for each way in which apps take them."""

    def edit(prompt: str, image: Any, strength: float = 0.5, seed: int = 0) -> tuple[Any, int]:
        obey("retouch", prompt)
        return Image.blend(image, draw(prompt, seed, *image.size), strength), seed

    def inpaint(prompt: str, image: Any, mask: Any, strength: float = 1.0, seed: int = 0) -> Any:
        obey("retouch", prompt)
        return Image.composite(draw(prompt, seed, *image.size), image, mask.convert("L"))

    def layers(prompt: str, picture: Any) -> Any:
        obey("retouch", prompt)
        background = picture["background"].convert("RGB")
        for layer in picture["layers"]:
            background = Image.composite(draw(prompt, 0, *background.size), background, layer.getchannel("A"))
        return background

    def collage(prompt: str, pictures: list[tuple[Any, str | None]]) -> Any:
        obey("retouch", prompt)
        sheet = Image.new("RGB", (64 * len(pictures), 64))
        for index, (picture, _) in enumerate(pictures):
            sheet.paste(picture.convert("RGB").resize((64, 64)), (64 * index, 0))
        return sheet

    with gr.Blocks() as blocks:
        prompt = gr.Textbox(label="Prompt")
        image, mask = gr.Image(label="Image", type="pil"), gr.Image(label="Mask", type="pil")
        strength = gr.Slider(label="Strength", minimum=0, maximum=1, value=0.5)
        seed = gr.Number(label="Seed", value=0, precision=0)
        editor = gr.ImageEditor(label="Picture", type="pil")
        gallery = gr.Gallery(label="Pictures", type="pil")
        result = gr.Image(label="Result", format="png")
        gr.Button("1").click(edit, [prompt, image, strength, seed], [result, seed], api_name="edit")
        gr.Button("2").click(inpaint, [prompt, image, mask, strength, seed], [result], api_name="inpaint")
        gr.Button("3").click(layers, [prompt, editor], [result], api_name="layers")
        gr.Button("4").click(collage, [prompt, gallery], [result], api_name="collage")
    return blocks


def inpainting() -> Any:
    """Make an app that draws anew where a layer is bright, as the Space of FLUX.1 Fill [dev] does.

    One editor hands out layers as they were drawn, the other without their alpha channel, as that Space's does.
    """

    def fill(prompt: str, edit_image: Any) -> Any:
        obey("inpainting", prompt)
        background = edit_image["background"].convert("RGB")
        mask = edit_image["layers"][0].convert("L")
        return Image.composite(draw(prompt, 0, *background.size), background, mask)

    with gr.Blocks() as blocks:
        prompt, result = gr.Textbox(label="Prompt"), gr.Image(label="Result", format="png")
        drawn = gr.ImageEditor(label="Picture", type="pil")
        flat = gr.ImageEditor(label="Picture", type="pil", image_mode="RGB")
        gr.Button("1").click(fill, [prompt, drawn], [result], api_name="drawn")
        gr.Button("2").click(fill, [prompt, flat], [result], api_name="flat")
    return blocks


def compare() -> Any:
    """Make an app that shows the picture that it started from and the new one in a slider, and a note beside it."""

    def enhance(prompt: str, image: Any) -> Iterator[tuple[Any, str]]:
        obey("compare", prompt)
        width, height = image.size
        for cells, note in ((2, "at work"), (8, "done")):
            yield (image, draw(prompt, 0, width, height, cells)), note

    with gr.Blocks() as blocks:
        prompt, image = gr.Textbox(label="Prompt"), gr.Image(label="Image", type="pil")
        outputs = [gr.ImageSlider(label="Before, after", format="png"), gr.Textbox(label="Note")]
        gr.Button("1").click(enhance, [prompt, image], outputs, api_name="enhance")
    return blocks


def words() -> Any:
    """Make an app that draws nothing."""
    with gr.Blocks() as blocks:
        prompt = gr.Textbox(label="Prompt")
        gr.Button("Say").click(lambda prompt: prompt.upper(), [prompt], [gr.Textbox(label="Words")], api_name="say")
    return blocks


def tiny() -> Any:
    """Make an app whose queue holds one job beside the one at work."""
    blocks = flux("tiny")
    blocks.queue(max_size=1)
    return blocks


APPS: dict[str, tuple[Callable[[], Any], bool]] = {
    "flux": (flux, True),
    "sd35": (sd35, True),
    "studio": (studio, True),
    "darkroom": (darkroom, True),
    "retouch": (retouch, True),
    "inpainting": (inpainting, True),
    **({"compare": (compare, True)} if hasattr(gr, "ImageSlider") else {}),
    "words": (words, True),
    "tiny": (tiny, True),
    "hidden": (lambda: flux("hidden"), False),
}
"""Name to the function that makes the app, and whether it shows its errors; Gradio 4 has no ImageSlider."""
