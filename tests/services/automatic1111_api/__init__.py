"""``/sdapi/v1`` as AUTOMATIC1111's web UI 1.10, Forge and SD.Next have it, on loopback."""

from __future__ import annotations

from services.automatic1111_api.service import WebUI

__all__ = ["WebUI"]
