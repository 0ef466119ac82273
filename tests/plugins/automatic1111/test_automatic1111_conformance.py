"""The plugin keeps to the contract of the hooks."""

from __future__ import annotations

from impasto.testing import Conformance


class TestConformance(Conformance):
    plugin = "automatic1111"
