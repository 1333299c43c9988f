"""Put the catalogue into the wheel. An editable install reads it where it lies, and a copy would go stale."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Catalogue(BuildHookInterface):  # type: ignore[type-arg]
    """Put `exercises/` into the wheel as `grader/_exercises`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folder to a wheel, unless the wheel only links to this folder."""
        if version == "standard":
            build_data["force_include"]["exercises"] = "grader/_exercises"
