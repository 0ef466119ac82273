"""What each endpoint takes, as fal's pages and its published schemas have it: no other field, no other type.

Fields, types and defaults are those of ``@fal-ai/client`` (fal-js 381105e, ``endpoints.ts``), with the bounds that its
comments name; other bounds are those of fal's pages for the models, as far as they were seen. fal's own servers are
laxer: pydantic there ignores unknown fields and reads ``"4"`` as a number.
"""

from __future__ import annotations

from services.fal_api import flux, others
from services.fal_api.vocabulary import Input

ENDPOINTS: dict[str, type[Input]] = {
    "fal-ai/flux/schnell": flux.Schnell,
    "fal-ai/flux-1/schnell": flux.Schnell,
    "fal-ai/flux/dev": flux.Dev,
    "fal-ai/flux-1/dev": flux.Dev,
    "fal-ai/flux/krea": flux.Dev,
    "fal-ai/flux/dev/image-to-image": flux.DevFromImage,
    "fal-ai/flux-1/dev/image-to-image": flux.DevFromImage,
    "fal-ai/flux-pro/v1.1": flux.Pro11,
    "fal-ai/flux-pro/v1.1-ultra": flux.Ultra,
    "fal-ai/flux-pro/v1/fill": flux.Fill,
    "fal-ai/flux-pro/kontext": flux.Kontext,
    "fal-ai/flux-pro/kontext/multi": flux.KontextMulti,
    "fal-ai/flux-pro/kontext/text-to-image": flux.KontextFromText,
    "fal-ai/flux-pro/kontext/max": flux.Kontext,
    "fal-ai/flux-pro/kontext/max/multi": flux.KontextMulti,
    "fal-ai/flux-pro/kontext/max/text-to-image": flux.KontextFromText,
    "fal-ai/flux-kontext/dev": flux.KontextDev,
    "fal-ai/flux-2": flux.Flux2,
    "fal-ai/flux-2/edit": flux.Flux2Edit,
    "fal-ai/flux-2-pro": flux.Flux2Pro,
    "fal-ai/flux-2-pro/edit": flux.Flux2ProEdit,
    "fal-ai/flux-2-max": flux.Flux2Pro,
    "fal-ai/flux-2-max/edit": flux.Flux2ProEdit,
    "fal-ai/flux-2-flex": flux.Flux2Flex,
    "fal-ai/flux-2-flex/edit": flux.Flux2FlexEdit,
    "fal-ai/flux-2/klein/4b": flux.Klein,
    "fal-ai/flux-2/klein/4b/edit": flux.KleinEdit,
    "fal-ai/flux-2/klein/9b": flux.Klein,
    "fal-ai/flux-2/klein/9b/edit": flux.KleinEdit,
    "fal-ai/stable-diffusion-v35-large": others.StableDiffusion35,
    "fal-ai/stable-diffusion-v35-medium": others.StableDiffusion35Medium,
    "fal-ai/fast-sdxl": others.SDXL,
    "fal-ai/fast-sdxl/image-to-image": others.SDXLFromImage,
    "fal-ai/fast-sdxl/inpainting": others.SDXLInpainting,
    "fal-ai/qwen-image": others.Qwen,
    "fal-ai/qwen-image-edit": others.QwenEdit,
    "fal-ai/z-image/turbo": others.ZImage,
    "fal-ai/z-image/turbo/image-to-image": others.ZImageFromImage,
    "fal-ai/z-image/turbo/inpaint": others.ZImageInpaint,
    "openai/gpt-image-2": others.GptImage2,
    "openai/gpt-image-2/edit": others.GptImage2Edit,
    "fal-ai/nano-banana": others.NanoBanana,
    "fal-ai/nano-banana/edit": others.NanoBananaEdit,
    "fal-ai/nano-banana-pro": others.NanoBananaPro,
    "fal-ai/nano-banana-pro/edit": others.NanoBananaProEdit,
    "fal-ai/nano-banana-2": others.NanoBanana2,
    "fal-ai/nano-banana-2/edit": others.NanoBanana2Edit,
    "fal-ai/aura-flow": others.AuraFlow,
}
"""The endpoints that the stand-in serves, by the ids under which fal's catalogue has them."""
