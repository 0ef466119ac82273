"""The plugin keeps to the contract."""

from __future__ import annotations

from impasto.testing import Conformance


class TestConformance(Conformance):
    plugin = "comfyui"
