"""OpenAI's Images API and the image tool of its Responses API, as their documentation has them, on loopback."""

from __future__ import annotations

from services.openai_images.compatible import CompatibleServer
from services.openai_images.service import OpenAIService

__all__ = ["CompatibleServer", "OpenAIService"]
